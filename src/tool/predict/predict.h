/** @file
 *  Predictions in the formats of `mlp predict`, and pictures as rows. Private
 *  to it.
 */
#ifndef MLP_TOOL_PREDICT_H
#define MLP_TOOL_PREDICT_H

#include "tool/tool.h"

/** A batch of rows with their outputs. */
typedef struct {
    const mlp_checkpoint *checkpoint;
    const mlp_dataset *dataset; /**< rows of it, from `begin` */
    size_t begin;
    float largest;            /**< value of a white pixel */
    const char *const *names; /**< [rows], of files; NULL: rows of a split, */
    size_t first;             /**< the first of which this is */
    mlp_inference_result result;
} mlp_prediction;

/* ---- print.c */

/** Whether outputs are probabilities. */
bool mlp_prediction_is_probable(const mlp_checkpoint *checkpoint);

/** The outputs of row r, [classes]. */
const float *mlp_prediction_outputs(const mlp_prediction *p, size_t r);

/** The prediction of a regression for row r, in the table's unit. */
double mlp_prediction_number(const mlp_prediction *p, size_t r);

/** The name of a class; NULL if it has none. */
const char *mlp_prediction_class_name(const mlp_checkpoint *checkpoint,
                                      size_t k);

/** The class of an output: with --binary, class 1. */
size_t mlp_prediction_class(const mlp_checkpoint *checkpoint, size_t output);

/** What is printed of a row. */
typedef struct {
    const char *format; /**< "tsv", "csv", "json" (JSON lines) or "text" */
    bool has_id, has_prediction, has_outputs; /**< columns; all of a text */
} mlp_predict_style;

/** Read --format and --columns. MLP_ERROR_USAGE: no such column. */
mlp_status mlp_predict_style_read(const mlp_tool_options *options,
                                  mlp_predict_style *style);

/** The header line of TSV and CSV. */
void mlp_predict_print_header(FILE *out, const mlp_predict_style *style,
                              const mlp_checkpoint *checkpoint, bool has_names);

/** Print all rows. In TSV names are escaped, so that each row is one line.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_predict_print(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *prediction);

/* ---- text.c */

/** Print row r: its prediction; the picture, or the columns of a table's row;
 *  and a bar for each output. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_predict_print_text(FILE *out, const mlp_prediction *p, size_t r);

/* ---- tool_pictures.c: files of pictures */

typedef struct {
    char **paths;
    size_t count;
    size_t light_count; /**< read pictures with light edges, as on paper */
} mlp_pictures;

/** List files in the given order; of a directory, the picture files by name, in
 *  sorted order, without sub-directories.
 *  @param pictures  zero-initialized; destroy frees, also after a failure
 *  MLP_ERROR_MISSING: no such path, or a directory without pictures. */
mlp_status mlp_pictures_list(char *const *paths, size_t count,
                             mlp_pictures *pictures);
void mlp_pictures_destroy(mlp_pictures *pictures);

/** Read some of the files as rows for a model.
 *  @param dataset  from mlp_pictures_create_rows with that many rows;
 *                  overwritten
 *  Errors of mlp_image_read. */
mlp_status mlp_pictures_read(mlp_pictures *pictures, mlp_range which,
                             const mlp_tool_options *options,
                             const mlp_checkpoint *checkpoint,
                             mlp_dataset *dataset);

/** Allocate rows; mlp_dataset_destroy frees. MLP_ERROR_INTERNAL without
 *  memory. */
mlp_status mlp_pictures_create_rows(size_t rows, size_t features,
                                    mlp_dataset *dataset);

#endif
