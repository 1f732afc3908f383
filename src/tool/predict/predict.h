/** @file
 *  What `mlp predict` says of rows, in its formats; and pictures as rows.
 *  Private to it.
 */
#ifndef MLP_TOOL_PREDICT_H
#define MLP_TOOL_PREDICT_H

#include "tool/tool.h"

/** A batch of rows, predicted. */
typedef struct {
    const mlp_checkpoint *checkpoint;
    const mlp_dataset *dataset; /**< its rows, from `begin` on */
    size_t begin;
    float largest;            /**< the value of a white pixel */
    const char *const *names; /**< [rows], of files; NULL: rows of a split, */
    size_t first;             /**< whose number this is */
    mlp_inference_result result;
} mlp_prediction;

/* ---- print.c */

/** Whether outputs are probabilities. */
bool mlp_prediction_is_probable(const mlp_checkpoint *checkpoint);

/** The outputs of row r, [classes]. */
const float *mlp_prediction_outputs(const mlp_prediction *p, size_t r);

/** The prediction of a regression for row r, in the unit of the table. */
double mlp_prediction_number(const mlp_prediction *p, size_t r);

/** The name of a class; NULL when it has only its number. */
const char *mlp_prediction_class_name(const mlp_checkpoint *checkpoint,
                                      size_t k);

/** The class that an output speaks for: the one of --binary for class 1. */
size_t mlp_prediction_class(const mlp_checkpoint *checkpoint, size_t output);

/** The line that names the columns of TSV. */
void mlp_predict_print_header(FILE *out, const mlp_checkpoint *checkpoint,
                              bool has_names);

/** All rows, as "tsv", "json" (a line each) or "text". Text of names is escaped
 *  so that a line stays a line. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_predict_print(FILE *out, const char *format,
                             const mlp_prediction *prediction);

/* ---- text.c */

/** Row r: what is predicted; the picture, or the columns of a table's row; and
 *  a bar for each output. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_predict_print_text(FILE *out, const mlp_prediction *p, size_t r);

/* ---- tool_pictures.c: files of pictures */

typedef struct {
    char **paths;
    size_t count;
    size_t light_count; /**< of those read: with light edges, as on paper */
} mlp_pictures;

/** List files in the order given; of a directory those that are pictures by
 *  their name, in the order of names, and not those further down.
 *  @param pictures  zero-initialized; destroy frees, also after a failure
 *  MLP_ERROR_MISSING: no such path, or a directory without pictures. */
mlp_status mlp_pictures_list(char *const *paths, size_t count,
                             mlp_pictures *pictures);
void mlp_pictures_destroy(mlp_pictures *pictures);

/** The value of a white pixel, for a model: the largest of the training data
 *  where that was scaled to 1, else 255. */
float mlp_pictures_white(const mlp_checkpoint *checkpoint);

/** Read some of the files as rows of data for a model.
 *  @param dataset  with room for that many rows, made by
 *                  mlp_pictures_create_rows; overwritten
 *  As mlp_image_read. */
mlp_status mlp_pictures_read(mlp_pictures *pictures, mlp_range which,
                             const mlp_tool_options *options,
                             const mlp_checkpoint *checkpoint,
                             mlp_dataset *dataset);

/** Room for rows; mlp_dataset_destroy frees. MLP_ERROR_INTERNAL without
 *  memory. */
mlp_status mlp_pictures_create_rows(size_t rows, size_t features,
                                    mlp_dataset *dataset);

#endif
