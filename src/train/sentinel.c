/** @file
 *  The sentinel: compares parameters, moments and position of all ranks. A bit
 *  that a memory or a processor got wrong on one of them would otherwise be
 *  trained on, and saved.
 *
 *  Each rank takes fingerprints of all parameters and moments as it reads them,
 *  whether they are its own or its node's. What a node holds but once is
 *  compared with the other nodes; on a single node with what its other ranks
 *  read of it.
 */
#include <string.h>

#include "base/fingerprint.h"
#include "internal.h"

/* Words of two floats that a thread takes in at a time. */
enum { BLOCK = 8192 };

/* What a rank has, as one fingerprint each. */
enum { PARAMETERS, MOMENTS, POSITION };
_Static_assert(POSITION + 1 == MLP_VIEW_SIZE, "a view has all of these");

static const char *const names[] = {"parameters", "moments of the optimizer",
                                    "position of the training"};

/* ---- fingerprints ------------------------------------------------------ */

typedef struct {
    mlp_trainer *trainer;
    const float *values;
    size_t words;
} fingerprint_job;

/* Blocks in turn: the threads' shares end up alike, whatever the node team. */
static void fingerprint_share(void *context, mlp_thread self)
{
    const fingerprint_job *all = context;
    uint64_t sum = 0;
    for (size_t first = self.index * BLOCK; first < all->words;
         first += self.count * BLOCK) {
        size_t rest = all->words - first;
        sum += mlp_fingerprint(all->values + 2 * first, first,
                               rest < BLOCK ? rest : BLOCK);
    }
    all->trainer->sentinel.prints[self.index] = sum;
}

static uint64_t fingerprint(mlp_trainer *trainer, size_t state)
{
    const mlp_model *model = trainer->weights.model;
    /* what only this node has cannot be compared */
    size_t first = mlp_trainer_has_columns(trainer) ? model->layer[0].size : 0;
    fingerprint_job all = {trainer, trainer->weights.vectors[state] + first,
                           (model->vector_size - first) / 2};
    size_t threads = trainer->tuner.count;
    uint64_t sum = 0;
    memset(trainer->sentinel.prints, 0,
           threads * sizeof *trainer->sentinel.prints);
    mlp_threads_run(trainer->threads, threads, fingerprint_share, &all);
    for (size_t t = 0; t < threads; t++) {
        sum += trainer->sentinel.prints[t];
    }
    return sum;
}

/* Where the training is, as far as this rank knows. */
static uint64_t fingerprint_position(const mlp_trainer *trainer, uint64_t step)
{
    uint64_t words[] = {step, trainer->position.order.epoch, 0};
    memcpy(&words[2], &trainer->position.rate_scale, sizeof words[2]);
    return mlp_fingerprint(words, 0, sizeof words / sizeof *words);
}

static void fingerprint_all(mlp_trainer *trainer, uint64_t step, uint64_t *view)
{
    view[PARAMETERS] = fingerprint(trainer, 0);
    view[MOMENTS] = 0;
    for (size_t i = 1; i < trainer->weights.count; i++) {
        view[MOMENTS] = view[MOMENTS] * 3 + fingerprint(trainer, i);
    }
    view[POSITION] = fingerprint_position(trainer, step);
}

/* ---- comparing --------------------------------------------------------- */

static mlp_status name_odd_ranks(const mlp_vote *vote, uint64_t step)
{
    char odd[256] = "";
    size_t first = 0, what = 0;
    mlp_vote_name_odd(vote, odd, sizeof odd);
    while (!mlp_vote_is_odd(vote, first)) {
        first++;
    }
    while (what < POSITION && mlp_vote_of(vote, first)[what] ==
                                  mlp_vote_of(vote, vote->common)[what]) {
        what++;
    }
    return mlp_fail(
        MLP_ERROR_INTERNAL,
        "sentinel: after step %llu, %s: other %s than rank %zu%s: error of a "
        "memory or processor; this state is not saved",
        (unsigned long long)step, odd, names[what], vote->common,
        2 * vote->votes > vote->ranks
            ? " and the majority"
            : " (no majority: which is wrong is unknown)");
}

mlp_status mlp_trainer_compare(mlp_trainer *trainer, uint64_t step)
{
    mlp_vote *vote = &trainer->sentinel.vote;
    uint64_t view[MLP_VIEW_SIZE];
    if (vote->ranks == 1) {
        return MLP_OK;
    }
    mlp_trainer_wait(trainer);
    fingerprint_all(trainer, step, view);
    MLP_TRY(mlp_vote_take(trainer->parts.comm, view, vote));
    return vote->votes == vote->ranks ? MLP_OK : name_odd_ranks(vote, step);
}
