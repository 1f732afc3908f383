/** @file
 *  Activations and their derivatives on blocks of a layer's units, for one
 *  instruction set. The formulas are in vector.h.
 */
#include "isa.h"

/* A block of a layer's units: all pointers are at its first element. */
typedef struct {
    const float *slopes; /* of PReLU, [cols] */
    const float *mask;   /* dropout's factors, or NULL: all 1 */
    size_t rows, cols, stride;
} block;

static block block_of(const mlp_dense *layer, const mlp_units *units,
                      mlp_range rows, mlp_range columns)
{
    size_t stride = mlp_stride(layer->out);
    size_t first = rows.first * stride + columns.first;
    const float *mask = units->mask != NULL ? units->mask + first : NULL;
    const float *slopes = layer->activation == MLP_ACTIVATION_PRELU
                              ? layer->parameters +
                                    mlp_dense_slopes(layer->in, layer->out) +
                                    columns.first
                              : NULL;
    return (block){slopes, mask, rows.count, columns.count, stride};
}

INLINE vec slopes_at(mlp_activation f, const block *b, size_t column)
{
    return f == MLP_ACTIVATION_PRELU ? vec_load(b->slopes + column)
                                     : vec_zero();
}

INLINE void activate_as(mlp_activation f, const block *b, const float *z,
                        float *a)
{
    for (size_t r = 0; r < b->rows; r++) {
        for (size_t c = 0; c < b->cols; c += LANES) {
            size_t at = r * b->stride + c;
            vec_store(a + at,
                      vec_activate(f, vec_load(z + at), slopes_at(f, b, c)));
        }
    }
}

/* x: z or a. PReLU: z becomes the slope's gradient, d z where z <= 0. */
INLINE void slope_as(mlp_activation f, const block *b, float *x, float *d)
{
    for (size_t r = 0; r < b->rows; r++) {
        for (size_t c = 0; c < b->cols; c += LANES) {
            size_t at = r * b->stride + c;
            vec before = vec_load(x + at);
            vec above = vec_load(d + at);
            if (b->mask != NULL) {
                above = above * vec_load(b->mask + at);
            }
            vec dz = vec_slope(f, before, slopes_at(f, b, c), above);
            vec_store(d + at, vec_flush_dz(dz));
            if (f == MLP_ACTIVATION_PRELU) {
                vec_store(x + at, vec_pick(before, vec_zero(), before * above));
            }
        }
    }
}

/* Each activation has its own loop: CASE(name) calls it. */
#define EACH_ACTIVATION                                                        \
    CASE(SIGMOID)                                                              \
    CASE(TANH)                                                                 \
    CASE(RELU)                                                                 \
    CASE(STEP)                                                                 \
    CASE(ARCTAN)                                                               \
    CASE(LEAKY_RELU)                                                           \
    CASE(PRELU)                                                                \
    CASE(ELU)                                                                  \
    CASE(SOFTPLUS)                                                             \
    CASE(SILU)                                                                 \
    CASE(GELU)

/* to = from mask */
static void drop_out(const block *b, const float *from, float *to)
{
    for (size_t r = 0; r < b->rows; r++) {
        for (size_t c = 0; c < b->cols; c += LANES) {
            size_t at = r * b->stride + c;
            vec_store(to + at, vec_load(from + at) * vec_load(b->mask + at));
        }
    }
}

/* Where f(z) goes, and z is before unless it is kept. */
static float *plain_outputs(const mlp_dense *layer, const mlp_units *units)
{
    return units->preactivations != NULL && !mlp_keeps_sums(layer->activation)
               ? units->preactivations
               : units->a;
}

void ISA(mlp_activate)(const mlp_dense *layer, const mlp_units *units,
                       mlp_range rows, mlp_range columns)
{
    block b = block_of(layer, units, rows, columns);
    size_t first = rows.first * b.stride + columns.first;
    float *a = plain_outputs(layer, units) + first;
    const float *z =
        mlp_keeps_sums(layer->activation) ? units->preactivations + first : a;
    switch (layer->activation) {
#define CASE(name)                                                             \
    case MLP_ACTIVATION_##name:                                                \
        activate_as(MLP_ACTIVATION_##name, &b, z, a);                          \
        break;
        EACH_ACTIVATION
#undef CASE
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    if (units->mask != NULL) {
        drop_out(&b, a, units->a + first);
    }
}

void ISA(mlp_slope)(const mlp_dense *layer, const mlp_units *units, float *d,
                    mlp_range rows, mlp_range columns)
{
    block b = block_of(layer, units, rows, columns);
    size_t first = rows.first * b.stride + columns.first;
    float *x =
        (units->preactivations != NULL ? units->preactivations : units->a) +
        first;
    d += first;
    switch (layer->activation) {
#define CASE(name)                                                             \
    case MLP_ACTIVATION_##name:                                                \
        slope_as(MLP_ACTIVATION_##name, &b, x, d);                             \
        break;
        EACH_ACTIVATION
        CASE(IDENTITY)
#undef CASE
    case MLP_ACTIVATIONS:
        break;
    }
}
