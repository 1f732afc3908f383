/** @file
 *  Included before every file that clang-tidy analyses, and nowhere else: tells
 *  it that mlp_fail returns the status it was given, so that it does not
 *  follow paths on which a failure is reported as MLP_OK.
 */
#ifndef MLP_TEST_ANALYZER_H
#define MLP_TEST_ANALYZER_H

#include "mlp/status.h"

#define mlp_fail(status, ...) (mlp_fail(status, __VA_ARGS__), (status))
#define mlp_fail_memory(what) (mlp_fail_memory(what), MLP_ERROR_INTERNAL)

#endif
