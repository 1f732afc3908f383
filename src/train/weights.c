/** @file
 *  The weights in training: loaded, copied out and digested.
 */
#include "weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#include "internal.h"

mlp_status mlp_weights_create(const mlp_model *model, mlp_exchange *exchange,
                              size_t moments, bool keeps_sum,
                              mlp_weights *weights)
{
    *weights = (mlp_weights){
        .model = model, .exchange = exchange, .count = 1 + moments};
    for (size_t i = 0; i < weights->count; i++) {
        weights->vectors[i] = mlp_exchange_state(exchange, i);
    }
    if (keeps_sum) {
        weights->kept_sum =
            aligned_alloc(64, model->vector_size * sizeof(float));
        return weights->kept_sum != NULL
                   ? MLP_OK
                   : mlp_fail_memory("the gradient's sum");
    }
    return MLP_OK;
}

void mlp_weights_destroy(mlp_weights *weights)
{
    free(weights->subtrees);
    free(weights->leaves);
    free(weights->kept_sum);
    free(weights->whole);
    *weights = (mlp_weights){0};
}

/* The array of vector i in the caller's copies; NULL where there is none. */
static float *copy_of(size_t i, float *parameters, float *const *moments)
{
    if (i == 0) {
        return parameters;
    }
    return moments != NULL ? moments[i - 1] : NULL;
}

/* Set vector i to what the node holds of a canonical array. */
static void fill_vector(mlp_trainer *trainer, size_t i, const float *from)
{
    const mlp_weights *w = &trainer->weights;
    const mlp_model *model = trainer->parts.model;
    if (w->whole == NULL) {
        mlp_model_pack(model, from, w->vectors[i]);
        return;
    }
    size_t here = w->model->layer[0].size, all = model->layer[0].size;
    mlp_model_pack(model, from, w->whole);
    mlp_columns_take(
        model, w->whole,
        trainer->columns.of_node[mlp_comm_where(trainer->parts.comm)->node],
        w->vectors[i]);
    memcpy(w->vectors[i] + here, w->whole + all,
           (w->model->vector_size - here) * sizeof *w->whole);
}

mlp_status mlp_trainer_load(mlp_trainer *trainer, const float *parameters,
                            float *const *moments)
{
    const mlp_weights *w = &trainer->weights;
    mlp_trainer_finish_pending(trainer);
    /* One rank writes what others share with it; agree also is the barrier. */
    if (mlp_exchange_fills_state(w->exchange)) {
        fill_vector(trainer, 0, parameters);
        for (size_t i = 1; i < w->count; i++) {
            const float *from = copy_of(i, NULL, moments);
            if (from != NULL) {
                fill_vector(trainer, i, from);
            } else {
                memset(w->vectors[i], 0, w->model->vector_size * sizeof *from);
            }
        }
    }
    return mlp_comm_agree(trainer->parts.comm, MLP_OK);
}

mlp_status mlp_trainer_store(mlp_trainer *trainer, float *parameters,
                             float *const *moments)
{
    for (size_t i = 0; i < trainer->weights.count; i++) {
        float *to = copy_of(i, parameters, moments);
        if (to != NULL) {
            mlp_model_unpack(trainer->parts.model,
                             mlp_trainer_gather(trainer, i), to);
        }
    }
    return MLP_OK;
}

void mlp_trainer_wait(mlp_trainer *trainer)
{
    mlp_trainer_finish_pending(trainer);
    for (size_t i = 0; i < trainer->bundles.count; i++) {
        mlp_exchange_wait(trainer->exchange, i);
    }
}

/* With columns a rank updates no range of the first layer, whose digests then
 * are of any part. */
mlp_range mlp_trainer_rank_range(const mlp_trainer *trainer, size_t layer)
{
    const mlp_layer *whole = &trainer->parts.model->layer[layer];
    const mlp_layer *held = &trainer->weights.model->layer[layer];
    const mlp_comm *comm = trainer->parts.comm;
    mlp_range range = mlp_range_overlap(
        mlp_exchange_rank_range(trainer->exchange,
                                mlp_trainer_bundle(trainer, layer)),
        (mlp_range){held->offset, held->size});
    if (mlp_trainer_has_columns(trainer) && layer == 0) {
        range = mlp_range_part(whole->size, mlp_comm_size(comm),
                               mlp_comm_rank(comm));
    }
    range.first += whole->offset - held->offset;
    return range;
}

static mlp_status digest_floats(mlp_trainer *trainer, mlp_range floats,
                                mlp_digest *digest,
                                unsigned char whole[MLP_DIGEST_BYTES])
{
    for (size_t i = 0; i < trainer->weights.count; i++) {
        const float *vector = mlp_trainer_gather(trainer, i);
        MLP_TRY(mlp_digest_update(digest, vector + floats.first,
                                  floats.count * sizeof *vector));
    }
    return mlp_digest_finish(digest, whole);
}

mlp_status mlp_trainer_digest(mlp_trainer *trainer, mlp_range floats,
                              uint64_t *value)
{
    unsigned char whole[MLP_DIGEST_BYTES];
    mlp_digest *digest = NULL;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = digest_floats(trainer, floats, digest, whole);
    mlp_digest_destroy(&digest);
    memcpy(value, whole, sizeof *value);
    return status;
}
