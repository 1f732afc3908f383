/** @file
 *  Passing on status codes (mlp.h), and the one line that explains a failure,
 *  which mlp_failure gives back.
 *
 *  A function that can fail returns mlp_status and, at the cause, remembers
 *  one line with mlp_fail. Nobody prints it on the way up: the team agrees on
 *  the status first (mlp_comm_agree), so that eight ranks which miss the same
 *  file say so once.
 */
#ifndef MLP_STATUS_H
#define MLP_STATUS_H

#include "mlp/mlp.h"

enum { MLP_FAILURE_MAX = 1024 }; /**< bytes of the longest remembered line */

/** Return from the calling function when `call` does not return MLP_OK. */
#define MLP_TRY(call)                                                          \
    do {                                                                       \
        mlp_status mlp_try_status = (call);                                    \
        if (mlp_try_status != MLP_OK) {                                        \
            return mlp_try_status;                                             \
        }                                                                      \
    } while (0)

/** Remember why this thread of the program cannot go on, and return `status`:
 *
 *      return mlp_fail(MLP_ERROR_DATA, "%s: has %zu rows, not %zu", ...);
 *
 *  The line names the file and what was expected and found. It has no
 *  program name, no rank and no newline. Control characters in it (they can
 *  come from a file) are replaced by '?'. The newest line wins.
 */
mlp_status mlp_fail(mlp_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** mlp_fail for memory: MLP_ERROR_INTERNAL, "out of memory for WHAT". */
mlp_status mlp_fail_memory(const char *what);

#endif
