/** @file
 *  The program `mlp`: sub-commands that inspect and use what mlp_train has
 *  saved. Each is in a file of its own; what they share is here. Private to
 *  the tool, but for mlp_tool.
 */
#ifndef MLP_TOOL_H
#define MLP_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "config/command_line.h"
#include "config/config.h"
#include "infer/inference.h"
#include "rows/dataset.h"
#include "source/source.h"

/** Do what the command line says. */
mlp_status mlp_tool(int argc, char **argv);

/* ---- where results go: output.c */

/** Standard output, or a file that appears complete or not at all. */
typedef struct {
    FILE *file;
    const char *name;             /**< for messages */
    char path[MLP_MAX_PATH];      /**< that the file gets in the end */
    char temporary[MLP_MAX_PATH]; /**< "": nothing is to be renamed */
} mlp_tool_output;

/** @param path  NULL for standard output; what is no regular file (a device, a
 *                pipe) is written as it is. Must outlive the output.
 *  MLP_ERROR_IO. */
mlp_status mlp_tool_output_open(const char *path, mlp_tool_output *output);

/** Write what is buffered: MLP_ERROR_IO when this, or a write before, failed.
 */
mlp_status mlp_tool_output_flush(mlp_tool_output *output);

/** Close, and put the file in its place if all went well.
 *  @param status  how it went so far; what fails here comes after it
 *  @return status, or MLP_ERROR_IO; if not MLP_OK there is no new file */
mlp_status mlp_tool_output_close(mlp_tool_output *output, mlp_status status);

/* ---- what the command line says: options.c */

/** What becomes of an image that cannot be read. */
typedef enum { MLP_BAD_IMAGES_FAIL, MLP_BAD_IMAGES_SKIP } mlp_bad_images;

typedef struct {
    char **operands; /**< what is no option, in order; in the place of argv */
    size_t operand_count;
    const char *file;   /**< the first: a checkpoint, or a directory of them */
    const char *data;   /**< NULL when not given */
    const char *output; /**< NULL: standard output */
    mlp_split split;
    bool has_split;        /**< it was given, or is_all */
    bool is_all;           /**< all rows of a table are of the test split */
    mlp_bad_rows bad_rows; /**< of a table */
    bool has_rows;         /**< one of those that choose rows was given */
    const char *format; /**< one of the sub-command's; the first if not given */
    bool has_format;    /**< it was given */
    bool is_json;
    const char *activation, *output_activation; /**< NULL when not given */
    const char *to;        /**< a format to export to; NULL when not given */
    size_t first, rows;    /**< SIZE_MAX: all rows */
    size_t top_k;          /**< 0: not asked for */
    uint64_t memory_limit; /**< bytes of rows in memory; 0: no limit */
    size_t threads;        /**< 0: one for each core */
    bool is_inverted, is_center; /**< pictures: dark on light; to be centered */
    char file_name[32];          /**< what output points to, if we named it */
    mlp_extent size;             /**< height 0: not given */
    bool is_gray;
    mlp_bad_images bad_images;
    double test_fraction;
    const char *label; /**< a column of a table; NULL: none is named */
    uint64_t seed;
    mlp_standard_options standard; /**< when given, nothing else counts */
} mlp_tool_options;

typedef struct {
    const char *name;
    const char *summary;        /**< for `mlp help` */
    const char *description;    /**< for --help */
    const char *const *options; /**< names, NULL at the end */
    const char *const *formats; /**< of --format, or of --to; NULL at the end */
    const char *operands;       /**< for --help: "FILE" */
    size_t operands_max;
    /** On a terminal, without --output: the file is this name and the format,
     *  but for "txt"; NULL: results go to the terminal. */
    const char *file_stem;
    bool makes_file; /**< --output is no stream but a file that it makes */
    mlp_status (*run)(const mlp_tool_options *options, mlp_tool_output *output);
} mlp_tool_command;

/** Read what follows a sub-command.
 *  @param argv  [argc], the program and the sub-command first
 *  MLP_ERROR_USAGE. */
mlp_status mlp_tool_options_read(const mlp_tool_command *command, int argc,
                                 char **argv, mlp_tool_options *options);

/** Print an entry for each option of a sub-command. */
void mlp_tool_options_help(const mlp_tool_command *command, FILE *out);

/** "test" or "train". */
const char *mlp_tool_split_name(mlp_split split);

/* ---- a model and its data: load.c */

/** Load a file, or the newest valid one of a directory.
 *  @param path   a file, or a directory that must have a checkpoint
 *  @param found  [MLP_MAX_PATH], which file it was
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_tool_load_checkpoint(const char *path,
                                    mlp_checkpoint *checkpoint, char *found);

/** A model, and rows for it. Zero-initialize; unload frees. */
typedef struct {
    mlp_checkpoint checkpoint;
    char checkpoint_path[MLP_MAX_PATH];
    mlp_inference *inference;
    size_t classes; /**< outputs of the model */
    char data_name[MLP_MAX_PATH];
    mlp_reader *reader; /**< NULL: all rows are in memory */
    mlp_dataset dataset;
    float largest; /**< as mlp_dataset_largest: a look at all rows is enough */
} mlp_tool_case;

/** Load the model that the options name, without rows.
 *  As mlp_tool_load_checkpoint. */
mlp_status mlp_tool_load_model(const mlp_tool_options *options,
                               mlp_tool_case *loaded);

/** Load what the options name, and check that it fits together. Features that
 *  are more than the memory limit stay in their file, or a temporary one:
 *  then mlp_dataset_status tells whether what was read of them was good.
 *  @param has_labels  they are wanted, and below the number of classes
 *  As mlp_tool_load_checkpoint; MLP_ERROR_USAGE when there are no such rows. */
mlp_status mlp_tool_load(const mlp_tool_options *options, bool has_labels,
                         mlp_tool_case *loaded);
void mlp_tool_unload(mlp_tool_case *loaded);

/* ---- the sub-commands */

extern const mlp_tool_command mlp_tool_show;
extern const mlp_tool_command mlp_tool_verify;
extern const mlp_tool_command mlp_tool_eval;
extern const mlp_tool_command mlp_tool_predict;
extern const mlp_tool_command mlp_tool_report;
extern const mlp_tool_command mlp_tool_data;
extern const mlp_tool_command mlp_tool_export;
extern const mlp_tool_command mlp_tool_import;
extern const mlp_tool_command mlp_tool_trace;

#endif
