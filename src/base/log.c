/** @file
 *  Notes and warnings on stderr.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
    const char *name;
    int is_leader;
    int is_quiet;
    void (*clear)(void *context);
    void *context;
} speaker = {"mlp", 1, 0, NULL, NULL};

void mlp_log_open(const char *name, int is_leader, int is_quiet)
{
    speaker.name = name;
    speaker.is_leader = is_leader;
    speaker.is_quiet = is_quiet;
}

void mlp_log_before(void (*clear)(void *context), void *context)
{
    speaker.clear = clear;
    speaker.context = context;
}

const char *mlp_log_name(void)
{
    return speaker.name;
}

static void say(const char *kind, const char *format, va_list arguments)
{
    char line[2048];
    vsnprintf(line, sizeof line, format, arguments);
    if (speaker.clear != NULL) {
        speaker.clear(speaker.context);
    }
    fprintf(stderr, "%s: %s%s\n", speaker.name, kind, line);
}

void mlp_log_note(const char *format, ...)
{
    if (!speaker.is_leader || speaker.is_quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void mlp_log_warning(const char *format, ...)
{
    if (!speaker.is_leader) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    say("warning: ", format, arguments);
    va_end(arguments);
}
