/** @file
 *  Numbers and formulas of mlp trace as text.
 */
#ifndef MLP_TOOL_TRACE_TEXT_H
#define MLP_TOOL_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { MLP_TRACE_TEXT = 2048 };

/** A text that is appended to; truncated when full. Zero-initialize. */
typedef struct {
    char text[MLP_TRACE_TEXT];
    size_t used;
} mlp_trace_text;

void mlp_trace_add(mlp_trace_text *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Append a number; a negative one in parentheses after an operator. */
void mlp_trace_add_number(mlp_trace_text *to, double value);

/** f and f' as formulas of z, or of a = f(z), which replaces %s. */
typedef struct {
    const char *value, *slope;
    bool slope_takes_a;
} mlp_trace_formula;

mlp_trace_formula mlp_trace_formula_of(mlp_activation activation);

/** Append a formula with each %s replaced by a name, or by a number. */
void mlp_trace_add_formula(mlp_trace_text *to, const char *formula,
                           const char *with);
void mlp_trace_add_formula_of(mlp_trace_text *to, const char *formula,
                              double value);

#endif
