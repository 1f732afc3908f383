/** @file
 *  What is known of a run that has been, or still goes on: its log, its
 *  checkpoints, or both. Neither file is trusted.
 */
#ifndef MLP_STORY_H
#define MLP_STORY_H

#include <jansson.h>

#include "checkpoint/checkpoint.h"

/** A finished epoch; what is not known is NAN. */
typedef struct {
    double epoch, step;
    double train_loss, train_accuracy;
    double validation_loss, validation_accuracy;
    double test_loss, test_accuracy;
    double learning_rate, seconds, rate;
} mlp_story_epoch;

typedef struct {
    char name[MLP_MAX_PATH];            /**< that the user gave */
    char log_path[MLP_MAX_PATH];        /**< "" for none */
    char checkpoint_path[MLP_MAX_PATH]; /**< "" for none */
    /* Records of the log; NULL for none. Of starts and profiles the newest. */
    json_t *start, *end, *profile;
    size_t starts;
    mlp_story_epoch *epochs; /**< of the log, else of the checkpoint */
    size_t epoch_count;
    mlp_checkpoint checkpoint; /**< all zero without one */
    char missing[512];         /**< what is not there, and why; "" */
} mlp_story;

/** Read a run.
 *  @param path  a log, a checkpoint, or a directory that has checkpoints, a log
 *               (log.jsonl, or the only *.jsonl), or both. Beside a log alone
 *               the checkpoints are looked for where it says.
 *  @param story  close frees; on failure it holds nothing
 *  MLP_ERROR_MISSING; MLP_ERROR_DATA: neither a log nor a checkpoint, or
 *  without a finished epoch. */
mlp_status mlp_story_open(const char *path, mlp_story *story);
void mlp_story_close(mlp_story *story);

/** One of the curves: [epoch_count], the caller frees; NULL without memory.
 *  @param member  offsetof(mlp_story_epoch, ...) */
double *mlp_story_curve(const mlp_story *story, size_t member);

/** The epoch of the best validation, else test, else training accuracy; the
 *  first of equals. For a model without accuracy, of the least loss. */
size_t mlp_story_best(const mlp_story *story);

/** Text or number of a record as text: "" when it is not there.
 *  @param path  of keys, "placement.ranks" */
void mlp_story_text(const json_t *record, const char *path, char *text,
                    size_t room);

#endif
