/** @file
 *  mlp_train --replay: repeat a run from a checkpoint of its chain, and compare
 *  every later state of the chain bit for bit. That includes parents whose
 *  files are deleted, as their children store their digests. Of states made by
 *  an older version with other arithmetic, only parameters are compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/chain.h"
#include "run.h"

#include "internal.h"
#include "system/files.h"

/* ---- the start --------------------------------------------------------- */

static bool is_whole(const mlp_chain_link *link)
{
    return link->status == MLP_OK;
}

/* The link of step --replay-from, or the oldest whole one. */
static mlp_status find_start(const mlp_config *config, const mlp_chain *chain,
                             const mlp_chain_link **start)
{
    bool is_given = mlp_config_was_given(config, "replay-from");
    for (size_t i = 0; i < chain->count; i++) {
        *start = &chain->links[i];
        bool is_meant = !is_given || (*start)->name.step == config->from;
        if (is_meant && is_whole(*start)) {
            return MLP_OK;
        }
        if (is_meant && is_given) {
            return mlp_fail(MLP_ERROR_DATA, "%s", (*start)->fault);
        }
    }
    return is_given
               ? mlp_fail(MLP_ERROR_MISSING,
                          "--replay-from %" PRIu64 ": %s has no checkpoint of "
                          "that step",
                          config->from, config->replay)
               : mlp_fail(MLP_ERROR_DATA, "%s: no checkpoint is valid",
                          config->replay);
}

/* A segment that begins with a state has epochs of its own. */
static void begin_segment(const mlp_chain *chain, mlp_checkpoint *state)
{
    for (size_t i = 0; i < chain->count; i++) {
        const mlp_chain_link *link = &chain->links[i];
        if (is_whole(link) && link->name.step > state->step &&
            link->schedule_start == state->step && state->step > 0) {
            state->config.epochs = link->epochs;
            state->config.schedule_start = link->schedule_start;
            return;
        }
    }
}

static mlp_status load_link(mlp_run_parts *run, const mlp_chain *chain,
                            const mlp_chain_link *link)
{
    char name[MLP_NAME_BYTES];
    mlp_checkpoint_name_format(link->name, name);
    MLP_TRY(mlp_path_join(run->job.config.replay, name, run->resumed_from));
    MLP_TRY(mlp_checkpoint_load(run->resumed_from, &run->state));
    begin_segment(chain, &run->state);
    return mlp_config_adopt(&run->job.config, &run->state.config);
}

/* Adopt the configuration of a checkpoint, but not its state. */
static mlp_status start_from_first_weights(mlp_run_parts *run,
                                           const mlp_chain *chain)
{
    mlp_config oldest = run->job.config;
    const mlp_chain_link *link;
    memset(oldest.given, 0, sizeof oldest.given);
    MLP_TRY(find_start(&oldest, chain, &link));
    MLP_TRY(load_link(run, chain, link));
    unsigned char origin[MLP_DIGEST_BYTES];
    memcpy(origin, run->state.origin_digest, sizeof origin);
    mlp_checkpoint_destroy(&run->state);
    memcpy(run->state.origin_digest, origin, sizeof origin);
    run->resumed_from[0] = '\0';
    return mlp_checkpoint_has_origin(&run->state) &&
                   run->job.config.start_from[0] == '\0'
               ? mlp_fail(MLP_ERROR_USAGE,
                          "%s: started from another run: name its checkpoint "
                          "with --start-from",
                          run->job.config.replay)
               : MLP_OK;
}

/* ---- expected digests -------------------------------------------------- */

static void add_expected(mlp_run_parts *run, mlp_run_expected expected)
{
    bool is_beyond = run->job.config.steps > 0 &&
                     expected.step > run->state.step + run->job.config.steps;
    if (expected.step > run->state.step && !is_beyond) {
        run->replay.expected[run->replay.count++] = expected;
    }
}

/* Whether all steps from the start of the replay to this state were made with
 * this version's arithmetic. Then moments are compared, else only parameters.
 */
static bool is_of_this_arithmetic(const mlp_run_parts *run,
                                  const mlp_chain_link *link)
{
    return link->arithmetic == MLP_ARITHMETIC &&
           link->arithmetic_since <= run->state.step;
}

/* Whether a state is of the segment of the run that is repeated. */
static bool is_of_this_segment(const mlp_run_parts *run,
                               const mlp_chain_link *link)
{
    const mlp_config *config = &run->job.config;
    return link->epochs == config->epochs &&
           link->schedule_start == config->schedule_start;
}

/* Add the chain's states after the start, and their parents that have no file
 * any more, whose digests the children store. */
static void add_links(mlp_run_parts *run, const mlp_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        const mlp_chain_link *link = &chain->links[i];
        bool is_state = is_of_this_arithmetic(run, link);
        mlp_run_expected parent = {.step = link->parent_step, .is_state = true};
        mlp_run_expected expected = {.step = link->name.step,
                                     .is_state = is_state};
        if (!is_whole(link) || !is_of_this_segment(run, link)) {
            continue;
        }
        mlp_checkpoint_name_format(link->name, expected.name);
        memcpy(parent.name, expected.name, sizeof parent.name);
        memcpy(parent.digest, link->parent_digest, sizeof parent.digest);
        memcpy(expected.digest,
               is_state ? link->digest : link->parameters_digest,
               sizeof expected.digest);
        if (is_state &&
            mlp_chain_find_parent(chain, link) != MLP_PARENT_VERIFIED) {
            add_expected(run, parent);
        }
        add_expected(run, expected);
    }
}

static int by_step(const void *a, const void *b)
{
    const mlp_run_expected *one = a, *other = b;
    return (one->step > other->step) - (one->step < other->step);
}

/* A replay without a state to compare is an error. */
static mlp_status refuse_without_comparison(const mlp_run_parts *run,
                                            const mlp_chain *chain)
{
    uint64_t step = run->state.step;
    for (size_t i = 0; i < chain->count; i++) {
        const mlp_chain_link *link = &chain->links[i];
        uint64_t next = link->name.step;
        if (is_whole(link) && next > step && is_of_this_segment(run, link)) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--check-steps %" PRIu64 ": from step %" PRIu64
                            " the next checkpoint is %" PRIu64
                            " steps away, at step %" PRIu64,
                            run->job.config.steps, step, next - step, next);
        }
    }
    return mlp_fail(
        MLP_ERROR_MISSING,
        "%s: has no checkpoint after step %" PRIu64
        " to compare with: use --replay-from 0 to repeat the run from "
        "its first weights, or train on",
        run->job.config.replay, step);
}

static mlp_status find_expected(mlp_run_parts *run, const mlp_chain *chain)
{
    run->replay.expected =
        calloc(2 * chain->count, sizeof *run->replay.expected);
    if (run->replay.expected == NULL) {
        return mlp_fail_memory("the chain of checkpoints");
    }
    add_links(run, chain);
    if (run->replay.count == 0) {
        return refuse_without_comparison(run, chain);
    }
    qsort(run->replay.expected, run->replay.count, sizeof *run->replay.expected,
          by_step);
    run->job.config.max_steps =
        run->replay.expected[run->replay.count - 1].step;
    return MLP_OK;
}

static mlp_status open_chain(mlp_run_parts *run)
{
    mlp_chain chain;
    const mlp_chain_link *start;
    MLP_TRY(mlp_chain_read(run->job.config.replay, &chain));
    mlp_status status = MLP_OK;
    if (mlp_config_was_given(&run->job.config, "replay-from") &&
        run->job.config.from == 0) {
        status = start_from_first_weights(run, &chain);
    } else {
        status = find_start(&run->job.config, &chain, &start);
        if (status == MLP_OK) {
            status = load_link(run, &chain, start);
        }
    }
    if (status == MLP_OK) {
        run->job.config.from = run->state.step;
        status = find_expected(run, &chain);
    }
    mlp_chain_destroy(&chain);
    return status;
}

/* Comparisons are collective, so all ranks need their steps. */
static mlp_status broadcast_expected(mlp_comm *comm, mlp_run_replay *replay)
{
    uint64_t count = replay->count;
    MLP_TRY(mlp_comm_broadcast(comm, &count, sizeof count));
    size_t bytes = count * sizeof *replay->expected;
    if (replay->expected == NULL) {
        replay->expected = malloc(bytes);
    }
    mlp_status status = replay->expected == NULL
                            ? mlp_fail_memory("the chain of checkpoints")
                            : MLP_OK;
    MLP_TRY(mlp_comm_agree(comm, status));
    replay->count = count;
    return mlp_comm_broadcast(comm, replay->expected, bytes);
}

mlp_status mlp_run_open_replay(mlp_run_parts *run)
{
    mlp_status status = mlp_run_is_leader(&run->job) ? open_chain(run) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    MLP_TRY(mlp_run_broadcast_scalars(run));
    return broadcast_expected(run->job.comm, &run->replay);
}

/* ---- comparing --------------------------------------------------------- */

static mlp_status digest_now(const mlp_checkpoint *state,
                             const mlp_run_expected *expected,
                             unsigned char digest[MLP_DIGEST_BYTES])
{
    return expected->is_state
               ? mlp_checkpoint_digest(state, digest)
               : mlp_model_digest(state->parameters, state->parameter_count,
                                  digest);
}

/* The state is fetched. */
static mlp_status compare(const mlp_run_parts *run,
                          const mlp_run_expected *expected)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    char ours[MLP_DIGEST_HEX], theirs[MLP_DIGEST_HEX];
    MLP_TRY(digest_now(&run->state, expected, digest));
    if (memcmp(digest, expected->digest, sizeof digest) == 0) {
        return MLP_OK;
    }
    mlp_digest_hex(digest, ours);
    mlp_digest_hex(expected->digest, theirs);
    return mlp_fail(MLP_ERROR_DATA,
                    "%s/%s: the %s after step %" PRIu64
                    " is %.16s..., in the replay from step %" PRIu64
                    " it is %.16s...",
                    run->job.config.replay, expected->name,
                    expected->is_state ? "state" : "digest of the weights",
                    expected->step, theirs, run->job.config.from, ours);
}

mlp_status mlp_run_check_replay(mlp_run_parts *run)
{
    while (run->replay.next < run->replay.count &&
           run->replay.expected[run->replay.next].step == run->state.step) {
        const mlp_run_expected *expected =
            &run->replay.expected[run->replay.next++];
        MLP_TRY(mlp_run_fetch_state(run));
        mlp_status status =
            mlp_run_is_leader(&run->job) ? compare(run, expected) : MLP_OK;
        MLP_TRY(mlp_comm_agree(run->job.comm, status));
    }
    return MLP_OK;
}

mlp_status mlp_run_print_replay(const mlp_config *config,
                                const mlp_run_replay *replay)
{
    const mlp_run_expected *last = &replay->expected[replay->count - 1];
    char hex[MLP_DIGEST_HEX];
    size_t states = 0;
    for (size_t i = 0; i < replay->count; i++) {
        states += replay->expected[i].is_state;
    }
    mlp_digest_hex(last->digest, hex);
    printf("replay of steps %" PRIu64 " to %" PRIu64 ": ", config->from,
           last->step);
    if (states == replay->count) {
        printf("all %zu digests of states are the same\n", states);
    } else {
        printf("all %zu digests are the same, %zu of them of weights alone: an "
               "earlier version made those checkpoints, with another "
               "arithmetic of moments\n",
               replay->count, replay->count - states);
    }
    printf("%s sha256 %s\n", last->is_state ? "state" : "parameters", hex);
    return mlp_stdout_flush();
}
