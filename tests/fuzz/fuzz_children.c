/** @file
 *  Passes sanitizer reports from children to the fuzz target through a pipe, as
 *  children must not write files.
 */
#define _GNU_SOURCE
#include "fuzz_children.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum { REPORT_BYTES = 1 << 18 };

static int reports[2] = {-1, -1};

/* Functions of a sanitizer. gcc has a library for each, clang links them into
 * the program. */
typedef struct {
    void (*set_report_fd)(void *fd);
    void (*set_death_callback)(void (*callback)(void));
} runtime;

static runtime runtimes[4];
static size_t runtime_count;

/** Options of LeakSanitizer: HDF5 leaks memory when it refuses a file. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

/** Options of AddressSanitizer: HDF5 may request too much memory if it handles
 *  the failure. Fatal signals are reported, even if a child resets their
 *  handlers. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:handle_segv=2:handle_sigbus=2:"
           "handle_sigfpe=2:handle_sigill=2:handle_abort=2";
}

/* ---- children ---------------------------------------------------------- */

static bool is_child;

/* A copy of the pipe's end, because gcc's UBSan closes it at its start. */
static void send_reports(void)
{
    for (size_t i = 0; i < runtime_count; i++) {
        runtimes[i].set_report_fd((void *)(intptr_t)dup(reports[1]));
    }
}

/** Called by UBSan before a report: gcc's starts with its first report, and
 *  then resets the destination of reports. */
void __ubsan_on_report(void);

void __ubsan_on_report(void)
{
    if (is_child) {
        send_reports();
    }
}

/* Reset libFuzzer's handlers, which save the input and exit, in the child: only
 * the parent does so. */
static void enter_child(void)
{
    is_child = true;
    send_reports();
    for (size_t i = 0; i < runtime_count; i++) {
        runtimes[i].set_death_callback(NULL);
    }
    (void)signal(SIGXFSZ, SIG_DFL);
}

static void add_runtime(void *library)
{
    runtime found;
    void *set_fd = dlsym(library, "__sanitizer_set_report_fd");
    void *set_callback = dlsym(library, "__sanitizer_set_death_callback");
    memcpy(&found.set_report_fd, &set_fd, sizeof set_fd);
    memcpy(&found.set_death_callback, &set_callback, sizeof set_callback);
    if (set_fd != NULL && set_callback != NULL &&
        runtime_count < sizeof runtimes / sizeof runtimes[0]) {
        runtimes[runtime_count++] = found;
    }
}

static int add_library(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    void *library = strstr(info->dlpi_name, "san.so") == NULL
                        ? NULL
                        : dlopen(info->dlpi_name, RTLD_NOW | RTLD_NOLOAD);
    if (library != NULL) {
        add_runtime(library);
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    add_runtime(RTLD_DEFAULT);
    dl_iterate_phdr(add_library, NULL);
    fuzz_expect(pipe2(reports, O_NONBLOCK | O_CLOEXEC) == 0 &&
                    fcntl(reports[1], F_SETPIPE_SZ, REPORT_BYTES) > 0 &&
                    pthread_atfork(NULL, NULL, enter_child) == 0,
                "children can be listened to");
}

/* ---- frames ------------------------------------------------------------ */

/* The owner of the code at an address. */
typedef enum { RUNTIME, FOREIGN, OURS } owner;

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static owner owner_of_library(const char *path)
{
    static const char *const names[] = {"libc.so",   "ld-linux", "libasan",
                                        "libubsan",  "liblsan",  "libgcc_s",
                                        "libpthread"};
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (begins_with(name, names[i])) {
            return RUNTIME;
        }
    }
    return FOREIGN;
}

/* With clang the program contains the sanitizers' functions. Those that replace
 * the C library's or are called by the compiler have dynamic symbols, ours have
 * none. The target of a wild pointer has no owner; the next frame is then that
 * of its caller's caller. */
static owner owner_of(uintptr_t address)
{
    Dl_info here, there;
    if (dladdr((void *)address, &there) == 0 ||
        dladdr((void *)&reports, &here) == 0) {
        return RUNTIME;
    }
    if (here.dli_fbase != there.dli_fbase) {
        return owner_of_library(there.dli_fname);
    }
    bool is_of_sanitizer =
        there.dli_sname != NULL && (begins_with(there.dli_sname, "__") ||
                                    dlsym(RTLD_NEXT, there.dli_sname) != NULL);
    return is_of_sanitizer ? RUNTIME : OURS;
}

/* ---- reports ----------------------------------------------------------- */

/* State of reading the reports. */
typedef struct {
    bool is_open;  /* in a stack without an owner so far */
    bool is_fault; /* in our code */
} reading;

static bool is_about_memory(const char *line)
{
    return strstr(line, "failed to allocate") != NULL ||
           strstr(line, "out of memory") != NULL ||
           strstr(line, "out-of-memory") != NULL ||
           strstr(line, "allocation-size-too-big") != NULL;
}

static void read_frame(reading *r, const char *line)
{
    int number;
    unsigned long address;
    if (sscanf(line, " #%d 0x%lx", &number, &address) == 2) {
        owner who = owner_of(address);
        r->is_open = who == RUNTIME;
        r->is_fault = r->is_fault || who == OURS;
    }
}

static void read_line(reading *r, const char *line)
{
    if (strstr(line, ": runtime error: ") != NULL) {
        r->is_fault = true;
    } else if (strstr(line, "ERROR: AddressSanitizer") != NULL) {
        r->is_fault = r->is_fault || r->is_open; /* the one before */
        r->is_open = !is_about_memory(line);
    } else if (r->is_open) {
        read_frame(r, line);
    }
}

bool fuzz_children_fault(void)
{
    static char text[REPORT_BYTES + 1], copy[REPORT_BYTES + 1];
    size_t used = 0;
    ssize_t got;
    while (used < REPORT_BYTES &&
           (got = read(reports[0], text + used, REPORT_BYTES - used)) > 0) {
        used += (size_t)got;
    }
    text[used] = '\0';
    memcpy(copy, text, used + 1);
    reading r = {false, false};
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        read_line(&r, line);
    }
    r.is_fault = r.is_fault || r.is_open; /* no owner: report it */
    if (r.is_fault) {
        fwrite(text, 1, used, stderr);
    }
    return r.is_fault;
}

void fuzz_expect_sound_children(void)
{
    fuzz_expect(!fuzz_children_fault(), "no child dies in our code");
}
