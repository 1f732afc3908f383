/** @file
 *  The update rules on vectors of parameters, for one instruction set. A rule
 *  is one loop: gradient, parameters and moments are read and written once.
 *  Formulas and their sources: mlp_update in kernels.h.
 */
#include <string.h>

#include "isa.h"

/* A rule's constants in all lanes. */
typedef struct {
    vec gradient_scale, l2, lr, momentum, decay, share1, share2,
        bias_correction1, bias_correction2;
    vec epsilon;
} constants;

/* v or m; and the square of g, and a mean of such squares: 0 where denormals
 * are near. */
INLINE vec moment(vec x)
{
    return vec_flush(x, vec_all(MLP_LEAST_MOMENT));
}

INLINE vec square(vec g)
{
    g = vec_flush(g, vec_all(MLP_LEAST_ROOT));
    return g * g;
}

INLINE vec mean_square(vec x)
{
    return vec_flush(x, vec_all(MLP_LEAST_SQUARE));
}

INLINE constants spread(const mlp_update *rule)
{
    return (constants){.gradient_scale = vec_all(rule->gradient_scale),
                       .l2 = vec_all(rule->l2),
                       .lr = vec_all(-rule->lr),
                       .momentum = vec_all(rule->momentum),
                       .decay = vec_all(rule->decay),
                       .share1 = vec_all(rule->share1),
                       .share2 = vec_all(rule->share2),
                       .bias_correction1 = vec_all(rule->bias_correction1),
                       .bias_correction2 = vec_all(rule->bias_correction2),
                       .epsilon = vec_all(rule->epsilon)};
}

INLINE void sgd(const mlp_update *rule, size_t count, const float *sum,
                float *w, float *velocity, bool has_momentum, bool is_nesterov)
{
    constants c = spread(rule);
    for (size_t i = 0; i < count; i += LANES) {
        vec weight = vec_load(w + i);
        vec step = vec_fma(c.l2, weight, vec_load(sum + i) * c.gradient_scale);
        if (has_momentum) {
            vec v = moment(vec_fma(c.momentum, vec_load(velocity + i), step));
            vec_store(velocity + i, v);
            step = is_nesterov ? vec_fma(c.momentum, v, step) : v;
        }
        vec_store(w + i, vec_fma(c.lr, step, weight));
    }
}

/* The running mean goes by a share of the way to the newest value. */
INLINE vec average(vec mean, vec share, vec newest)
{
    return vec_fma(share, newest - mean, mean);
}

static void rmsprop(const mlp_update *rule, size_t count, const float *sum,
                    float *w, float *squares)
{
    constants c = spread(rule);
    for (size_t i = 0; i < count; i += LANES) {
        vec weight = vec_load(w + i);
        vec g = vec_fma(c.l2, weight, vec_load(sum + i) * c.gradient_scale);
        vec v = average(vec_load(squares + i), c.share2, square(g));
        v = mean_square(v);
        vec_store(squares + i, v);
        vec step = g / (vec_sqrt(v) + c.epsilon);
        vec_store(w + i, vec_fma(c.lr, step, weight));
    }
}

/* Both moments of Adam, and where they point. */
INLINE vec adam_direction(const constants *c, vec g, vec weight, float *mean,
                          float *squares)
{
    vec m = moment(average(vec_load(mean), c->share1, g));
    vec v = average(vec_load(squares), c->share2, square(g));
    v = mean_square(v);
    vec_store(mean, m);
    vec_store(squares, v);
    vec step = m * c->bias_correction1 /
               (vec_sqrt(v * c->bias_correction2) + c->epsilon);
    return vec_fma(c->decay, weight, step);
}

static void adam(const mlp_update *rule, size_t count, const float *sum,
                 float *w, float *mean, float *squares)
{
    constants c = spread(rule);
    for (size_t i = 0; i < count; i += LANES) {
        vec weight = vec_load(w + i);
        vec g = vec_fma(c.l2, weight, vec_load(sum + i) * c.gradient_scale);
        vec step = adam_direction(&c, g, weight, mean + i, squares + i);
        vec_store(w + i, vec_fma(c.lr, step, weight));
    }
}

/* The rate is part of the velocity, so that a rate that changes does not scale
 * older steps. */
INLINE void lars(const mlp_update *rule, size_t count, const float *sum,
                 float *w, float *velocity, bool has_momentum)
{
    constants c = spread(rule);
    for (size_t i = 0; i < count; i += LANES) {
        vec weight = vec_load(w + i);
        vec g = vec_fma(c.decay, weight, vec_load(sum + i) * c.gradient_scale);
        vec step = c.lr * g;
        if (has_momentum) {
            step = moment(vec_fma(c.momentum, vec_load(velocity + i), step));
            vec_store(velocity + i, step);
        }
        vec_store(w + i, weight + step);
    }
}

void ISA(mlp_update_direction)(const mlp_update *rule, size_t count,
                               const float *w, float *const *moments,
                               float *sum)
{
    constants c = spread(rule);
    for (size_t i = 0; i < count; i += LANES) {
        vec g = vec_load(sum + i) * c.gradient_scale;
        vec_store(sum + i, adam_direction(&c, g, vec_load(w + i),
                                          moments[0] + i, moments[1] + i));
    }
}

void ISA(mlp_update_apply)(const mlp_update *rule, size_t count,
                           const float *sum, float *w, float *const *moments)
{
    switch (rule->kind) {
    case MLP_OPTIMIZER_RMSPROP:
        rmsprop(rule, count, sum, w, moments[0]);
        break;
    case MLP_OPTIMIZER_ADAM:
    case MLP_OPTIMIZER_ADAMW:
        adam(rule, count, sum, w, moments[0], moments[1]);
        break;
    case MLP_OPTIMIZER_LARS:
        if (moments[0] != NULL) {
            lars(rule, count, sum, w, moments[0], true);
        } else {
            lars(rule, count, sum, w, moments[0], false);
        }
        break;
    case MLP_OPTIMIZER_NESTEROV:
        sgd(rule, count, sum, w, moments[0], true, true);
        break;
    case MLP_OPTIMIZER_SGD:
    case MLP_OPTIMIZER_LAMB: /* of its direction */
        if (moments[0] != NULL && rule->kind == MLP_OPTIMIZER_SGD) {
            sgd(rule, count, sum, w, moments[0], true, false);
        } else {
            sgd(rule, count, sum, w, NULL, false, false);
        }
        break;
    }
}

/* Squares of floats are exact in double. 16 chains, then these in sequence:
 * the same for every width. */
double ISA(mlp_squares)(const float *values, size_t count)
{
    double lanes[MLP_ALIGN] = {0};
    for (size_t i = 0; i < count; i += MLP_ALIGN) {
        for (size_t k = 0; k < MLP_ALIGN; k++) {
            double value = values[i + k];
            lanes[k] += value * value;
        }
    }
    double sum = 0.0;
    for (size_t k = 0; k < MLP_ALIGN; k++) {
        sum += lanes[k];
    }
    return sum;
}

uint32_t ISA(mlp_largest)(const float *values, size_t stride, mlp_range rows,
                          mlp_range columns)
{
    vec most[MLP_ALIGN / LANES];
    clear(MLP_ALIGN / LANES, most);
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        const float *row = values + r * stride + columns.first;
        for (size_t c = 0; c < columns.count; c += MLP_ALIGN) {
            UNROLL
            for (size_t v = 0; v < MLP_ALIGN / LANES; v++) {
                most[v] = vec_larger(most[v], vec_load(row + c + v * LANES));
            }
        }
    }
    uint32_t lanes[MLP_ALIGN];
    memcpy(lanes, most, sizeof lanes);
    uint32_t largest = 0;
    for (size_t k = 0; k < MLP_ALIGN; k++) {
        largest = lanes[k] > largest ? lanes[k] : largest;
    }
    return largest;
}
