/** @file
 *  Initial weights.
 */
#include <math.h>

#include "base/rng.h"
#include "model.h"

#include "base/accurate.h"

static const double SMALL = 0.05;

static double variance(mlp_init init, const mlp_layer *layer)
{
    if (init == MLP_INIT_SMALL_UNIFORM) {
        return SMALL * SMALL / 3.0;
    }
    bool is_he = init == MLP_INIT_HE_UNIFORM || init == MLP_INIT_HE_NORMAL;
    return 2.0 / (double)(is_he ? layer->in : layer->in + layer->out);
}

/* The upper 32 bits plus half a step: in (0, 1), never 0. */
static double open_uniform(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/* Source: Box and Muller 1958, "A note on the generation of random normal
 * deviates". */
static double normal(mlp_rng_block block)
{
    double radius = sqrt(-2.0 * mlp_accurate_log(open_uniform(block.word[0])));
    return radius * mlp_accurate_cospi(2.0 * open_uniform(block.word[1]));
}

static double uniform(mlp_rng_block block)
{
    return 2.0 * open_uniform(block.word[0]) - 1.0;
}

static void fill_layer(const mlp_layer *layer, size_t l, mlp_init init,
                       uint64_t seed, float *weights)
{
    const mlp_rng_key key = {seed, MLP_RNG_INIT, 0};
    bool is_normal =
        init == MLP_INIT_GLOROT_NORMAL || init == MLP_INIT_HE_NORMAL;
    double spread = variance(init, layer);
    spread = sqrt(is_normal ? spread : 3.0 * spread);
    for (size_t w = 0; w < layer->in * layer->out; w++) {
        /* row and unit form the weight's index, of more than 32 bits */
        mlp_rng_block block =
            mlp_rng_draw(key, ((uint64_t)l << 32) + (w >> 32), (uint32_t)w);
        double draw = is_normal ? normal(block) : uniform(block);
        weights[w] = (float)(spread * draw);
    }
}

void mlp_model_initialize(const mlp_model *model, mlp_init init, uint64_t seed,
                          float *canonical)
{
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_layer *layer = &model->layer[l];
        fill_layer(layer, l, init, seed, canonical);
        canonical += layer->in * layer->out;
        for (size_t j = 0; j < layer->out; j++) {
            *canonical++ = 0.0f;
        }
        for (size_t j = 0; layer->has_slopes && j < layer->out; j++) {
            *canonical++ = 0.25f;
        }
    }
}
