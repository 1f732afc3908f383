/** @file
 *  Hidden units that have died: ReLU gives 0 for every row, so no gradient gets
 *  through them, and no step changes their weights any more.
 */
#include <stdlib.h>

#include "internal.h"

enum { ROWS_OF_SHARD = 64 }; /* the first ones: a sample that no team changes */

static bool can_die(const mlp_model *model, size_t l)
{
    return l + 1 < model->layers &&
           model->layer[l].activation == MLP_ACTIVATION_RELU;
}

static size_t count_units(const mlp_model *model)
{
    size_t units = 0;
    for (size_t l = 0; l < model->layers; l++) {
        units += can_die(model, l) ? model->layer[l].out : 0;
    }
    return units;
}

/* Mark the units that are above 0 for one of the pass's rows.
 * @param is_alive  [count_units], all layers' one behind the other */
static void mark_alive(const mlp_trainer *trainer, size_t rows,
                       uint64_t *is_alive)
{
    const mlp_model *model = trainer->parts.model;
    for (size_t l = 0; l < model->layers; l++) {
        if (!can_die(model, l)) {
            continue;
        }
        size_t out = model->layer[l].out;
        const float *a = mlp_pass_activations(trainer->evaluation.pass, l);
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < out; j++) {
                is_alive[j] |= a[r * mlp_stride(out) + j] != 0.0F;
            }
        }
        is_alive += out;
    }
}

/* Run this rank's part of the sample forward. Returns the rows of the whole
 * sample, of all ranks. */
static size_t run_sample(mlp_trainer *trainer, uint64_t *is_alive)
{
    const mlp_sharded *train = trainer->parts.train;
    const mlp_evaluator evaluator = mlp_trainer_evaluator(trainer);
    mlp_evaluation_order order = mlp_trainer_order(trainer, train);
    mlp_evaluation e;
    order.most = ROWS_OF_SHARD;
    mlp_evaluation_begin(&e, &evaluator, &train->here, &order);
    while (mlp_evaluation_next(&e)) {
        mark_alive(trainer, e.rows.count, is_alive);
    }
    return mlp_evaluation_rows(&order);
}

/* That with the largest share of dead units; of equals the first. */
static void find_worst_layer(const mlp_model *model, const uint64_t *is_alive,
                             mlp_dead_units *found)
{
    for (size_t l = 0; l < model->layers; l++) {
        if (!can_die(model, l)) {
            continue;
        }
        size_t out = model->layer[l].out;
        size_t dead = 0;
        for (size_t j = 0; j < out; j++) {
            dead += is_alive[j] == 0;
        }
        if (found->units == 0 || dead * found->units > found->dead * out) {
            found->layer = l;
            found->units = out;
            found->dead = dead;
        }
        is_alive += out;
    }
}

static mlp_status count_dead(mlp_trainer *trainer, uint64_t *is_alive,
                             mlp_dead_units *found)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    found->rows = run_sample(trainer, is_alive);
    MLP_TRY(
        mlp_comm_agree(parts->comm, mlp_dataset_status(&parts->train->here)));
    MLP_TRY(mlp_comm_max(parts->comm, is_alive, count_units(parts->model)));
    find_worst_layer(parts->model, is_alive, found);
    return MLP_OK;
}

mlp_status mlp_trainer_count_dead(mlp_trainer *trainer, mlp_dead_units *found)
{
    size_t units = count_units(trainer->parts.model);
    *found = (mlp_dead_units){0};
    if (units == 0) {
        return MLP_OK;
    }
    uint64_t *is_alive = calloc(units, sizeof *is_alive);
    mlp_status status =
        is_alive == NULL ? mlp_fail_memory("the units of a model") : MLP_OK;
    status = mlp_comm_agree(trainer->parts.comm, status);
    if (status == MLP_OK) {
        status = count_dead(trainer, is_alive, found);
    }
    free(is_alive);
    return status;
}
