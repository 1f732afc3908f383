/** @file
 *  Fault injection: a library for LD_PRELOAD that makes one call of one rank
 *  fail. The programs have no code for it.
 *
 *      MLP_FAULT="RANK CALL NTH ACTION"
 *      MLP_FAULT_AFTER="CALL COUNT"   NTH counts from after that call on
 *      MLP_FAULT_PATH=PART            open, read, write: of files named so
 *      MLP_FAULT_WINDOW="WORD..."     flip, at an MPI function, a bit of the
 *                                     rank's window that contains these floats,
 *                                     hexadecimal, in this order
 *      MLP_FAULT_MARK=FILE            created when the fault is injected
 *
 *  CALL is alloc (malloc and its kin, called by the program itself), open,
 *  read, write, digest (EVP_DigestUpdate), or an MPI function of those below.
 *  ACTION is fail, kill, stop, hang, or flip: change a bit of what is digested.
 *  RANK -1 means every rank.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <mpi.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which call -------------------------------------------------------- */

static struct {
    bool is_on, is_armed;
    char call[64], action[16], after[64];
    long nth, after_count;
    const char *path, *mark;
    uint32_t floats[64]; /* of the window to change */
    size_t float_count;
    uintptr_t begin, end; /* of the program itself */
    bool is_ours[1024];   /* by descriptor: opened under MLP_FAULT_PATH */
} fault;

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    fault.begin = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            uintptr_t first = info->dlpi_addr + header->p_vaddr;
            fault.begin = first < fault.begin ? first : fault.begin;
            fault.end = first + header->p_memsz;
        }
    }
    return 1; /* the program is the first object */
}

static void read_floats(const char *text)
{
    const size_t most = sizeof fault.floats / sizeof fault.floats[0];
    char *end = NULL;
    for (; text != NULL && fault.float_count < most; text = end) {
        unsigned long word = strtoul(text, &end, 16);
        if (end == text) {
            return;
        }
        fault.floats[fault.float_count++] = (uint32_t)word;
    }
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("MLP_FAULT");
    const char *after = getenv("MLP_FAULT_AFTER");
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    long wanted;
    if (text == NULL || rank == NULL || /* in mpirun itself */
        sscanf(text, "%ld %63s %ld %15s", &wanted, fault.call, &fault.nth,
               fault.action) != 4 ||
        (wanted >= 0 && wanted != strtol(rank, NULL, 10))) {
        return;
    }
    fault.is_armed = after == NULL || sscanf(after, "%63s %ld", fault.after,
                                             &fault.after_count) != 2;
    fault.path = getenv("MLP_FAULT_PATH");
    fault.mark = getenv("MLP_FAULT_MARK");
    read_floats(getenv("MLP_FAULT_WINDOW"));
    dl_iterate_phdr(find_program, NULL);
    fault.is_on = true;
}

static void leave_mark(void)
{
    int fd = fault.mark == NULL ? -1 : creat(fault.mark, 0600);
    if (fd >= 0) {
        close(fd);
    }
}

/* Whether to inject the fault in this call; actions on the process are done
 * here. */
static bool strikes(const char *call)
{
    if (!fault.is_on) {
        return false;
    }
    if (!fault.is_armed) {
        fault.is_armed =
            strcmp(call, fault.after) == 0 && --fault.after_count == 0;
        return false;
    }
    if (strcmp(call, fault.call) != 0 || --fault.nth != 0) {
        return false;
    }
    leave_mark();
    if (strcmp(fault.action, "kill") == 0) {
        raise(SIGKILL);
    } else if (strcmp(fault.action, "stop") == 0) {
        raise(SIGSTOP);
        return false;
    }
    while (strcmp(fault.action, "hang") == 0) {
        pause();
    }
    return true;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- memory ------------------------------------------------------------ */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool lacks_memory(const void *caller)
{
    return (uintptr_t)caller >= fault.begin && (uintptr_t)caller < fault.end &&
           strikes("alloc");
}

void *malloc(size_t size)
{
    return lacks_memory(__builtin_return_address(0)) ? NULL
                                                     : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return lacks_memory(__builtin_return_address(0))
               ? NULL
               : __libc_calloc(count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return lacks_memory(__builtin_return_address(0))
               ? NULL
               : __libc_memalign(alignment, size);
}

/* ---- files ------------------------------------------------------------- */

static bool is_ours(int fd)
{
    return fd >= 0 && fd < 1024 && fault.is_ours[fd];
}

static int open_it(const char *name, const char *path, int flags, va_list rest)
{
    int (*real)(const char *, int, ...) = next(name);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    bool has_name = fault.path != NULL && strstr(path, fault.path) != NULL;
    if (has_name && strikes("open")) {
        errno = EACCES;
        return -1;
    }
    int fd = real(path, flags, mode);
    if (fd >= 0 && fd < 1024) {
        fault.is_ours[fd] = has_name;
    }
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int fd = open_it("open", path, flags, rest);
    va_end(rest);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int fd = open_it("open64", path, flags, rest);
    va_end(rest);
    return fd;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = next("read");
    if (is_ours(fd) && strikes("read")) {
        errno = EIO;
        return -1;
    }
    return real(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t) = next("pread");
    if (is_ours(fd) && strikes("read")) {
        errno = EIO;
        return -1;
    }
    return real(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = next("write");
    if (is_ours(fd) && strikes("write")) {
        errno = EIO;
        return -1;
    }
    return real(fd, bytes, size);
}

/* ---- digests ----------------------------------------------------------- */

int EVP_DigestUpdate(void *context, const void *bytes, size_t size);

int EVP_DigestUpdate(void *context, const void *bytes, size_t size)
{
    int (*real)(void *, const void *, size_t) = next("EVP_DigestUpdate");
    if (size > 0 && strikes("digest")) {
        /* Change the rank's memory itself, like defective memory. */
        *((unsigned char *)(uintptr_t)bytes + size / 2) ^= 1;
    }
    return real(context, bytes, size);
}

/* ---- shared memory ----------------------------------------------------- */

/* This rank's windows. */
static struct {
    MPI_Win window;
    unsigned char *bytes;
    size_t size;
} windows[64];
static size_t window_count;

int MPI_Win_free(MPI_Win *window)
{
    for (size_t i = 0; i < window_count; i++) {
        windows[i].size = windows[i].window == *window ? 0 : windows[i].size;
    }
    return PMPI_Win_free(window);
}

static bool is_meant(size_t i)
{
    return memmem(windows[i].bytes, windows[i].size, fault.floats,
                  fault.float_count * sizeof fault.floats[0]) != NULL;
}

/* Fail the test if its window is not found. */
static void flip(void)
{
    size_t count = 0, found = 0;
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].size > 0 && is_meant(i)) {
            found = i;
            count++;
        }
    }
    if (count != 1) {
        fprintf(stderr, "mlp_fault: %zu windows of %zu have these floats\n",
                count, window_count);
        _exit(99);
    }
    windows[found].bytes[windows[found].size / 3] ^= 4;
}

/* ---- messages ---------------------------------------------------------- */

/* Whether this call is to fail. */
static bool fails(const char *call)
{
    if (!strikes(call)) {
        return false;
    }
    if (strcmp(fault.action, "flip") == 0) {
        flip();
        return false;
    }
    return true;
}

int MPI_Startall(int count, MPI_Request requests[])
{
    return fails("MPI_Startall") ? MPI_ERR_OTHER
                                 : PMPI_Startall(count, requests);
}

int MPI_Iallreduce(const void *in, void *out, int count, MPI_Datatype type,
                   MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    return fails("MPI_Iallreduce")
               ? MPI_ERR_OTHER
               : PMPI_Iallreduce(in, out, count, type, op, comm, request);
}

int MPI_Allgatherv(const void *in, int count, MPI_Datatype type, void *out,
                   const int counts[], const int offsets[],
                   MPI_Datatype out_type, MPI_Comm comm)
{
    return fails("MPI_Allgatherv")
               ? MPI_ERR_OTHER
               : PMPI_Allgatherv(in, count, type, out, counts, offsets,
                                 out_type, comm);
}

int MPI_Ibcast(void *bytes, int count, MPI_Datatype type, int root,
               MPI_Comm comm, MPI_Request *request)
{
    return fails("MPI_Ibcast")
               ? MPI_ERR_OTHER
               : PMPI_Ibcast(bytes, count, type, root, comm, request);
}

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info,
                            MPI_Comm comm, void *base, MPI_Win *window)
{
    if (fails("MPI_Win_allocate_shared")) {
        return MPI_ERR_OTHER;
    }
    int result = PMPI_Win_allocate_shared(size, unit, info, comm, base, window);
    const size_t most = sizeof windows / sizeof windows[0];
    if (result == MPI_SUCCESS && window_count < most) {
        windows[window_count].window = *window;
        windows[window_count].size = (size_t)size;
        memcpy(&windows[window_count++].bytes, base, sizeof(void *));
    }
    return result;
}

int MPI_Finalize(void)
{
    return fails("MPI_Finalize") ? MPI_ERR_OTHER : PMPI_Finalize();
}
