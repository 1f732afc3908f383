/** @file
 *  Lines of cells, as TSV, where tabs and line breaks are escaped, or as CSV,
 *  with quotes where they must be (RFC 4180).
 */
#ifndef MLP_TOOL_LINE_H
#define MLP_TOOL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "checkpoint/checkpoint.h"

/** A line that is being written; the caller ends it by a line break. */
typedef struct {
    FILE *out;
    bool is_csv;
    bool has_cells; /**< already */
} mlp_line;

void mlp_line_text(mlp_line *line, const char *text);
void mlp_line_whole(mlp_line *line, size_t number);

/** With 9 digits, from which a float is read back exactly. */
void mlp_line_number(mlp_line *line, double number);

/** A class by its name, or its number. */
void mlp_line_class(mlp_line *line, const mlp_checkpoint *checkpoint, size_t k);

/** "probability_" or "output_", and the class of output k. */
void mlp_line_output_name(mlp_line *line, const mlp_checkpoint *checkpoint,
                          size_t k);

/* ---- a model's outputs */

/** Whether outputs are probabilities. */
bool mlp_prediction_is_probable(const mlp_checkpoint *checkpoint);

/** The name of a class; NULL if it has none. */
const char *mlp_prediction_class_name(const mlp_checkpoint *checkpoint,
                                      size_t k);

/** The class of an output: with --binary, class 1. */
size_t mlp_prediction_class(const mlp_checkpoint *checkpoint, size_t output);

/** The number that a regression's output stands for, in the table's unit. */
double mlp_prediction_value(const mlp_checkpoint *checkpoint, float output);

#endif
