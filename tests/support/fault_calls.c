/** @file
 *  Fault injection for files: a library for LD_PRELOAD in which one system call
 *  of a program fails, is interrupted, transfers half the bytes, or is the last
 *  one. It counts all calls of the C library, also from stdio and HDF5, of all
 *  threads and child processes, on files below a directory: so a call has the
 *  same number in each run, whatever libraries, malloc and MPI do elsewhere.
 *
 *      MLP_CALLS_BELOW=DIRECTORY  real path; only files below it count
 *      MLP_CALLS="ACTION NTH"     ACTION: an errno as a number, "half", or
 *                                 "kill": the process is killed before the
 *                                 call; NTH: number of the call, 0 for each.
 *                                 "list 0": no fault
 *      MLP_CALLS_TOLD=PATH        of a pipe, which gets a line for each call
 *                                 with a fault; with MLP_CALLS_LIST=1, for each
 *
 *  A line has, separated by tabs, the call's number, its name, the flags of an
 *  open or 0, its result (minus errno if it failed, "killed" if it was not
 *  made), 1 if it had a fault or 0, its path, and the other path of a rename.
 *
 *  A call with an errno is not made, except that close closes. After an
 *  interrupted call the second attempt succeeds. A seccomp filter sends SIGSYS
 *  for the calls, and its handler decides: this needs no tracer and takes
 *  microseconds. x86-64 only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include "fault_filter.h"
#include "fault_line.h"

/* ---- the calls --------------------------------------------------------- */

enum { NONE = -1, PATH_BYTES = FAULT_PATH_BYTES };

/* MOVES: transfers as many bytes as the third argument says. */
typedef enum { NAMES, MOVES, MOVES_VECTOR, OPENS, RENAMES, OTHER } call_kind;

static const struct {
    long number;
    const char *name;
    call_kind kind;
    int fd;   /* index of the argument that is a descriptor, or a directory's */
    int path; /* index of the path; flags of OPENS follow it */
    int to;   /* index of a second path */
} calls[] = {
    {SYS_open, "open", OPENS, NONE, 0, NONE},
    {SYS_openat, "openat", OPENS, 0, 1, NONE},
    {SYS_read, "read", MOVES, 0, NONE, NONE},
    {SYS_pread64, "pread", MOVES, 0, NONE, NONE},
    {SYS_readv, "readv", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_preadv, "preadv", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_preadv2, "preadv2", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_write, "write", MOVES, 0, NONE, NONE},
    {SYS_pwrite64, "pwrite", MOVES, 0, NONE, NONE},
    {SYS_writev, "writev", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_pwritev, "pwritev", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_pwritev2, "pwritev2", MOVES_VECTOR, 0, NONE, NONE},
    {SYS_fsync, "fsync", OTHER, 0, NONE, NONE},
    {SYS_fdatasync, "fdatasync", OTHER, 0, NONE, NONE},
    {SYS_ftruncate, "ftruncate", OTHER, 0, NONE, NONE},
    {SYS_truncate, "truncate", NAMES, NONE, 0, NONE},
    {SYS_close, "close", OTHER, 0, NONE, NONE},
    {SYS_rename, "rename", RENAMES, NONE, 0, 1},
    {SYS_renameat, "renameat", RENAMES, 0, 1, 3},
    {SYS_renameat2, "renameat2", RENAMES, 0, 1, 3},
    {SYS_unlink, "unlink", NAMES, NONE, 0, NONE},
    {SYS_unlinkat, "unlinkat", NAMES, 0, 1, NONE},
    {SYS_rmdir, "rmdir", NAMES, NONE, 0, NONE},
    {SYS_mkdir, "mkdir", NAMES, NONE, 0, NONE},
    {SYS_mkdirat, "mkdirat", NAMES, 0, 1, NONE},
    {SYS_getdents64, "getdents", OTHER, 0, NONE, NONE},
    {SYS_lseek, "lseek", OTHER, 0, NONE, NONE},
    {SYS_stat, "stat", NAMES, NONE, 0, NONE},
    {SYS_lstat, "lstat", NAMES, NONE, 0, NONE},
    {SYS_fstat, "fstat", OTHER, 0, NONE, NONE},
    {SYS_newfstatat, "fstatat", NAMES, 0, 1, NONE},
    {SYS_statx, "statx", NAMES, 0, 1, NONE},
    {SYS_statfs, "statfs", NAMES, NONE, 0, NONE},
    {SYS_fstatfs, "fstatfs", OTHER, 0, NONE, NONE},
    {SYS_access, "access", NAMES, NONE, 0, NONE},
    {SYS_readlink, "readlink", NAMES, NONE, 0, NONE},
    {SYS_flock, "flock", OTHER, 0, NONE, NONE},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* These may do less than requested; the program must repeat them. */
static bool moves_bytes(size_t i)
{
    return calls[i].kind == MOVES || calls[i].kind == MOVES_VECTOR;
}

/* ---- the requested fault ----------------------------------------------- */

static struct {
    const char *below;
    int told;
    bool is_list; /* report each call */
    enum { NOTHING, FAIL, HALF, KILL } action;
    int error;    /* of FAIL */
    long nth;     /* 0: each */
    long *count;  /* shared with child processes */
    long process; /* the first one */
} fault;

static _Thread_local bool is_second_attempt;

/* Make the call, from code that the filter does not trap. */
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

/* The path of a descriptor; of AT_FDCWD, the working directory. */
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

/* Absolute path; links are not followed. */
static void name_file(long fd, const char *given, char path[PATH_BYTES])
{
    size_t used = 0;
    path[0] = '\0';
    if (given == NULL || given[0] != '/') {
        name_descriptor(fd, path);
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

static void name_path(size_t i, const long a[6], char path[PATH_BYTES])
{
    const char *given =
        calls[i].path == NONE ? NULL : (const char *)a[calls[i].path];
    name_file(calls[i].fd == NONE ? AT_FDCWD : a[calls[i].fd], given, path);
}

static bool is_below(const char *path)
{
    size_t length = strlen(fault.below);
    return strncmp(path, fault.below, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

/* ---- reporting --------------------------------------------------------- */

/* A call below the directory, and its result. */
typedef struct {
    size_t i;
    const long *a;
    char path[PATH_BYTES];
    long place; /* 1 for the first */
    bool is_struck;
} event;

static void begin_line(fault_line *l, const event *e)
{
    int flags = calls[e->i].path + 1;
    l->used = 0;
    fault_put_number(l, e->place);
    fault_put(l, calls[e->i].name, '\t');
    fault_put_number(l, calls[e->i].kind == OPENS ? e->a[flags] : 0);
}

static void end_line(fault_line *l, const event *e)
{
    char to[PATH_BYTES] = "";
    if (calls[e->i].to != NONE) {
        name_file(calls[e->i].fd == NONE ? AT_FDCWD : e->a[calls[e->i].to - 1],
                  (const char *)e->a[calls[e->i].to], to);
    }
    fault_put_number(l, e->is_struck);
    fault_put(l, e->path, '\t');
    fault_put(l, to, '\n');
    if (call3(SYS_write, fault.told, (long)l->text, (long)l->used) !=
        (long)l->used) {
        call3(SYS_exit_group, 99, 0, 0); /* a full pipe, or none */
    }
}

static void log_call(const event *e, long result)
{
    fault_line l;
    begin_line(&l, e);
    fault_put_number(&l, result);
    end_line(&l, e);
}

static void log_killed(const event *e)
{
    fault_line l;
    begin_line(&l, e);
    fault_put(&l, "killed", '\t');
    end_line(&l, e);
}

/* ---- the faults -------------------------------------------------------- */

/* Whether the action applies to this kind of call. */
static bool can_strike(size_t i)
{
    bool interrupts = fault.action == FAIL && fault.error == EINTR;
    return fault.action != NOTHING &&
           ((fault.action != HALF && !(interrupts && fault.nth == 0)) ||
            moves_bytes(i));
}

/* Whether to inject a fault in this call, the action's place-th. */
static bool is_meant(long place)
{
    if (fault.nth > 0) {
        return place == fault.nth;
    }
    if (fault.action == FAIL && fault.error == EINTR) {
        is_second_attempt = !is_second_attempt;
        return is_second_attempt;
    }
    return true;
}

/* Kill the first process and this one, like a stop of the machine. */
static void kill_all(void)
{
    call3(SYS_kill, fault.process, SIGKILL, 0);
    call3(SYS_kill, call3(SYS_getpid, 0, 0, 0), SIGKILL, 0);
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

static long spoil(const event *e)
{
    if (fault.action == HALF) {
        return do_half(e->i, e->a);
    }
    if (fault.action == KILL) {
        log_killed(e);
        kill_all();
    }
    if (calls[e->i].number == SYS_close) {
        call(SYS_close, e->a);
    }
    return -fault.error;
}

/* The result of a call of the table. */
static long decide(size_t i, const long a[6])
{
    event e = {.i = i, .a = a};
    bool can = can_strike(i);
    if (can || fault.is_list) {
        name_path(i, a, e.path);
    }
    if (!(can || fault.is_list) || !is_below(e.path)) {
        return call(calls[i].number, a);
    }
    e.place = __atomic_add_fetch(fault.count, 1, __ATOMIC_RELAXED);
    e.is_struck = can && is_meant(e.place);
    long result = e.is_struck ? spoil(&e) : call(calls[i].number, a);
    if (e.is_struck || fault.is_list) {
        log_call(&e, result);
    }
    return result;
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
    r[REG_RAX] = i < CALLS ? decide(i, a) : call(info->si_syscall, a);
}

/* ---- initialization ---------------------------------------------------- */

/* Read the action, if any. */
static bool read_environment(void)
{
    const char *text = getenv("MLP_CALLS");
    const char *list = getenv("MLP_CALLS_LIST");
    char action[16];
    fault.below = getenv("MLP_CALLS_BELOW");
    if (text == NULL || fault.below == NULL ||
        sscanf(text, "%15s %ld", action, &fault.nth) != 2) {
        return false;
    }
    fault.is_list = list != NULL && strcmp(list, "1") == 0;
    fault.error = atoi(action);
    fault.action = strcmp(action, "half") == 0   ? HALF
                   : strcmp(action, "kill") == 0 ? KILL
                   : strcmp(action, "list") == 0 ? NOTHING
                                                 : FAIL;
    return true;
}

static void give_up(const char *what)
{
    perror(what);
    _exit(99);
}

/* A high descriptor, so that the program's descriptors keep their numbers. */
static int open_pipe(const char *path)
{
    enum { FIRST = 200 };
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
    if (moved < 0) {
        give_up("mlp_fault_calls: MLP_CALLS_TOLD");
    }
    close(fd);
    return moved;
}

__attribute__((constructor)) static void begin(void)
{
    long numbers[CALLS];
    if (!read_environment()) {
        return;
    }
    fault.told = open_pipe(getenv("MLP_CALLS_TOLD"));
    fault.process = getpid();
    fault.count = mmap(NULL, sizeof *fault.count, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sigaction trap = {.sa_sigaction = handle,
                             .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (fault.count == MAP_FAILED || sigaction(SIGSYS, &trap, NULL) != 0) {
        give_up("mlp_fault_calls");
    }
    for (size_t i = 0; i < CALLS; i++) {
        numbers[i] = calls[i].number;
    }
    fault_filter_trap(numbers, CALLS);
}

/* Threads that block all signals still need this one. */
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
