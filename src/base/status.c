/** @file
 *  The text of a thread's last failure.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

/* Per thread, like errno. */
static _Thread_local char failure[MLP_FAILURE_MAX];

/* The line may quote text from files, such as terminal escapes. */
static void keep_printable(char *line)
{
    for (; *line != '\0'; line++) {
        if ((unsigned char)*line < ' ' || *line == '\x7f') {
            *line = '?';
        }
    }
}

mlp_status mlp_fail(mlp_status status, const char *format, ...)
{
    char line[MLP_FAILURE_MAX]; /* the arguments may point into failure */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    keep_printable(line);
    snprintf(failure, sizeof failure, "%s", line);
    return status;
}

mlp_status mlp_fail_memory(const char *what)
{
    return mlp_fail(MLP_ERROR_INTERNAL, "out of memory for %s", what);
}

const char *mlp_failure(void)
{
    return failure;
}
