/** @file
 *  A finished or running training run: its log, its checkpoints, or both.
 *  Neither file is trusted.
 */
#ifndef MLP_RUN_SUMMARY_H
#define MLP_RUN_SUMMARY_H

#include <jansson.h>
#include <sys/types.h>

#include "checkpoint/checkpoint.h"

/** A finished epoch; unknown values are NAN. */
typedef struct {
    double epoch, step;
    double train_loss, train_accuracy;
    double validation_loss, validation_accuracy;
    double test_loss, test_accuracy;
    double learning_rate, seconds, rate;
} mlp_run_summary_epoch;

typedef struct {
    char name[MLP_MAX_PATH];            /**< as given by the user */
    char log_path[MLP_MAX_PATH];        /**< "" for none */
    off_t log_bytes;                    /**< its size before it was read */
    char checkpoint_path[MLP_MAX_PATH]; /**< "" for none */
    /* Records of the log, or NULL; of start and profile records the last. */
    json_t *start, *end, *profile;
    size_t starts;
    mlp_run_summary_epoch *epochs; /**< of the log, else of the checkpoint */
    size_t epoch_count;
    mlp_checkpoint checkpoint; /**< all zero without one */
    char missing[512];         /**< what is absent, and why; or "" */
} mlp_run_summary;

/** Read a run.
 *  @param path  a log, a checkpoint, or a directory with checkpoints, a log
 *               (log.jsonl, or the only *.jsonl), or both. For a log, the
 *               checkpoints are looked up where it says.
 *  @param run  close frees; on failure it holds nothing
 *  MLP_ERROR_MISSING; MLP_ERROR_DATA when it is neither a log nor a checkpoint,
 *  or has no finished epoch. */
mlp_status mlp_run_summary_open(const char *path, mlp_run_summary *run);
void mlp_run_summary_close(mlp_run_summary *run);

/** One curve: [epoch_count], which the caller frees; NULL without memory.
 *  @param member  offsetof(mlp_run_summary_epoch, ...) */
double *mlp_run_summary_curve(const mlp_run_summary *run, size_t member);

/** Index of the epoch with the best validation accuracy, or for a model without
 *  accuracy the least loss; the first of equals. Without validation rows, the
 *  last epoch. */
size_t mlp_run_summary_best(const mlp_run_summary *run);

/** Text or number of a record as text: "" when absent.
 *  @param path  of keys, "placement.ranks" */
void mlp_run_summary_text(const json_t *record, const char *path, char *text,
                          size_t room);

/** What the log of a run says of itself, if it is log.jsonl in the directory.
 *  @param run  a directory of checkpoints, or a file in one
 *  @return the last start record, for mlp_run_summary_text; json_decref frees
 *          it; NULL when there is no such log */
json_t *mlp_run_summary_recall(const char *run);

/** The data of a run by its log.
 *  @param start   the start record, or NULL
 *  @param key     "data", "test-data" or "validation-data"
 *  @param option  of the program, to name other rows by; in messages
 *  @param spec    of mlp_source_open, and it is there; "" when the log has
 *                 none, and when "data" is not there but $MLP_DATA is set (a
 *                 note says so)
 *  MLP_ERROR_MISSING when it is not there; MLP_ERROR_USAGE when it was standard
 *  input. */
mlp_status mlp_run_summary_data(const json_t *start, const char *key,
                                const char *option, char spec[MLP_MAX_PATH]);

#endif
