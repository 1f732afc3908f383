/** @file
 *  A child process with limits. It is no protection against code that a file
 *  injects, but against the crash, the endless loop and the huge allocation
 *  that parsing damaged bytes can end in.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stop.h"

enum {
    MEMORY_BYTES = 192 << 20,      /* plus MEMORY_TIMES the file's size */
    MEMORY_TIMES = 4,              /* parameters, moments, HDF5's chunks */
    CPU_SECONDS = 2,               /* and a second more ... */
    WALL_SECONDS = 60,             /* likewise, in case it waits for a lock that
                                      another thread held at the fork */
    BYTES_A_SECOND = 20 * 1000000, /* ... for so many bytes of the file */
};

static void limit(int resource, rlim_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0) {
        now.rlim_cur = value < now.rlim_max ? value : now.rlim_max;
        (void)setrlimit(resource, &now);
    }
}

/* Size of this process in bytes, 0 if unknown. */
static rlim_t address_space(void)
{
    char text[128]; /* begins with the number of pages */
    rlim_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fgets(text, sizeof text, file) != NULL) {
        pages = (rlim_t)strtoull(text, NULL, 10);
    }
    if (file != NULL) {
        fclose(file);
    }
    return pages * (rlim_t)sysconf(_SC_PAGE_SIZE);
}

static void enter(size_t bytes)
{
    rlim_t space = address_space();
    if (space > 0) {
        limit(RLIMIT_AS, space + MEMORY_BYTES + MEMORY_TIMES * (rlim_t)bytes);
    }
    limit(RLIMIT_CPU, CPU_SECONDS + bytes / BYTES_A_SECOND);
    (void)signal(SIGALRM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(WALL_SECONDS + (unsigned)(bytes / BYTES_A_SECOND));
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; nowhere >= 0 && fd <= STDERR_FILENO; fd++) {
        (void)dup2(nowhere, fd);
    }
    static const int fatal[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                SIGILL,  SIGABRT, SIGXCPU};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        (void)signal(fatal[i], SIG_DFL); /* MPI's handlers print a lot */
    }
    /* Terminals and mpirun send signals to stop to the whole process group; the
     * parent handles them, and they are no sign of a damaged file. */
    mlp_stop_ignore();
}

/* In the child. The failure text is short enough for one atomic write to a
 * pipe.
 */
static void run_action(int out, size_t bytes, mlp_status (*action)(void *),
                       void *context)
{
    enter(bytes);
    mlp_status status = action(context);
    const char *line = mlp_failure();
    bool is_sent = status == MLP_OK ||
                   write(out, line, strlen(line)) == (ssize_t)strlen(line);
    _exit(is_sent ? (int)status : MLP_ERROR_INTERNAL);
}

/* Read the child's failure text until the child ends. */
static void read_line(int in, char line[MLP_FAILURE_MAX])
{
    size_t used = 0;
    ssize_t got = 1;
    while (got != 0 && used < MLP_FAILURE_MAX - 1) {
        got = read(in, line + used, MLP_FAILURE_MAX - 1 - used);
        if (got < 0 && errno != EINTR) {
            break;
        }
        used += got < 0 ? 0 : (size_t)got;
    }
    line[used] = '\0';
}

static mlp_status status_of(const char *path, int result, const char *line)
{
    if (WIFEXITED(result) && WEXITSTATUS(result) == MLP_OK) {
        return MLP_OK;
    }
    if (WIFEXITED(result) && line[0] != '\0') {
        return mlp_fail((mlp_status)WEXITSTATUS(result), "%s", line);
    }
    /* A sanitizer exits without a text: report an abort. */
    int number = WIFSIGNALED(result) ? WTERMSIG(result) : SIGABRT;
    return number == SIGXCPU || number == SIGKILL || number == SIGALRM
               ? mlp_fail(MLP_ERROR_DATA,
                          "%s: damaged, or made to harm: reading it takes too "
                          "long",
                          path)
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: damaged, or made to harm: reading it ends in a "
                          "crash (%s)",
                          path, strsignal(number));
}

static mlp_status fail_child(const char *path)
{
    return mlp_fail(MLP_ERROR_INTERNAL,
                    "%s: cannot start a process to try it in: %s", path,
                    strerror(errno));
}

mlp_status mlp_sandbox_try(const char *path, size_t bytes,
                           mlp_status (*action)(void *context), void *context)
{
    int ends[2], result = 0;
    char line[MLP_FAILURE_MAX];
    if (pipe(ends) != 0) {
        return fail_child(path);
    }
    pid_t child = fork();
    if (child == 0) {
        run_action(ends[1], bytes, action, context);
    }
    close(ends[1]);
    if (child > 0) {
        read_line(ends[0], line);
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, &result, 0) < 0) {
        if (errno != EINTR) {
            child = -1;
        }
    }
    return child > 0 ? status_of(path, result, line) : fail_child(path);
}
