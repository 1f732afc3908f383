/** @file
 *  Notes and warnings.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

/* Per process, set by mlp_log_open. */
static struct {
    const char *name;
    bool is_open, is_leader, is_quiet;
} program = {"mlp", false, false, false};

/* Per thread. */
static _Thread_local struct {
    void (*clear)(void *context);
    void *clear_context;
    void (*take)(void *context, bool is_warning, const char *line);
    void *take_context;
} redirection;

void mlp_log_open(const char *name, int is_leader, int is_quiet)
{
    program.name = name;
    program.is_open = true;
    program.is_leader = is_leader;
    program.is_quiet = is_quiet;
}

void mlp_log_redirect(void (*take)(void *context, bool is_warning,
                                   const char *line),
                      void *context)
{
    redirection.take = take;
    redirection.take_context = context;
}

void mlp_log_before(void (*clear)(void *context), void *context)
{
    redirection.clear = clear;
    redirection.clear_context = context;
}

const char *mlp_log_name(void)
{
    return program.name;
}

static void write_line(bool is_warning, const char *format, va_list arguments)
{
    char line[2048];
    bool is_shown = program.is_open && program.is_leader &&
                    (is_warning || !program.is_quiet);
    if (redirection.take == NULL && !is_shown) {
        return;
    }
    vsnprintf(line, sizeof line, format, arguments);
    if (redirection.take != NULL) {
        redirection.take(redirection.take_context, is_warning, line);
        return;
    }
    if (redirection.clear != NULL) {
        redirection.clear(redirection.clear_context);
    }
    fprintf(stderr, "%s: %s%s\n", program.name, is_warning ? "warning: " : "",
            line);
}

void mlp_log_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(false, format, arguments);
    va_end(arguments);
}

void mlp_log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(true, format, arguments);
    va_end(arguments);
}
