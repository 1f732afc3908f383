/** @file
 *  Where a value that is not finite came from. A step finds out that there is
 *  one by the loss or by the gradient, which costs next to nothing; only then
 *  each rank looks through what it has, in the order in which one value makes
 *  the next.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "internal.h"

/* A rank checks the rows that it handed in, and the sums that it computed.
 * The places of a step, in order: the input; each layer's weights and
 * activations; the loss; backwards each layer's error and gradient; then the
 * sums of gradients. */
typedef enum { INPUT, WEIGHT, ACTIVATION, LOSS, ERROR, GRADIENT, SUM } quantity;

typedef struct {
    quantity what;
    size_t layer;
} place;

static size_t places(const mlp_trainer *trainer)
{
    return 2 + 5 * trainer->parts.model->layers;
}

static place place_at(const mlp_trainer *trainer, size_t order)
{
    size_t layers = trainer->parts.model->layers;
    if (order == 0) {
        return (place){INPUT, 0};
    }
    if (order <= 2 * layers) {
        return (place){order % 2 == 1 ? WEIGHT : ACTIVATION, (order - 1) / 2};
    }
    size_t behind = order - 2 * layers - 1;
    if (behind == 0) {
        return (place){LOSS, layers - 1};
    }
    if (behind > 2 * layers) {
        return (place){SUM, 3 * layers - behind};
    }
    return (place){behind % 2 == 1 ? ERROR : GRADIENT,
                   layers - 1 - (behind - 1) / 2};
}

bool mlp_trainer_are_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static bool are_losses_finite(const mlp_trainer *trainer, mlp_range rows)
{
    for (size_t r = 0; r < rows.count; r++) {
        if (!isfinite(mlp_pass_losses(trainer->node.pass)[rows.first + r])) {
            return false;
        }
    }
    return true;
}

/* Where this rank's own were not safe; sums of the team may lie in their place
 * by now. */
static bool are_gradients_finite(const mlp_trainer *trainer, size_t l)
{
    const mlp_layer *layer = &mlp_trainer_held(trainer)->layer[l];
    if (!atomic_load(&trainer->alarms[l].is_unsafe)) {
        return true;
    }
    for (size_t i = 0; i < trainer->weights.subtree_count; i++) {
        const float *sum = trainer->weights.subtrees[i].sum + layer->offset;
        if (!mlp_trainer_are_finite(sum, layer->size)) {
            return false;
        }
    }
    return true;
}

static bool is_finite_at(const mlp_trainer *trainer, place at)
{
    const mlp_layer *layer = &trainer->parts.model->layer[at.layer];
    const mlp_batch *batch = mlp_feed_batch(trainer->node.feed);
    const mlp_layer *held = &mlp_trainer_held(trainer)->layer[at.layer];
    mlp_range gathered = mlp_feed_here(trainer->node.feed);
    mlp_range rows = mlp_trainer_rows_here(trainer);
    size_t first = rows.first * mlp_stride(layer->out);
    size_t outputs = rows.count * mlp_stride(layer->out);
    switch (at.what) {
    case INPUT:
        return mlp_trainer_are_finite(batch->values +
                                          gathered.first * batch->stride,
                                      gathered.count * batch->stride);
    case WEIGHT:
        return mlp_trainer_are_finite(
            trainer->weights.vectors[0] + held->offset, held->size);
    case ACTIVATION:
        return mlp_trainer_are_finite(
            mlp_pass_activations(trainer->node.pass, at.layer) + first,
            outputs);
    case LOSS:
        return are_losses_finite(trainer, rows);
    case ERROR:
        return at.layer < trainer->parts.model->frozen ||
               mlp_trainer_are_finite(
                   mlp_pass_dz(trainer->node.pass, at.layer) + first, outputs);
    case GRADIENT:
        return are_gradients_finite(trainer, at.layer);
    case SUM:
        break;
    }
    return !atomic_load(&trainer->alarms[at.layer].is_infinite);
}

/* The first place where this rank has such a value; places() if nowhere. */
static size_t first_place(const mlp_trainer *trainer)
{
    size_t order = 0;
    while (order < places(trainer) &&
           is_finite_at(trainer, place_at(trainer, order))) {
        order++;
    }
    return order;
}

/* "rank 2, layer 1: an activation" */
static void name_place(place at, size_t rank, char *text, size_t size)
{
    static const char *const names[] = {[INPUT] = "an input",
                                        [WEIGHT] = "a weight",
                                        [ACTIVATION] = "an activation",
                                        [LOSS] = "the loss",
                                        [ERROR] = "an error going back",
                                        [GRADIENT] = "a gradient"};
    if (at.what == SUM) {
        snprintf(text, size, "layer %zu: the sum of all ranks' gradients",
                 at.layer);
    } else if (at.what == INPUT || at.what == LOSS) {
        snprintf(text, size, "rank %zu: %s", rank, names[at.what]);
    } else {
        snprintf(text, size, "rank %zu, layer %zu: %s", rank, at.layer,
                 names[at.what]);
    }
}

mlp_status mlp_trainer_diagnose(mlp_trainer *trainer, uint64_t epoch,
                                size_t step)
{
    size_t none = places(trainer);
    size_t rank;
    char text[128] = "the sum of all ranks";
    /* the first place of all ranks is the farthest from the end */
    uint32_t left = (uint32_t)(none - first_place(trainer));
    MLP_TRY(mlp_comm_max_rank(trainer->parts.comm, &left, &rank));
    if (left > 0) {
        name_place(place_at(trainer, none - left), rank, text, sizeof text);
    }
    return mlp_fail(MLP_DIVERGED,
                    "epoch %llu, step %zu: %s is not finite: a smaller --lr "
                    "may help",
                    (unsigned long long)epoch + 1, step + 1, text);
}
