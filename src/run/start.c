/** @file
 *  --start-from: a new run that takes weights, scaling and the columns of
 *  tables from another one; and what it keeps of that when it is resumed.
 *
 *  Rank 0 reads the checkpoint and sends its bytes. Epochs and steps are
 *  counted from 0 again, and moments begin at 0.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkpoint/file.h"

#include "internal.h"

static mlp_status encode(const mlp_checkpoint *state, unsigned char **bytes,
                         uint64_t *size)
{
    size_t length = 0;
    MLP_TRY(mlp_checkpoint_encode(state, bytes, &length));
    *size = length;
    return MLP_OK;
}

/* Give all ranks a copy of rank 0's state. Collective. */
static mlp_status send(mlp_comm *comm, const mlp_checkpoint *state,
                       mlp_checkpoint *copy)
{
    unsigned char *bytes = NULL;
    uint64_t size = 0;
    bool is_leader = mlp_comm_rank(comm) == 0;
    mlp_status status =
        mlp_comm_agree(comm, is_leader ? encode(state, &bytes, &size) : MLP_OK);
    if (status == MLP_OK) {
        status = mlp_comm_broadcast(comm, &size, sizeof size);
    }
    if (status == MLP_OK) {
        bytes = is_leader ? bytes : malloc(size + 1);
        status = mlp_comm_agree(
            comm, bytes == NULL ? mlp_fail_memory("a checkpoint") : MLP_OK);
    }
    if (status == MLP_OK) {
        status = mlp_comm_broadcast(comm, bytes, size);
    }
    if (status == MLP_OK) {
        status =
            mlp_comm_agree(comm, mlp_checkpoint_parse("the run to start from",
                                                      bytes, size, copy));
    }
    free(bytes);
    return status;
}

/* ---- another run ------------------------------------------------------- */

/* A replay has its configuration, and knows where the run started from. */
static mlp_status check_origin(const mlp_run_parts *run, const char *found,
                               const unsigned char digest[MLP_DIGEST_BYTES])
{
    char ours[MLP_DIGEST_HEX];
    char theirs[MLP_DIGEST_HEX];
    mlp_digest_hex(run->state.origin_digest, theirs);
    mlp_digest_hex(digest, ours);
    return strcmp(ours, theirs) == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: is not what %s started from: its state is "
                          "%.16s..., not %.16s...; name another with "
                          "--start-from",
                          found, run->job.config.replay, ours, theirs);
}

/* Rows are held out as before; if there were none, as those of a new run. */
static void inherit_split(mlp_config *config, const mlp_config *other)
{
    if (!mlp_config_was_given(config, "split") &&
        mlp_config_holdout(other, NULL) == MLP_HOLDOUT_SEED &&
        other->validation == 0.0 && other->test_fraction == 0.0) {
        mlp_config_set_holdout(config, MLP_HOLDOUT_AUTO);
    }
}

/* Rank 0: load the run to start from, note its digest and take over its
 * configuration. */
static mlp_status open_other(mlp_run_parts *run, mlp_checkpoint *other)
{
    mlp_config *config = &run->job.config;
    unsigned char digest[MLP_DIGEST_BYTES];
    char found[MLP_MAX_PATH];
    char hex[MLP_DIGEST_HEX];
    MLP_TRY(mlp_checkpoint_open(config->start_from, other, found));
    MLP_TRY(mlp_checkpoint_digest(other, digest));
    if (mlp_run_is_replay(&run->job)) {
        return check_origin(run, found, digest);
    }
    memcpy(run->state.origin_digest, digest, sizeof digest);
    mlp_digest_hex(run->state.origin_digest, hex);
    mlp_log_note("starts from %s, step %llu, state %.16s", found,
                 (unsigned long long)other->step, hex);
    MLP_TRY(mlp_run_recall_data(config, config->start_from));
    MLP_TRY(mlp_config_inherit(config, &other->config));
    inherit_split(config, &other->config);
    return MLP_OK;
}

/* Its result are the weights; the rest of its state stays behind. */
static void leave_behind(mlp_checkpoint *start)
{
    size_t bytes = start->parameter_count * sizeof *start->parameters;
    memmove(start->parameters, mlp_checkpoint_result(start), bytes);
    for (size_t i = 0; i < start->moment_count; i++) {
        free(start->moments[i]);
        start->moments[i] = NULL;
    }
    start->moment_count = 0;
    start->epoch = 0;
    start->step = 0;
}

static mlp_status start_from_other(mlp_run_parts *run)
{
    mlp_checkpoint other = {0};
    mlp_comm *comm = run->job.comm;
    mlp_status status = mlp_comm_agree(
        comm, mlp_run_is_leader(&run->job) ? open_other(run, &other) : MLP_OK);
    if (status == MLP_OK) {
        status = mlp_run_broadcast_scalars(run);
    }
    if (status == MLP_OK) {
        status = send(comm, &other, &run->start);
    }
    mlp_checkpoint_destroy(&other);
    return status;
}

/* ---- all runs ---------------------------------------------------------- */

mlp_status mlp_run_open_start(mlp_run_parts *run)
{
    const mlp_config *config = &run->job.config;
    bool is_resumed = run->resumed_from[0] != '\0';
    bool has_origin = is_resumed ? mlp_checkpoint_has_origin(&run->state)
                                 : config->start_from[0] != '\0';
    if (run->job.start != NULL) {
        return MLP_OK; /* the caller's */
    }
    if (!has_origin) {
        return is_resumed || (config->freeze == 0 && !config->new_head)
                   ? MLP_OK
                   : mlp_fail(MLP_ERROR_USAGE, "--%s requires --start-from RUN",
                              config->freeze > 0 ? "freeze" : "new-head");
    }
    run->job.has_new_head = config->new_head && !is_resumed;
    MLP_TRY(is_resumed ? send(run->job.comm, &run->state, &run->start)
                       : start_from_other(run));
    leave_behind(&run->start);
    run->job.start = &run->start;
    return MLP_OK;
}

mlp_status mlp_run_take_weights(const mlp_run_job *job, const mlp_model *model,
                                float *parameters)
{
    const mlp_checkpoint *start = job->start;
    size_t last = start->layers - 1;
    size_t count = start->parameter_count;
    size_t here = model->parameters;
    if (job->has_new_head) { /* all before it, in canonical order */
        const mlp_layer *head = &model->layer[model->layers - 1];
        count -= (start->widths[last] + 1) * start->widths[last + 1];
        here -= (head->in + 1) * head->out;
        mlp_model_initialize(model, job->config.init, job->config.seed,
                             parameters);
    }
    if (count != here) {
        return mlp_fail(MLP_ERROR_DATA,
                        "the network to start from has %zu outputs, the data "
                        "needs %zu: see --new-head",
                        start->widths[last + 1],
                        model->layer[model->layers - 1].out);
    }
    memcpy(parameters, mlp_checkpoint_result(start),
           count * sizeof *parameters);
    return MLP_OK;
}
