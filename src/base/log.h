/** @file
 *  Notes and warnings for a person: on stderr, from the leading rank only, if
 *  the program has opened the log; and to a function, if the thread has one.
 *  Else nowhere: a program that uses the library prints for itself. Failures do
 *  not go here: see status.h.
 */
#ifndef MLP_LOG_H
#define MLP_LOG_H

#include <stdbool.h>

/** Print from now on. Called by programs, once. Only the leader (rank 0) does;
 *  the others' notes are dropped.
 *  @param name  the program's name, put before each line; not copied
 *  @param is_leader  whether this process speaks at all
 *  @param is_quiet   drops notes, keeps warnings
 */
void mlp_log_open(const char *name, int is_leader, int is_quiet);

/** Have the calling thread's lines go to a function, and not to stderr.
 *  @param take     gets each line, without a newline; NULL: no longer
 *  @param context  handed to it */
void mlp_log_redirect(void (*take)(void *context, bool is_warning,
                                   const char *line),
                      void *context);

/** Have a function called before each line of this thread on stderr, so that a
 *  line that is rewritten on the same terminal can make way.
 *  @param clear    NULL: no longer
 *  @param context  handed to it */
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
