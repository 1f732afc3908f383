/** @file
 *  The program `mlp`: sub-commands that inspect and use checkpoints and logs.
 *  Each has a file of its own; this header has what they share. Private to the
 *  tool, except mlp_tool.
 */
#ifndef MLP_TOOL_H
#define MLP_TOOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "config/command_line.h"
#include "config/config.h"
#include "image/image.h"
#include "infer/inference.h"
#include "rows/dataset.h"
#include "source/source.h"

/** Run the sub-command of a command line. */
mlp_status mlp_tool(int argc, char **argv);

/* ---- output of results: output.c */

/** Standard output, or a file that is written atomically. */
typedef struct {
    FILE *file;
    const char *name;             /**< for messages */
    char path[MLP_MAX_PATH];      /**< final path of the file */
    char temporary[MLP_MAX_PATH]; /**< "": written in place */
} mlp_tool_output;

/** @param path  NULL: standard output; a device or pipe is written in place.
 *                Must outlive the output.
 *  MLP_ERROR_IO. */
mlp_status mlp_tool_output_open(const char *path, mlp_tool_output *output);

/** Flush the buffer: MLP_ERROR_IO when this, or a write before, failed. */
mlp_status mlp_tool_output_flush(mlp_tool_output *output);

/** Close, and rename the file to its path if nothing failed.
 *  @param status  the caller's status so far
 *  @return status if it is not MLP_OK, else MLP_OK or MLP_ERROR_IO; after a
 *          failure there is no new file */
mlp_status mlp_tool_output_close(mlp_tool_output *output, mlp_status status);

/* ---- the command line: options.c */

/** What to do with an image that cannot be read. */
typedef enum { MLP_BAD_IMAGES_FAIL, MLP_BAD_IMAGES_SKIP } mlp_bad_images;

typedef struct {
    char **operands; /**< arguments that are not options, in order; stored in
                        argv */
    size_t operand_count;
    const char
        *file; /**< first operand: a checkpoint, or a directory of them */
    const char *data;   /**< NULL when not given */
    const char *output; /**< NULL: standard output */
    mlp_split split;
    bool has_split;        /**< --split was given, or is_all */
    bool is_all;           /**< all rows of a table are in the test split */
    mlp_bad_rows bad_rows; /**< of a table */
    bool has_bad_rows;     /**< --bad-rows was given; else as in training */
    bool has_rows;         /**< an option that selects rows was given */
    bool has_numbers;      /**< load the rows' numbers in the input, too */
    bool is_average;       /**< operands are runs whose outputs are averaged */
    const char *format; /**< one of the sub-command's; by default the first */
    bool has_format;    /**< --format was given */
    bool is_json;
    const char *activation, *output_activation; /**< NULL when not given */
    const char *to;        /**< a format to export to; NULL when not given */
    size_t first, rows;    /**< SIZE_MAX: all rows */
    size_t top_k;          /**< 0: off */
    uint64_t memory_limit; /**< bytes of rows in memory; 0: no limit */
    size_t threads;        /**< 0: one for each core */
    bool is_inverted, is_center; /**< pictures: dark on light; to be centered */
    char file_name[32]; /**< default file name, to which output points */
    mlp_extent size;    /**< height 0: not given */
    bool is_gray;
    mlp_bad_images bad_images;
    double test_fraction;
    const char *columns; /**< to print of predictions; NULL: all */
    const char *id;      /**< a table's column, to print; NULL: row numbers */
    bool has_probabilities; /**< print all outputs, on a terminal, too */
    const char *sort;       /**< a metric of runs */
    bool is_watch;          /**< write a report again after each epoch */
    const char *label;      /**< a column of a table; NULL: not given */
    uint64_t seed;
    mlp_config config; /**< for options that are those of mlp_train */
    mlp_standard_options standard; /**< if given, ignore all others */
} mlp_tool_options;

typedef struct {
    const char *name;
    const char *summary;        /**< for `mlp help` */
    const char *description;    /**< for --help */
    const char *const *options; /**< names, NULL at the end */
    const char *const *formats; /**< of --format, or of --to; NULL at the end */
    const char *const *format_words; /**< other words for the formats, which are
                                          accepted, too; NULL: none */
    const char *operands;            /**< for --help: "FILE" */
    size_t operands_max;
    /** Without --output on a terminal, results go to a file with this name and
     *  the format as ending, except for "txt". NULL: to the terminal. */
    const char *file_stem;
    bool makes_file; /**< it creates the file of --output itself */
    mlp_status (*run)(const mlp_tool_options *options, mlp_tool_output *output);
} mlp_tool_command;

/** Read the arguments after a sub-command.
 *  @param argv  [argc], the program and the sub-command first
 *  MLP_ERROR_USAGE. */
mlp_status mlp_tool_options_read(const mlp_tool_command *command, int argc,
                                 char **argv, mlp_tool_options *options);

/** Print an entry for each option of a sub-command. */
void mlp_tool_options_help(const mlp_tool_command *command, FILE *out);

/** "test", "train" or "validation". */
const char *mlp_tool_split_name(mlp_split split);

/* ---- a model and its data: load.c */

/** A model, and rows for it. Zero-initialize; unload frees. */
typedef struct {
    mlp_checkpoint checkpoint;
    char checkpoint_path[MLP_MAX_PATH];
    mlp_inference *inference;
    size_t classes; /**< outputs of the model */
    char data_name[MLP_MAX_PATH];
    mlp_reader *reader; /**< NULL: all rows are in memory */
    mlp_dataset dataset;
    uint32_t *numbers; /**< [rows], in the input; NULL: not wanted */
    float largest;     /**< as mlp_dataset_largest, of all rows */
} mlp_tool_case;

/** Load the model that the options name, without rows.
 *  As mlp_checkpoint_open. */
mlp_status mlp_tool_load_model(const mlp_tool_options *options,
                               mlp_tool_case *loaded);

/** Load model and rows as the options say, and check that they match. Features
 *  that exceed the memory limit stay in their file, or a temporary one: then
 *  call mlp_dataset_status after reading rows.
 *  @param has_labels  load labels, and check that they are below classes
 *  As mlp_checkpoint_open; MLP_ERROR_USAGE when there are no such rows. */
mlp_status mlp_tool_load(const mlp_tool_options *options, bool has_labels,
                         mlp_tool_case *loaded);
void mlp_tool_unload(mlp_tool_case *loaded);

/** Load the rows by which a model of these options may be calibrated, those
 *  that its training held out for validation. As mlp_tool_load. */
mlp_status mlp_tool_load_held_out(const mlp_tool_options *options,
                                  mlp_tool_case *loaded);

/** As mlp_tool_load for a fold, from 0, of the run of several models
 *  options->file, and the rows that it held out, with labels. */
mlp_status mlp_tool_load_fold(const mlp_tool_options *options, size_t fold,
                              mlp_tool_case *loaded);

/** Check the tally of a loaded fold on its rows: there the model had the loss
 *  that its run has recorded. MLP_ERROR_DATA for other rows, on which it may
 *  have been trained. MLP_ERROR_USAGE for a model that was calibrated. */
mlp_status mlp_tool_check_fold(const mlp_tool_case *loaded,
                               const mlp_tally *tally);

/* ---- two models on the same rows: compare.c */

/** mlp eval with two operands. As mlp_tool_load; MLP_ERROR_USAGE when the
 *  models don't predict the same of the same rows. */
mlp_status mlp_tool_compare(const mlp_tool_options *options,
                            mlp_tool_output *output);
/** Load the rows alone, for a model that is loaded. Unload, also after a
 *  failure. Errors of mlp_tool_load. */
mlp_status mlp_tool_load_rows(const mlp_tool_options *options, bool has_labels,
                              mlp_tool_case *loaded);

/** The data of a model: --data, else what its run was trained with by its log
 *  (its test rows, if these have a file of their own); else "", the default.
 *  Errors of mlp_run_summary_data.
 *  @param start  the log's start record, or NULL */
mlp_status mlp_tool_choose_data(const mlp_tool_options *options,
                                const json_t *start, char spec[MLP_MAX_PATH]);

/** The same, by the log beside options->file. */
mlp_status mlp_tool_recall_data(const mlp_tool_options *options,
                                char spec[MLP_MAX_PATH]);

/* ---- rows as pictures: paint.c */

/** What a row is a picture of. */
typedef struct {
    size_t height, width; /**< width counts the channels */
    size_t channels;      /**< of a pixel; 0: unknown, 1 */
    mlp_element element;
    float largest; /**< value that is white; 0 and less are black */
} mlp_tool_grid;

/** Paint a row in color if it has three channels, else in gray: the mean of
 *  other numbers of channels.
 *  @param values  [height, width]
 *  @param image   a new picture
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_tool_paint(const mlp_tool_grid *grid, const void *values,
                          mlp_image *image);

/* ---- the sub-commands */

/** Become the program mlp_train: the one beside this program, else that of
 *  $PATH. Returns when it cannot be started: MLP_ERROR_MISSING.
 *  @param argv  "train" and its arguments, NULL at the end; argv[0] is
 *               overwritten */
mlp_status mlp_tool_train(char **argv);

extern const mlp_tool_command mlp_tool_show;
extern const mlp_tool_command mlp_tool_verify;
extern const mlp_tool_command mlp_tool_eval;
extern const mlp_tool_command mlp_tool_calibrate;
extern const mlp_tool_command mlp_tool_predict;
extern const mlp_tool_command mlp_tool_report;
extern const mlp_tool_command mlp_tool_runs;
extern const mlp_tool_command mlp_tool_data;
extern const mlp_tool_command mlp_tool_export;
extern const mlp_tool_command mlp_tool_import;
extern const mlp_tool_command mlp_tool_trace;

#endif
