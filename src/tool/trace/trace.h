/** @file
 *  mlp trace: one forward pass, one backward pass and one update of a small
 *  network, number by number. Private to it.
 */
#ifndef MLP_TOOL_TRACE_H
#define MLP_TOOL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "config/config.h"

enum { MLP_TRACE_LAYERS = 8, MLP_TRACE_WIDTH = 16 };

/** A layer's numbers, in double. Units and layers count from 0 here, from 1 in
 *  files and output. */
typedef struct {
    size_t in, out;
    bool has_bias;
    double w[MLP_TRACE_WIDTH][MLP_TRACE_WIDTH]; /**< [in, out] */
    double b[MLP_TRACE_WIDTH];                  /**< [out] */
    double z[MLP_TRACE_WIDTH], a[MLP_TRACE_WIDTH];
    double delta[MLP_TRACE_WIDTH]; /**< dE/dz */
} mlp_trace_layer;

typedef struct {
    mlp_config config; /**< activation, output, loss, lr; hidden: from the
                          file's widths */
    size_t layers;
    mlp_trace_layer layer[MLP_TRACE_LAYERS];
    double x[MLP_TRACE_WIDTH];
    double y[MLP_TRACE_WIDTH]; /**< targets */
    double error;              /**< the loss */
} mlp_trace;

/** Read a file of lines "name = numbers"; the format is in data/README.md.
 *  MLP_ERROR_MISSING; MLP_ERROR_DATA with file and line. */
mlp_status mlp_trace_read(const char *path, mlp_trace *trace);

/** Compute z, a, the error and the deltas. */
void mlp_trace_run(mlp_trace *trace);

/** The activation of layer l: of a hidden layer, or of the output; softmax
 *  counts as identity, and so does a cross-entropy's sigmoid. */
mlp_activation mlp_trace_activation(const mlp_trace *trace, size_t l);

/** Whether the output's delta has the factor f'(z), as for the squared error;
 *  for the cross-entropies and the delta rule it is a - y. */
bool mlp_trace_has_slope(const mlp_trace *trace);

/** Print all steps with their formulas. */
void mlp_trace_print(FILE *out, const mlp_trace *trace, bool is_markdown);

#endif
