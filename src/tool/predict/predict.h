/** @file
 *  Predictions in the formats of `mlp predict`, and pictures as rows. Private
 *  to it.
 */
#ifndef MLP_TOOL_PREDICT_H
#define MLP_TOOL_PREDICT_H

#include "source/table_stream.h"
#include "tool/line.h"
#include "tool/tool.h"

/** A batch of rows with their outputs. */
typedef struct {
    const mlp_checkpoint *checkpoint;
    const mlp_dataset *dataset; /**< rows of it, from `begin` */
    size_t begin;
    float largest;            /**< value of a white pixel */
    const char *const *names; /**< [rows], of files; NULL: rows of a split, */
    size_t first;             /**< the first of which this is */
    /** [record_count], of a table: some of them have a row, in their order.
     *  NULL: there are rows alone. */
    const mlp_table_record *records;
    size_t record_count;
    mlp_range wanted; /**< numbers of the records to print */
    mlp_inference_result result;
} mlp_prediction;

/* ---- print.c */

/** The outputs of row r, [classes]. */
const float *mlp_prediction_outputs(const mlp_prediction *p, size_t r);

/** The prediction of a regression for row r, in the table's unit. */
double mlp_prediction_number(const mlp_prediction *p, size_t r);

/** The output of row r's class or, with --binary, the single one. */
size_t mlp_prediction_output(const mlp_prediction *p, size_t r);

/** What is printed of a row. */
typedef struct {
    const char *format; /**< "tsv", "csv", "json" (JSON lines) or "text" */
    bool has_id, has_prediction, has_outputs; /**< columns; all of a text */
    bool has_reason;
    bool is_brief;  /**< in place of all outputs that of the prediction alone */
    const char *id; /**< name of a table's column; NULL: rows are numbered */
} mlp_predict_style;

/** Read --format, --columns, --id and --probabilities.
 *  @param out  where it is printed: on a terminal without --format, briefly
 *  MLP_ERROR_USAGE: no such column. */
mlp_status mlp_predict_style_read(const mlp_tool_options *options, FILE *out,
                                  mlp_predict_style *style);

/** Print the header line, of TSV and CSV; else nothing.
 *  @param has_names  of files */
void mlp_predict_begin(FILE *out, const mlp_predict_style *style,
                       const mlp_checkpoint *checkpoint, bool has_names);

/** Print all rows, and wanted records without one. In TSV names are escaped, so
 * that each row is one line. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_predict_print(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *prediction);

/* ---- average.c */

/** Print the averages of several models' outputs: of the runs that are the
 *  operands, and of all models of a run of several. Models must have the same
 *  classes; rows are all those of the data, unless --split names rows that the
 *  runs held out alike.
 *  MLP_ERROR_USAGE, MLP_ERROR_DATA when models or rows differ. */
mlp_status mlp_predict_average(const mlp_tool_options *options,
                               mlp_tool_output *output);

/* ---- text.c */

/** Print row r: its prediction; the picture, or the columns of a table's row;
 *  and a bar for each output. MLP_ERROR_INTERNAL without memory.
 *  @param r       SIZE_MAX: the record has no row
 *  @param record  NULL: the row is of no table */
mlp_status mlp_predict_print_text(FILE *out, const mlp_prediction *p, size_t r,
                                  const mlp_table_record *record);

/* ---- table.c */

/** Print predictions for all rows of a table, in memory that does not grow with
 *  it.
 *  @param path  a CSV file, or standard input
 *  Errors of mlp_table_stream_next: then the message says how many rows were
 *  printed before. */
mlp_status mlp_predict_table(const mlp_tool_options *options,
                             const mlp_tool_case *loaded, const char *path,
                             mlp_tool_output *output);

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
