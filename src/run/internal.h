/** @file
 *  What a run holds, in a struct for each of its parts, for run.c and the files
 *  of this room. A function gets the parts that it reads, and the whole run
 *  only where that is most of them.
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

/** What a run was asked for, and where it takes place. */
typedef struct {
    mlp_run_setting setting;
    mlp_comm *comm;    /* the setting's */
    mlp_config config; /* resolved: no automatic values left */
    size_t cores;      /* that the ranks of this node may use */
    bool is_bound;     /* this rank may not use all cores of its node */
} mlp_run_job;

/** The rows, and what all ranks together know of them. */
typedef struct {
    mlp_source *source;
    mlp_reader *reader; /* NULL: all rows are in memory */
    mlp_sharded train, validation, test;
    size_t classes;
    float *class_weights; /* [classes], NULL: all 1 */
    mlp_scaler scaler;
    mlp_scaler target_scaler; /* of a regression */
    bool is_sparse;
    unsigned char digest[MLP_DIGEST_BYTES]; /* zero without checkpoints */
} mlp_run_data;

/** For --profile and --timeline. */
typedef struct {
    mlp_profile *profile;  /* NULL without them */
    size_t most_threads;   /* of any rank */
    double start;          /* on mlp_clock_seconds */
    uint64_t trained_rows; /* of all ranks, in this process's life */
} mlp_run_profiling;

/** How training goes, beside the state, and why it ends. */
typedef struct {
    mlp_early_stopping verdict; /* of early stopping, on the finished epochs */
    bool is_converged;          /* an epoch had no error: no weight will move */
    bool is_ended;              /* by the caller, after an epoch */
    bool was_asked;             /* training stopped, and a rank was asked to */
    uint64_t compared_step;     /* that the sentinel compared last */
    double longest_step;        /* seconds, in this process's life */
} mlp_run_progress;

/** A copy of the state at the end of an epoch; the rest of it is as in the
 * state now, or follows. */
typedef struct {
    uint64_t epoch; /* of the best one: 0 when none waits to be saved */
    uint64_t step;
    size_t records; /* of the history */
    float *parameters;
    float *moments[MLP_MOMENTS_MAX];
} mlp_run_copy;

/** The checkpoint directory; all but the lock is rank 0's. Times are seconds,
 *  in this process's life. */
typedef struct {
    int lock;           /* on the directory; -1: none */
    bool has_file;      /* the parent of the state is a file of the directory */
    mlp_run_copy best;  /* while it waits to be saved */
    double since;       /* when training began, on mlp_clock_seconds */
    double total, last; /* of all saves, and of the last one */
    double longest;     /* of a save, until all ranks went on */
} mlp_run_saving;

/** What a replay compares with: a state that the chain knows by its digest, or
 *  where other arithmetic made it (kernels/kernels.h) its parameters alone. */
typedef struct {
    uint64_t step;
    bool is_state;
    unsigned char digest[MLP_DIGEST_BYTES];
    char name[MLP_MAX_PATH]; /* the checkpoint that has the digest */
} mlp_run_expected;

/** For --replay. */
typedef struct {
    mlp_run_expected *expected; /* [count], by rising step; NULL without it */
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

    /* The state to save, and to go on from. Arrays are filled on all ranks
     * after a resume, and by rank 0 before a save. */
    mlp_checkpoint state;
    char resumed_from[MLP_MAX_PATH]; /* "" for a new run */
    mlp_run_copy ended; /* the last epoch that was closed, if a result is
                           wanted */
    mlp_run_saving saving;
    mlp_run_replay replay;
    mlp_runlog *log;        /* rank 0 only */
    mlp_tensorboard *board; /* NULL without --tensorboard; rank 0 only */
} mlp_run_parts;

/** Only rank 0 reads and writes files of the run; whether that went well
 *  concerns all. */
static inline bool mlp_run_is_leader(const mlp_run_job *job)
{
    return mlp_comm_rank(job->comm) == 0;
}

/** Whether this run only repeats one that was. */
static inline bool mlp_run_is_replay(const mlp_run_job *job)
{
    return job->config.replay[0] != '\0';
}

/** Choose the kernels, unless run->kernels are chosen, and make the model and
 *  the trainer. Collective. */
mlp_status mlp_run_create_trainer(mlp_run_parts *run);

/** Free the rows. Not collective. */
void mlp_run_drop_data(mlp_run_data *data);

/** Load this rank's shards of every split, or open them for reading if they are
 *  more than --memory-limit; and free them. Not collective. */
mlp_status mlp_run_load_rows(const mlp_run_job *job, mlp_run_data *data);
void mlp_run_drop_rows(mlp_run_data *data);

/** Say how long training waited for rows that were read ahead, if there is a
 *  limit. Collective. */
mlp_status mlp_run_log_reading(const mlp_run_job *job,
                               const mlp_run_data *data);

/** Whether all ranks run one executable and were started with the same options;
 *  MLP_ERROR_USAGE names the odd rank. Collective. */
mlp_status mlp_run_check_start(mlp_comm *comm, const mlp_config *config);

/** Whether the source has the same extents and first rows on all ranks;
 *  MLP_ERROR_DATA names the odd rank. Collective. */
mlp_status mlp_run_check_data(mlp_comm *comm, mlp_source *source);

/** In place of a run: train a slice of it in several ways, compare, and say
 *  how it went. Collective. */
mlp_status mlp_run_verify(mlp_comm *comm, const mlp_config *config);

/** In place of a run: measure steps and links, and say what training would take
 *  on more ranks.
 *  @param source  NULL: it is opened, and the caller closes it. Collective. */
mlp_status mlp_run_forecast(mlp_comm *comm, const mlp_config *config,
                            mlp_source **source);

/** When to be gone, from --max-time or Slurm's word for this job; taken from
 *  rank 0, whose command line and surroundings count. Collective. */
mlp_status mlp_run_limit_time(const mlp_run_job *job);

/** Fill in the automatic values: shards, threads. Collective. */
mlp_status mlp_run_plan(mlp_run_job *job);

/** What only the rows can contradict: MLP_ERROR_USAGE when the warm-up is as
 *  long as the training. The same on every rank; not collective. */
mlp_status mlp_run_check_steps(const mlp_config *config, size_t train_rows);

/** Count cores, choose the threads, and warn of a placement that wastes cores,
 *  with the launch line to use instead. Collective. */
mlp_status mlp_run_place(mlp_run_job *job);

/** Open the source and load this rank's shards of every split; classes,
 *  scaler, density and the data's digest over all ranks. Collective. */
mlp_status mlp_run_load_data(const mlp_run_job *job, mlp_run_data *data);

/** Fill in data->class_weights, if the configuration asks for it. Collective.
 */
mlp_status mlp_run_weigh_classes(const mlp_run_job *job, mlp_run_data *data);

/** Whether all rows there are fit a table. */
bool mlp_run_is_small(const mlp_run_data *data, const mlp_model *model);

/** Print that table, and whether the rows are learned. Collective. */
mlp_status mlp_run_print_rows(mlp_run_parts *run);

/** The best rows there are to measure a model by: of test, else validation,
 * else training. */
const mlp_sharded *mlp_run_best_split(const mlp_run_data *data);

/** Warn, and log, when a finished run ends with a model that is no better than
 *  the mean of the targets or the largest class, and say what may be the cause.
 *  Evaluates only then. Not of rows that fit a table, which says so itself.
 *  Collective. */
mlp_status mlp_run_check_outcome(mlp_run_parts *run);

/** Fit the scaling of each column to a split: max, minmax or standard. The same
 *  bits on any number of ranks.
 *  @param scaler  overwritten; to be destroyed, after a failure too
 *  MLP_ERROR_DATA as mlp_scaler_of. Collective. */
mlp_status mlp_run_fit_columns(mlp_comm *comm, const mlp_sharded *split,
                               size_t shards, mlp_scaling scaling,
                               mlp_scaler *scaler);

/** Prepare the checkpoint directory and, to resume, load its newest valid
 *  checkpoint and take over its configuration. Collective. */
mlp_status mlp_run_open_state(mlp_run_parts *run);

/** Check the loaded state against data and model, or make the initial one;
 *  hand it to the trainer. Collective. */
mlp_status mlp_run_begin_state(mlp_run_parts *run);

/** Copy parameters and moments from the trainer into the state, between
 *  steps. MLP_DIVERGED when one of them is not finite, which is the last chance
 *  before results of it are printed or saved. Rank 0; not collective. */
mlp_status mlp_run_fetch_state(mlp_run_parts *run);

/** Check the finished epochs for early stopping, and set the learning-rate
 * scale: rank 0 has the history, all follow it. Collective. */
mlp_status mlp_run_check_early_stopping(mlp_run_parts *run);

/** With --patience: keep the weights of the epoch that has just been checked,
 *  and fetched, if it is the best. Rank 0's matter; not collective. */
void mlp_run_keep_best(mlp_run_parts *run);

/** With --patience: go back to the weights of the best epoch. Collective. */
mlp_status mlp_run_restore_best(mlp_run_parts *run);

/** The state as it is now, a resumed one or the first, is the parent of the
 *  next one that is saved. Rank 0; not collective. */
mlp_status mlp_run_begin_chain(mlp_run_parts *run, bool is_resumed);

/** Let the sentinel look, once after each step at most: before anything is
 *  kept. MLP_ERROR_INTERNAL as mlp_trainer_compare. Collective. */
mlp_status mlp_run_compare(mlp_run_parts *run);

/** Save a checkpoint, if there is a directory to save to. Collective. */
mlp_status mlp_run_save(mlp_run_parts *run);

/** Save after a step, or after an epoch has been closed, if it is time to.
 *  Collective. */
mlp_status mlp_run_save_step(mlp_run_parts *run);
mlp_status mlp_run_save_epoch(mlp_run_parts *run, bool is_last);

/** Seconds that the next save may take, at most. */
double mlp_run_expect_save(const mlp_checkpoint *state,
                           const mlp_run_saving *saving);

/** Copy the state, as it is now. */
mlp_status mlp_run_copy_state(const mlp_checkpoint *state, mlp_run_copy *copy);
/** Swap the arrays of state and copy. */
void mlp_run_swap_copy(mlp_checkpoint *state, mlp_run_copy *copy);
void mlp_run_drop_copy(mlp_run_copy *copy);

/** If a result is wanted: keep the state, which is of the end of an epoch, or
 *  of the beginning. Collective. */
mlp_status mlp_run_keep_end(mlp_run_parts *run);

/** If a result is wanted: hand the kept state over, or of a finished run the
 * one that the trainer has. Collective.
 *  @param is_finished  all epochs are done, and no stop came before */
mlp_status mlp_run_hand_over(mlp_run_parts *run, bool is_finished);

/** Train from the state's epoch and step to the last epoch: MLP_OK; or, when
 *  some rank was asked to stop, save: MLP_STOPPED. Collective. */
mlp_status mlp_run_train(mlp_run_parts *run);

/** To replay: read the chain, load the state to begin from, take over its
 *  configuration and find what is to be compared. Collective. */
mlp_status mlp_run_open_replay(mlp_run_parts *run);

/** Copy what rank 0 loaded into run->job.config and run->state, arrays
 * excepted, to all ranks. Collective. */
mlp_status mlp_run_share_facts(mlp_run_parts *run);

/** Compare the state with the chain's of this step, if it has one:
 *  MLP_ERROR_DATA when it differs. Collective. */
mlp_status mlp_run_check_replay(mlp_run_parts *run);

/** Say what the replay confirmed. Rank 0; not collective. */
mlp_status mlp_run_print_replay(const mlp_config *config,
                                const mlp_run_replay *replay);

/** Begin to measure, if the configuration asks for it. Collective. */
mlp_status mlp_run_start_profile(const mlp_run_job *job,
                                 mlp_run_profiling *profiling);

/** Print the table and write the trace that were asked for. Collective. */
mlp_status mlp_run_report_profile(mlp_run_parts *run);

#endif
