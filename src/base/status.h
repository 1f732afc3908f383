/** @file
 *  Status codes, which are also the programs' exit codes, and the one line
 *  that explains a failure.
 *
 *  A function that can fail returns mlp_status and, at the cause, remembers
 *  one line with mlp_fail. Nobody prints it on the way up: the team agrees on
 *  the status first (mlp_comm_agree), so that eight ranks which miss the same
 *  file say so once.
 */
#ifndef MLP_STATUS_H
#define MLP_STATUS_H

/** The first five follow BSD sysexits.h; 75 and up are this project's. */
typedef enum {
    MLP_OK = 0,
    MLP_ERROR_USAGE = 64,    /**< an option or a combination of options */
    MLP_ERROR_DATA = 65,     /**< data or a checkpoint has wrong content */
    MLP_ERROR_MISSING = 66,  /**< an input is not there or not readable */
    MLP_ERROR_INTERNAL = 70, /**< out of memory, or a fault of ours */
    MLP_ERROR_IO = 74,       /**< writing or reading failed */
    MLP_STOPPED = 75,        /**< stopped on request; can be resumed */
    MLP_DIVERGED = 76        /**< a value stopped being finite */
} mlp_status;

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

/** The remembered line of this thread, "" when there is none. */
const char *mlp_failure(void);

#endif
