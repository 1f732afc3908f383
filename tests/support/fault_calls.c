/** @file
 *  Faults of files: a library for LD_PRELOAD in which one system call of a
 *  program fails, is interrupted, or does half of what it was asked for. All
 *  calls of the C library count, those of stdio and of HDF5 too, from whichever
 *  thread, if they concern files below a directory.
 *
 *      MLP_CALLS_BELOW=DIRECTORY   real path; those files, and no others
 *      MLP_CALLS="ACTION NTH"      an errno as a number, or "half"; which one
 *                                  of the calls, 0 for each
 *      MLP_CALLS_TOLD=DESCRIPTOR   of a pipe, which gets a line "CALL PATH" for
 *                                  each call struck
 *
 *  An error comes instead of the call, but a close closes. Of each interrupted
 *  call the second attempt goes through. A filter of the kernel (seccomp) sends
 *  SIGSYS for the calls, and the handler decides: it needs no tracer and costs
 *  microseconds. x86-64 only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- the calls --------------------------------------------------------- */

enum { NO_FD = -1, PATH_BYTES = 4500 };

typedef enum { NAMES, MOVES, MOVES_VECTOR, OTHER } call_kind;

static const struct {
    long number;
    const char *name;
    call_kind kind; /* MOVES: bytes, as many as the third argument says */
    int fd;         /* which argument is a descriptor, or that of a directory */
    int path;       /* which argument is a path */
} calls[] = {
    {SYS_open, "open", NAMES, NO_FD, 0},
    {SYS_openat, "openat", NAMES, 0, 1},
    {SYS_read, "read", MOVES, 0, -1},
    {SYS_pread64, "pread", MOVES, 0, -1},
    {SYS_readv, "readv", MOVES_VECTOR, 0, -1},
    {SYS_preadv, "preadv", MOVES_VECTOR, 0, -1},
    {SYS_preadv2, "preadv2", MOVES_VECTOR, 0, -1},
    {SYS_write, "write", MOVES, 0, -1},
    {SYS_pwrite64, "pwrite", MOVES, 0, -1},
    {SYS_writev, "writev", MOVES_VECTOR, 0, -1},
    {SYS_fsync, "fsync", OTHER, 0, -1},
    {SYS_fdatasync, "fdatasync", OTHER, 0, -1},
    {SYS_ftruncate, "ftruncate", OTHER, 0, -1},
    {SYS_truncate, "truncate", NAMES, NO_FD, 0},
    {SYS_close, "close", OTHER, 0, -1},
    {SYS_rename, "rename", NAMES, NO_FD, 0},
    {SYS_unlink, "unlink", NAMES, NO_FD, 0},
    {SYS_mkdir, "mkdir", NAMES, NO_FD, 0},
    {SYS_getdents64, "getdents", OTHER, 0, -1},
    {SYS_lseek, "lseek", OTHER, 0, -1},
    {SYS_stat, "stat", NAMES, NO_FD, 0},
    {SYS_lstat, "lstat", NAMES, NO_FD, 0},
    {SYS_fstat, "fstat", OTHER, 0, -1},
    {SYS_newfstatat, "fstatat", NAMES, 0, 1},
    {SYS_readlink, "readlink", NAMES, NO_FD, 0},
    {SYS_flock, "flock", OTHER, 0, -1},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* These may do less than asked for, and are the programs' to repeat. */
static bool moves_bytes(size_t i)
{
    return calls[i].kind == MOVES || calls[i].kind == MOVES_VECTOR;
}

/* ---- what is asked for ------------------------------------------------- */

static struct {
    const char *below;
    int told;
    int error;   /* 0: half */
    long nth;    /* 0: each */
    long *count; /* shared with child processes */
} fault;

static _Thread_local bool is_second_attempt;

/* The call itself, from code that the filter lets through. */
static long call(long number, const long a[6])
{
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10),
                       "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static long call3(long number, long first, long second, long third)
{
    return call(number, (const long[6]){first, second, third});
}

/* Where a descriptor leads to; of AT_FDCWD the working directory. */
static void name_descriptor(long fd, char path[PATH_BYTES])
{
    char link[64] = "/proc/self/cwd";
    if ((int)fd != AT_FDCWD) {
        char digits[24];
        size_t n = 0, at = sizeof "/proc/self/fd/" - 1;
        for (unsigned rest = (unsigned)fd; n == 0 || rest > 0; rest /= 10) {
            digits[n++] = (char)('0' + rest % 10);
        }
        memcpy(link, "/proc/self/fd/", at);
        while (n > 0) {
            link[at++] = digits[--n];
        }
        link[at] = '\0';
    }
    long length = call3(SYS_readlink, (long)link, (long)path, PATH_BYTES - 1);
    path[length > 0 ? length : 0] = '\0';
}

static void name_file(size_t i, const long a[6], char path[PATH_BYTES])
{
    const char *given =
        calls[i].path >= 0 ? (const char *)a[calls[i].path] : NULL;
    size_t used = 0;
    path[0] = '\0';
    if (given == NULL || given[0] != '/') {
        name_descriptor(calls[i].fd == NO_FD ? AT_FDCWD : a[calls[i].fd], path);
        used = strlen(path);
    }
    if (given != NULL && given[0] != '\0') {
        path[used] = '/';
        used += given[0] != '/';
        size_t length = strnlen(given, PATH_BYTES - used - 1);
        memcpy(path + used, given, length);
        path[used + length] = '\0';
    }
}

static void tell(const char *name, const char *path)
{
    char line[PATH_BYTES + 32];
    size_t used = strlen(name), length = strlen(path);
    memcpy(line, name, used);
    line[used++] = ' ';
    memcpy(line + used, path, length);
    used += length;
    line[used++] = '\n';
    call3(SYS_write, fault.told, (long)line, (long)used);
}

static bool is_below(const char *path)
{
    size_t length = strlen(fault.below);
    return strncmp(path, fault.below, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

/* Whether this call is one to spoil. */
static bool is_meant(size_t i, const long a[6])
{
    char path[PATH_BYTES];
    if ((fault.error == 0 || (fault.error == EINTR && fault.nth == 0)) &&
        !moves_bytes(i)) {
        return false;
    }
    name_file(i, a, path);
    if (!is_below(path) ||
        (fault.nth > 0 &&
         __atomic_add_fetch(fault.count, 1, __ATOMIC_RELAXED) != fault.nth)) {
        return false;
    }
    if (fault.nth == 0 && fault.error == EINTR) {
        is_second_attempt = !is_second_attempt;
        if (!is_second_attempt) {
            return false;
        }
    }
    tell(calls[i].name, path);
    return true;
}

static long do_half(size_t i, const long a[6])
{
    long b[6];
    memcpy(b, a, sizeof b);
    if (calls[i].kind == MOVES) {
        b[2] = b[2] > 1 ? b[2] / 2 : b[2];
        return call(calls[i].number, b);
    }
    struct iovec first = *(const struct iovec *)a[1];
    first.iov_len = first.iov_len > 1 ? first.iov_len / 2 : first.iov_len;
    b[1] = (long)&first;
    b[2] = 1;
    return call(calls[i].number, b);
}

static long spoil(size_t i, const long a[6])
{
    if (fault.error == 0) {
        return do_half(i, a);
    }
    if (calls[i].number == SYS_close) {
        call(SYS_close, a);
    }
    return -fault.error;
}

static void handle(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const long a[6] = {r[REG_RDI], r[REG_RSI], r[REG_RDX],
                       r[REG_R10], r[REG_R8],  r[REG_R9]};
    size_t i = 0;
    while (i < CALLS && calls[i].number != info->si_syscall) {
        i++;
    }
    r[REG_RAX] =
        i < CALLS && is_meant(i, a) ? spoil(i, a) : call(info->si_syscall, a);
}

/* ---- the filter -------------------------------------------------------- */

/* The C library's code, [begin, end). */
static int find_libc(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    uintptr_t *range = context;
    if (strstr(info->dlpi_name, "libc.so") == NULL) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0) {
            range[0] = info->dlpi_addr + header->p_vaddr;
            range[1] = range[0] + header->p_memsz;
        }
    }
    return 1;
}

/* A filter under way. */
typedef struct {
    struct sock_filter code[CALLS + 16];
    unsigned short count;
} filter;

static void add(filter *f, struct sock_filter statement)
{
    f->code[f->count++] = statement;
}

static void load(filter *f, size_t offset)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                        (uint32_t)offset));
}

/* Go on with the next statement or, when the claim is false, `skipped` later.
 */
static void require(filter *f, uint16_t claim, uint32_t value, uint8_t skipped)
{
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | claim, value, 0,
                                        skipped));
}

static void end(filter *f, uint32_t result)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

/* Trap calls from code from the first to the last address, whose high halves
 * are one: words have 32 bits here. */
static void trap_from(filter *f, uintptr_t first, uintptr_t last)
{
    size_t pointer = offsetof(struct seccomp_data, instruction_pointer);
    load(f, pointer + 4);
    require(f, BPF_JEQ, (uint32_t)(first >> 32), 4);
    load(f, pointer);
    require(f, BPF_JGE, (uint32_t)first, 2);
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | BPF_JGT,
                                        (uint32_t)last, 1, 0));
    end(f, SECCOMP_RET_TRAP);
    end(f, SECCOMP_RET_ALLOW);
}

/* Trap the calls above where the C library makes them; a sanitizer's threads,
 * which keep SIGSYS out, make theirs elsewhere. */
static void trap_calls(void)
{
    uintptr_t libc[2] = {0, 0};
    filter f = {.count = 0};
    dl_iterate_phdr(find_libc, libc);
    uintptr_t last = libc[1] - 1, border = last & ~(uintptr_t)UINT32_MAX;
    load(&f, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++) {
        add(&f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ,
                                             (uint32_t)calls[i].number,
                                             (uint8_t)(CALLS - i), 0));
    }
    end(&f, SECCOMP_RET_ALLOW);
    if (libc[0] < border) { /* the library lies on both sides */
        trap_from(&f, libc[0], border - 1);
        f.count--; /* go on to the other */
    }
    trap_from(&f, libc[0] < border ? border : libc[0], last);
    const struct sock_fprog program = {f.count, f.code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("mlp_fault_calls: no filter for system calls");
        _exit(99);
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("MLP_CALLS");
    char action[16];
    fault.below = getenv("MLP_CALLS_BELOW");
    const char *told = getenv("MLP_CALLS_TOLD");
    if (text == NULL || fault.below == NULL || told == NULL ||
        sscanf(text, "%15s %ld", action, &fault.nth) != 2) {
        return;
    }
    fault.told = atoi(told);
    fault.error = strcmp(action, "half") == 0 ? 0 : atoi(action);
    fault.count = mmap(NULL, sizeof *fault.count, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sigaction trap = {.sa_sigaction = handle,
                             .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (fault.count == MAP_FAILED || sigaction(SIGSYS, &trap, NULL) != 0) {
        perror("mlp_fault_calls");
        _exit(99);
    }
    trap_calls();
}

/* Threads that want no signals need this one. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    int (*real)(int, const sigset_t *, sigset_t *) =
        dlsym(RTLD_NEXT, "pthread_sigmask");
    sigset_t open;
    if (set != NULL && how != SIG_UNBLOCK) {
        open = *set;
        sigdelset(&open, SIGSYS);
        set = &open;
    }
    return real(how, set, before);
}
