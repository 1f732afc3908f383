/** @file
 *  Numbers and formulas of mlp trace as text.
 */
#ifndef MLP_TOOL_TRACE_TEXT_H
#define MLP_TOOL_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { MLP_TRACE_TEXT = 2048 };

/** Text that is put together piece by piece; what does not fit is cut off.
 *  Zero-initialize. */
typedef struct {
    char text[MLP_TRACE_TEXT];
    size_t used;
} mlp_trace_text;

void mlp_trace_add(mlp_trace_text *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A number; one below 0 has parentheses where it follows an operator. */
void mlp_trace_add_number(mlp_trace_text *to, double value);

/** f and f' as formulas of z, or of a = f(z), for which %s stands. */
typedef struct {
    const char *value, *slope;
    bool slope_takes_a;
} mlp_trace_formula;

mlp_trace_formula mlp_trace_formula_of(mlp_activation activation);

/** A formula with each of its %s replaced by a name, or by a number. */
void mlp_trace_add_formula(mlp_trace_text *to, const char *formula,
                           const char *with);
void mlp_trace_add_formula_of(mlp_trace_text *to, const char *formula,
                              double value);

#endif
