/** @file
 *  The state of a run, with a struct for each concern. A function gets only the
 *  structs that it reads, and the whole run where those are most of them.
 */
#ifndef MLP_RUN_INTERNAL_H
#define MLP_RUN_INTERNAL_H

#include "checkpoint/checkpoint.h"
#include "config/config.h"
#include "model/model.h"
#include "optim/early_stopping.h"
#include "record/runlog.h"
#include "record/tensorboard.h"
#include "rows/scaler.h"
#include "run.h"
#include "source/source.h"
#include "team/comm.h"
#include "train/trainer.h"

/** The settings of a run, and its ranks and cores. */
typedef struct {
    mlp_run_setting setting;
    mlp_comm *comm;              /* the setting's */
    mlp_config config;           /* resolved: no automatic values left */
    const mlp_checkpoint *start; /* whose weights (of a new run), scaling and
                                    schema the run has; NULL: its own */
    bool has_new_head;           /* --new-head, of a run that begins */
    size_t cores;                /* available to the ranks of this node */
    bool is_bound; /* this rank may not use all cores of its node */
} mlp_run_job;

/** The rows, and properties of the rows of all ranks. */
typedef struct {
    mlp_source *source;
    mlp_reader *reader; /* NULL: all rows are in memory */
    mlp_sharded train, validation, test;
    size_t classes;
    float *class_weights; /* [classes], NULL: all 1 */
    mlp_scaler scaler;
    mlp_target_scaler target_scaler; /* for regression */
    bool is_sparse;
    unsigned char digest[MLP_DIGEST_BYTES]; /* zero without checkpoints */
} mlp_run_data;

/** For --profile and --timeline. */
typedef struct {
    mlp_profile *profile;  /* NULL without them */
    size_t most_threads;   /* of any rank */
    double start;          /* on mlp_clock_seconds */
    uint64_t trained_rows; /* of all ranks, since this process started */
} mlp_run_profiling;

/** Progress that is not part of the state, and reasons to end training. */
typedef struct {
    mlp_early_stopping early_stopping; /* by the finished epochs */
    bool is_converged;      /* an epoch had no error: no weight changes */
    bool is_ended;          /* by the caller, after an epoch */
    bool was_asked;         /* training stopped on request to some rank */
    uint64_t compared_step; /* last step compared by the sentinel */
    double longest_step;    /* seconds, since this process started */
} mlp_run_progress;

/** A copy of the state at the end of an epoch. Fields that are not here equal
 *  those of the current state, or follow from them. */
typedef struct {
    uint64_t epoch; /* 0: no copy */
    uint64_t step;
    size_t records; /* number of history records */
    float *parameters;
    float *moments[MLP_MOMENTS_MAX];
} mlp_run_copy;

/** The checkpoint directory; rank 0 uses all of it, other ranks the lock.
 *  Times are seconds, since this process started. */
typedef struct {
    int lock;           /* on the directory; -1: none */
    bool has_file;      /* the parent of the state is a file of the directory */
    mlp_run_copy best;  /* best epoch, until it is saved */
    double since;       /* start of training, on mlp_clock_seconds */
    double total, last; /* duration of all saves, and of the last one */
    double longest;     /* duration of a save, until all ranks continued */
    /* When a resumed run begins another segment: the digest of its file, which
     * has the configuration of the segment before. */
    bool begins_segment;
    unsigned char parent[MLP_DIGEST_BYTES];
} mlp_run_saving;

/** An expected digest in a replay: of a state of the chain, or of its
 *  parameters only, if another MLP_ARITHMETIC (kernels/kernels.h) made it. */
typedef struct {
    uint64_t step;
    bool is_state;
    unsigned char digest[MLP_DIGEST_BYTES];
    char name[MLP_MAX_PATH]; /* checkpoint in which the digest is stored */
} mlp_run_expected;

/** For --replay. */
typedef struct {
    mlp_run_expected *expected; /* [count], sorted by step; NULL: no replay */
    size_t count, next;
} mlp_run_replay;

typedef struct {
    mlp_run_job job;
    mlp_run_data data;
    mlp_model *model;
    const mlp_kernels *kernels;
    mlp_trainer *trainer;
    mlp_run_profiling profiling;
    mlp_run_progress progress;

    /* The state to save and to resume. Its arrays are those of the last fetch
     * (mlp_run_fetch_state) or resume, on all ranks; only rank 0 has the
     * history. */
    mlp_checkpoint state;
    mlp_checkpoint start; /* with --start-from: job.start points here */
    char resumed_from[MLP_MAX_PATH]; /* "" for a new run */
    mlp_run_copy ended; /* end of the last closed epoch, if the caller wants
                           a result */
    mlp_run_saving saving;
    mlp_run_replay replay;
    mlp_runlog *log;        /* rank 0 only */
    mlp_tensorboard *board; /* NULL without --tensorboard; rank 0 only */
} mlp_run_parts;

/** Whether this is rank 0, which alone reads and writes files of the run. */
static inline bool mlp_run_is_leader(const mlp_run_job *job)
{
    return mlp_comm_rank(job->comm) == 0;
}

/** Whether this run repeats an earlier one (--replay). */
static inline bool mlp_run_is_replay(const mlp_run_job *job)
{
    return job->config.replay[0] != '\0';
}

/** Create model and trainer, and choose the kernels if run->kernels is NULL.
 *  Collective. */
mlp_status mlp_run_create_trainer(mlp_run_parts *run);

/** Free the rows. Not collective. */
void mlp_run_drop_data(mlp_run_data *data);

/** Load this rank's shards of every split, or open them for reading if they
 *  exceed --memory-limit. mlp_run_drop_rows frees them. Collective. */
mlp_status mlp_run_load_rows(const mlp_run_job *job, mlp_run_data *data);
void mlp_run_drop_rows(mlp_run_data *data);

/** With --memory-limit: log how long training waited for rows from files.
 *  Collective. */
mlp_status mlp_run_log_reading(const mlp_run_job *job,
                               const mlp_run_data *data);

/** Check that all ranks have the same executable and options; MLP_ERROR_USAGE
 *  names a rank that differs. Collective. */
mlp_status mlp_run_check_options_agree(mlp_comm *comm,
                                       const mlp_config *config);

/** Check that the source has the same extents and first rows on all ranks;
 *  MLP_ERROR_DATA names a rank that differs. Collective. */
mlp_status mlp_run_check_data_agree(mlp_comm *comm, mlp_source *source);

/** Instead of a run: train some of its steps in several ways, compare the
 *  digests, and print the result. Collective. */
mlp_status mlp_run_verify(mlp_comm *comm, const mlp_config *config);

/** Instead of a run: measure steps and links, and print the predicted time of
 *  training on more ranks. Collective.
 *  @param source  opened if NULL; the caller closes it */
mlp_status mlp_run_plan(mlp_comm *comm, const mlp_config *config,
                        mlp_source **source);

/** Instead of a run: read the data, make the trainer, time some steps, and
 *  print what the run would take. Writes nothing. Collective.
 *  @param run  as mlp_run begins it; the caller tears it down */
mlp_status mlp_run_dry(mlp_run_parts *run);

/** Open the log, and print and log the start of the run. Rank 0; not
 *  collective. */
mlp_status mlp_run_start_log(mlp_run_parts *run);

/** Set the time limit from --max-time or the end of the Slurm job, as rank 0
 *  has them. Collective. */
mlp_status mlp_run_limit_time(const mlp_run_job *job);

/** Fill in automatic values: shards, threads. Collective. */
mlp_status mlp_run_resolve(mlp_run_job *job);

/** MLP_ERROR_USAGE when the schedule begins behind the last step, or its
 *  warm-up is as long as the training, which depends on the number of rows. The
 * same on every rank; not collective. */
mlp_status mlp_run_check_steps(const mlp_config *config, size_t train_rows);

/** Count cores, choose the number of threads, and warn about idle cores, with
 *  the launch line to use instead. Collective. */
mlp_status mlp_run_place(mlp_run_job *job);

/** With --start-from, or when a run is resumed that began with it: load
 *  run->start on all ranks. A new run takes over its configuration.
 *  MLP_ERROR_USAGE names options that differ. Collective. */
mlp_status mlp_run_open_start(mlp_run_parts *run);

/** The first weights of a run that starts from another: those of job->start,
 *  with --new-head without the last layer, which is drawn anew.
 *  @param parameters  [model->parameters], overwritten
 *  MLP_ERROR_DATA when the last layers differ. Not collective. */
mlp_status mlp_run_take_weights(const mlp_run_job *job, const mlp_model *model,
                                float *parameters);

/** Open the source. For a new run complete the configuration by what the data
 *  is: the task, and defaults of tables, where the user gave no values.
 *  Collective. */
mlp_status mlp_run_open_data(mlp_run_job *job, bool is_new, mlp_run_data *data);

/** Load this rank's shards of every split; classes, scaler, density and digest
 *  of the data of all ranks. The source must be open. Collective. */
mlp_status mlp_run_load_data(const mlp_run_job *job, mlp_run_data *data);

/** Fill in data->class_weights, unless --class-weights is none. Collective. */
mlp_status mlp_run_set_class_weights(const mlp_run_job *job,
                                     mlp_run_data *data);

/** Whether all rows fit in a table to print. */
bool mlp_run_is_small(const mlp_run_data *data, const mlp_model *model);

/** Print that table, and whether the model has learned the rows. Collective.
 */
mlp_status mlp_run_print_rows(mlp_run_parts *run);

/** The record of the epoch whose weights are the result; NULL before the first
 *  epoch's end. Rank 0; not collective. */
const mlp_epoch_record *mlp_run_last_record(const mlp_run_parts *run);

/** Train config->folds models. Collective, as mlp_run. */
mlp_status mlp_run_folds(const mlp_run_setting *setting,
                         const mlp_config *config);

/** Replay each of the folds of the run config->replay. Collective, as
 *  mlp_run. */
mlp_status mlp_run_replay_folds(const mlp_run_setting *setting,
                                const mlp_config *config, size_t folds);

/** The split to measure a model by: test, else validation, else training. */
const mlp_sharded *mlp_run_best_split(const mlp_run_data *data);

/** After a finished run: warn and log if the model is no better than
 *  predicting the mean target or the largest class, with possible causes.
 *  Does nothing if the rows fit in a table, which shows the same. Evaluates
 *  only if the last record looks useless. Collective. */
mlp_status mlp_run_check_outcome(mlp_run_parts *run);

/** Sum the columns of a table over shards, in their tree.
 *  @param table  [shards, columns], zeros where a shard is not this rank's;
 *                overwritten
 *  @param sums   [columns], overwritten: the same bits for any ranks
 *  Collective. */
mlp_status mlp_run_sum_shards(mlp_comm *comm, double *table, size_t shards,
                              size_t columns, double *sums);

/** Of rows with weights, find what their splits' rows of all ranks have
 *  together. MLP_ERROR_DATA when all weights of a split are 0. Collective. */
mlp_status mlp_run_weigh_splits(const mlp_run_job *job, mlp_run_data *data);

/** Fit the scaling of each column to a split: max, minmax or standard. The same
 *  bits on any number of ranks.
 *  @param scaler  overwritten; the caller destroys it, after a failure too
 *  MLP_ERROR_DATA as mlp_scaler_of. Collective. */
mlp_status mlp_run_fit_columns(mlp_comm *comm, const mlp_sharded *split,
                               size_t shards, mlp_scaling scaling,
                               mlp_scaler *scaler);

/** Find the quartiles of each column of a split, at (rows - 1) / 4, 2/4 and 3/4
 *  of the sorted values, interpolated between neighbours.
 *  @param quartiles  [features, 3], overwritten
 *  Collective. */
mlp_status mlp_run_find_quartiles(mlp_comm *comm, const mlp_sharded *split,
                                  double *quartiles);

/** Prepare the checkpoint directory and, to resume, load its newest valid
 *  checkpoint and adopt its configuration. Collective. */
mlp_status mlp_run_open_state(mlp_run_parts *run);

/** Without --data: data, test and validation rows of a run by its log. Errors
 *  of mlp_run_summary_data. Not collective. */
mlp_status mlp_run_recall_data(mlp_config *config, const char *run);

/** Take over the configuration of the state that was loaded to be resumed; with
 *  other epochs a segment begins. Rank 0; not collective. */
mlp_status mlp_run_adopt(mlp_run_parts *run);

/** Check the loaded state against data and model, or create the initial one;
 *  load it into the trainer. Collective. */
mlp_status mlp_run_begin_state(mlp_run_parts *run);

/** Copy parameters and moments from the trainer into the state, between
 *  steps. MLP_DIVERGED, on all ranks, when a value is not finite: the last
 *  check before results are printed or saved. Collective. */
mlp_status mlp_run_fetch_state(mlp_run_parts *run);

/** Rows of each class of a split, over all ranks.
 *  @param rows  [classes], for the caller to free
 *  Collective. */
mlp_status mlp_run_count_classes(const mlp_run_parts *run,
                                 const mlp_sharded *split, uint64_t **rows);

/** Refuse a --monitor that is undefined for the rows that it is measured on.
 *  MLP_ERROR_USAGE, MLP_ERROR_DATA. Collective. */
mlp_status mlp_run_check_monitor(const mlp_run_parts *run);

/** Evaluate early stopping from the history of rank 0, and set the
 *  learning-rate scale on all ranks. Collective. */
mlp_status mlp_run_check_early_stopping(mlp_run_parts *run);

/** With --patience: keep the fetched weights if the epoch just checked is the
 *  best. The same on all ranks; not collective. */
void mlp_run_keep_best(mlp_run_parts *run);

/** With --patience: restore the weights of the best epoch. Collective. */
mlp_status mlp_run_restore_best(mlp_run_parts *run);

/** Make the current state, resumed or initial, the parent of the next saved
 *  one. Rank 0; not collective. */
mlp_status mlp_run_begin_chain(mlp_run_parts *run, bool is_resumed);

/** Run the sentinel, at most once per step; called before a state is saved.
 *  MLP_ERROR_INTERNAL as mlp_trainer_compare. Collective. */
mlp_status mlp_run_compare(mlp_run_parts *run);

/** Save a checkpoint, if there is a checkpoint directory. Collective. */
mlp_status mlp_run_save(mlp_run_parts *run);

/** Save after a step, or after closing an epoch, if a save is due. Collective.
 */
mlp_status mlp_run_save_step(mlp_run_parts *run);
mlp_status mlp_run_save_epoch(mlp_run_parts *run, bool is_last);

/** Upper estimate of the seconds of the next save. */
double mlp_run_expect_save(const mlp_checkpoint *state,
                           const mlp_run_saving *saving);

/** Copy the current state. */
mlp_status mlp_run_copy_state(const mlp_checkpoint *state, mlp_run_copy *copy);
/** Swap the arrays of state and copy. */
void mlp_run_swap_copy(mlp_checkpoint *state, mlp_run_copy *copy);
void mlp_run_drop_copy(mlp_run_copy *copy);

/** If the caller wants a result: copy the state, at the end of an epoch or at
 *  the start. Collective. */
mlp_status mlp_run_copy_epoch_end(mlp_run_parts *run);

/** If the caller wants a result: move it to the caller. It is the trainer's
 *  state if the run is finished, else the last copy. Collective.
 *  @param is_finished  all epochs are done, without a stop before */
mlp_status mlp_run_fill_result(mlp_run_parts *run, bool is_finished);

/** Train from the state's epoch and step to the end: MLP_OK. When some rank
 *  was asked to stop, save and return MLP_STOPPED. Collective. */
mlp_status mlp_run_train(mlp_run_parts *run);

/** For a replay: read the chain, load the state to start from, adopt its
 *  configuration and list the expected digests. Collective. */
mlp_status mlp_run_open_replay(mlp_run_parts *run);

/** Broadcast run->job.config and run->state, without arrays, from rank 0.
 *  Collective. */
mlp_status mlp_run_broadcast_scalars(mlp_run_parts *run);

/** Compare the state with the expected digest of this step, if there is one:
 *  MLP_ERROR_DATA when they differ. Collective. */
mlp_status mlp_run_check_replay(mlp_run_parts *run);

/** Print what the replay confirmed. Rank 0; not collective. */
mlp_status mlp_run_print_replay(const mlp_config *config,
                                const mlp_run_replay *replay);

/** Start to measure, with --profile or --timeline. Collective. */
mlp_status mlp_run_start_profile(const mlp_run_job *job,
                                 mlp_run_profiling *profiling);

/** Print the table of --profile and write the file of --timeline. Collective.
 */
mlp_status mlp_run_report_profile(mlp_run_parts *run);

#endif
