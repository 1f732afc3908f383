/** @file
 *  Notes and warnings for users. They go to stderr, from rank 0 only, once the
 *  program has opened the log; or to a function, if the thread has set one;
 *  else nowhere, as a library prints nothing. Failures are not logged here: see
 *  status.h.
 */
#ifndef MLP_LOG_H
#define MLP_LOG_H

#include <stdbool.h>

/** Start printing. Called once, by programs. Only rank 0 prints.
 *  @param name  the program's name, put before each line; not copied
 *  @param is_leader  whether this process prints, as rank 0 does
 *  @param is_quiet   drops notes, keeps warnings
 */
void mlp_log_open(const char *name, int is_leader, int is_quiet);

/** Pass the calling thread's lines to a function instead of stderr.
 *  @param take     gets each line, without a newline; NULL: to stderr again
 *  @param context  passed to take */
void mlp_log_redirect(void (*take)(void *context, bool is_warning,
                                   const char *line),
                      void *context);

/** Set a function that is called before each line of this thread on stderr, so
 *  that a progress line on the same terminal can be cleared first.
 *  @param clear    NULL: none
 *  @param context  passed to clear */
void mlp_log_before(void (*clear)(void *context), void *context);

/** The program's name: "mlp" before mlp_log_open. */
const char *mlp_log_name(void);

/** One line: on stderr "NAME: ...". */
void mlp_log_note(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/** One line: on stderr "NAME: warning: ...". */
void mlp_log_warning(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
