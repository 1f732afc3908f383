/** @file
 *  The sentinel: do all ranks hold the same? A bit that a memory or a processor
 *  got wrong on one of them would otherwise be trained on, and saved.
 *
 *  Each rank looks at all parameters and moments as it sees them, whether they
 *  are its own or its node's. What a node holds but once is compared with the
 *  other nodes; on a single node with what its other ranks see of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/fingerprint.h"
#include "internal.h"

/* Words of two floats that a thread looks at in one go. */
enum { BLOCK = 8192 };

/* What a rank sees, as one fingerprint each. */
enum { PARAMETERS, MOMENTS, POSITION };
_Static_assert(POSITION + 1 == MLP_VIEW_SIZE, "a view has all of these");

static const char *const names[] = {"parameters", "moments of the optimizer",
                                    "place in the training"};

/* ---- looking ----------------------------------------------------------- */

typedef struct {
    mlp_trainer *trainer;
    const float *values;
    size_t words;
} sight;

/* Blocks in turn: the threads' shares end up alike, whatever the crew. */
static void look_at_share(void *context, mlp_thread self)
{
    const sight *all = context;
    uint64_t sum = 0;
    for (size_t first = self.index * BLOCK; first < all->words;
         first += self.count * BLOCK) {
        size_t rest = all->words - first;
        sum += mlp_fingerprint(all->values + 2 * first, first,
                               rest < BLOCK ? rest : BLOCK);
    }
    all->trainer->sentinel.prints[self.index] = sum;
}

static uint64_t look_at(mlp_trainer *trainer, size_t state)
{
    sight all = {trainer, mlp_exchange_state(trainer->exchange, state),
                 trainer->parts.model->vector_size / 2};
    size_t threads = trainer->tuner.count;
    uint64_t sum = 0;
    memset(trainer->sentinel.prints, 0,
           threads * sizeof *trainer->sentinel.prints);
    mlp_threads_run(threads, look_at_share, &all);
    for (size_t t = 0; t < threads; t++) {
        sum += trainer->sentinel.prints[t];
    }
    return sum;
}

/* Where the training is, as far as this rank knows. */
static uint64_t look_at_position(const mlp_trainer *trainer, uint64_t step)
{
    uint64_t words[] = {step, trainer->position.shuffled_epoch, 0};
    memcpy(&words[2], &trainer->position.rate_scale, sizeof words[2]);
    return mlp_fingerprint(words, 0, sizeof words / sizeof *words);
}

static void look(mlp_trainer *trainer, uint64_t step, uint64_t *view)
{
    size_t moments = mlp_optimizer_moments(trainer->parts.config);
    view[PARAMETERS] = look_at(trainer, 0);
    view[MOMENTS] = 0;
    for (size_t i = 0; i < moments; i++) {
        view[MOMENTS] = view[MOMENTS] * 3 + look_at(trainer, 1 + i);
    }
    view[POSITION] = look_at_position(trainer, step);
}

/* ---- comparing --------------------------------------------------------- */

static const uint64_t *view_of(const mlp_trainer *trainer, size_t rank)
{
    return trainer->sentinel.views + rank * MLP_VIEW_SIZE;
}

static bool is_same(const mlp_trainer *trainer, size_t one, size_t other)
{
    return memcmp(view_of(trainer, one), view_of(trainer, other),
                  MLP_VIEW_SIZE * sizeof(uint64_t)) == 0;
}

/* How many ranks see what this one does. */
static size_t count_alike(const mlp_trainer *trainer, size_t rank)
{
    size_t count = 0;
    for (size_t r = 0; r < mlp_comm_size(trainer->parts.comm); r++) {
        count += is_same(trainer, rank, r);
    }
    return count;
}

/* The first of those ranks that are most. */
static size_t find_common(const mlp_trainer *trainer, size_t *votes)
{
    size_t common = 0;
    *votes = 0;
    for (size_t r = 0; r < mlp_comm_size(trainer->parts.comm); r++) {
        size_t count = count_alike(trainer, r);
        if (count > *votes) {
            common = r;
            *votes = count;
        }
    }
    return common;
}

/* The ranks that see something else than `common`, as "rank 2" or
 * "ranks 0-2,5". */
static void name_odd(const mlp_trainer *trainer, size_t common, char *text,
                     size_t size)
{
    size_t ranks = mlp_comm_size(trainer->parts.comm);
    bool is_one = count_alike(trainer, common) + 1 == ranks;
    size_t used = (size_t)snprintf(text, size, is_one ? "rank" : "ranks");
    const char *comma = " ";
    for (size_t r = 0; r < ranks && used < size; r++) {
        size_t end = r;
        while (end < ranks && !is_same(trainer, end, common)) {
            end++;
        }
        if (end > r) {
            used += (size_t)snprintf(text + used, size - used,
                                     end - r > 1 ? "%s%zu-%zu" : "%s%zu", comma,
                                     r, end - 1);
            comma = ",";
            r = end;
        }
    }
}

static mlp_status blame(const mlp_trainer *trainer, uint64_t step)
{
    char odd[256] = "";
    size_t votes = 0, what = 0;
    size_t common = find_common(trainer, &votes);
    size_t ranks = mlp_comm_size(trainer->parts.comm);
    name_odd(trainer, common, odd, sizeof odd);
    size_t first = 0;
    while (is_same(trainer, first, common)) {
        first++;
    }
    while (what < POSITION &&
           view_of(trainer, first)[what] == view_of(trainer, common)[what]) {
        what++;
    }
    return mlp_fail(
        MLP_ERROR_INTERNAL,
        "sentinel: after step %llu %s: other %s than rank %zu%s: a memory or a "
        "processor is at fault; nothing of it is saved",
        (unsigned long long)step, odd, names[what], common,
        2 * votes > ranks ? " and the most"
                          : ", and no majority tells who is "
                            "right");
}

mlp_status mlp_trainer_compare(mlp_trainer *trainer, uint64_t step)
{
    mlp_comm *comm = trainer->parts.comm;
    size_t ranks = mlp_comm_size(comm);
    if (ranks == 1) {
        return MLP_OK;
    }
    mlp_trainer_wait(trainer);
    memset(trainer->sentinel.views, 0,
           ranks * MLP_VIEW_SIZE * sizeof *trainer->sentinel.views);
    look(trainer, step,
         trainer->sentinel.views + mlp_comm_rank(comm) * MLP_VIEW_SIZE);
    MLP_TRY(mlp_comm_sum(comm, trainer->sentinel.views, ranks * MLP_VIEW_SIZE));
    for (size_t r = 1; r < ranks; r++) {
        if (!is_same(trainer, 0, r)) {
            return blame(trainer, step);
        }
    }
    return MLP_OK;
}
