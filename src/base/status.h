/** @file
 *  Passing on status codes (mlp.h), and the one-line text of a failure, which
 *  mlp_failure returns.
 *
 *  A function that can fail returns mlp_status and, at the cause, sets the text
 *  with mlp_fail. Callers print nothing: the team agrees on the status first
 *  (mlp_comm_agree), so that eight ranks that miss the same file give one
 *  message.
 */
#ifndef MLP_STATUS_H
#define MLP_STATUS_H

#include "mlp/mlp.h"

enum { MLP_FAILURE_MAX = 1024 }; /**< bytes of the text with its final NUL */

/** Return from the calling function when `call` does not return MLP_OK. */
#define MLP_TRY(call)                                                          \
    do {                                                                       \
        mlp_status mlp_try_status = (call);                                    \
        if (mlp_try_status != MLP_OK) {                                        \
            return mlp_try_status;                                             \
        }                                                                      \
    } while (0)

/** Set the calling thread's failure text, and return `status`:
 *
 *      return mlp_fail(MLP_ERROR_DATA, "%s: has %zu rows, not %zu", ...);
 *
 *  The line has the file, and what was expected and found. It has no program
 *  name, no rank and no newline. Control characters, which can come from a
 *  file, are replaced by '?'. A later failure overwrites it.
 */
mlp_status mlp_fail(mlp_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** mlp_fail for memory: MLP_ERROR_INTERNAL, "out of memory for WHAT". */
mlp_status mlp_fail_memory(const char *what);

#endif
