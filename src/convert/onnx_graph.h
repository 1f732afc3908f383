/** @file
 *  An ONNX graph under construction. Every value has a name; functions return
 *  that of the value they add, which the graph owns. Without memory they return
 *  NULL or do nothing, and writing the graph fails. Private to the exporters.
 */
#ifndef MLP_ONNX_GRAPH_H
#define MLP_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "source/schema.h"

typedef struct mlp_onnx_graph mlp_onnx_graph;

/** MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_onnx_create(mlp_onnx_graph **graph);
void mlp_onnx_destroy(mlp_onnx_graph **graph);

/** Zeroed memory that the graph owns; NULL when there is none. */
void *mlp_onnx_keep(mlp_onnx_graph *graph, size_t bytes);

/** A constant: [rows, cols], or [cols] when rows is 0.
 *  @param values  must outlive the graph */
const char *mlp_onnx_floats(mlp_onnx_graph *graph, size_t rows, size_t cols,
                            const float *values);

/** One number, as [1]; and without dimensions. */
const char *mlp_onnx_constant(mlp_onnx_graph *graph, float value);
const char *mlp_onnx_scalar(mlp_onnx_graph *graph, float value);

/** The numbers 0 to count - 1, as [count]. */
const char *mlp_onnx_counts(mlp_onnx_graph *graph, size_t count);

/** Texts, as [count].
 *  @param names  must outlive the graph */
const char *mlp_onnx_texts(mlp_onnx_graph *graph, const mlp_names *names);

/** An operation on up to three values; unused ones are NULL. */
const char *mlp_onnx_node(mlp_onnx_graph *graph, const char *operation,
                          const char *a, const char *b, const char *c);

/** An operation on many values.
 *  @param inputs  [count] */
const char *mlp_onnx_node_of(mlp_onnx_graph *graph, const char *operation,
                             const char *const *inputs, size_t count);

/** Attributes of the last node. Texts must outlive the graph. */
void mlp_onnx_int(mlp_onnx_graph *graph, const char *name, long value);
void mlp_onnx_float(mlp_onnx_graph *graph, const char *name, float value);

/** The last node is ai.onnx.ml's LabelEncoder, from texts to numbers.
 *  @param texts    [count], must outlive the graph
 *  @param numbers  [count]
 *  @param other    the number of all other texts */
void mlp_onnx_map(mlp_onnx_graph *graph, const char *const *texts,
                  const float *numbers, size_t count, float other);

/** The value as float32, if it is a truth value. */
const char *mlp_onnx_as_float(mlp_onnx_graph *graph, const char *value);

/** Give the last node's value another name, which must outlive the graph. */
void mlp_onnx_rename(mlp_onnx_graph *graph, const char *name);

/** Inputs and outputs of the graph: [batch, width] of float32 or, if is_text,
 * of strings; [batch] when width is 0.
 *  @param name  must outlive the graph */
void mlp_onnx_input(mlp_onnx_graph *graph, const char *name, bool is_text,
                    size_t width);
void mlp_onnx_output(mlp_onnx_graph *graph, const char *name, bool is_text,
                     size_t width);

/** Write the model, as opset 13 and, if there is a LabelEncoder, opset 2 of
 *  ai.onnx.ml. Write errors are left to the stream's error indicator.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_onnx_write(const mlp_onnx_graph *graph, FILE *out);

#endif
