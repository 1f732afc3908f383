/** @file
 *  The update rules on vectors of parameters, for one instruction set. A rule
 *  is one loop: gradient, parameters and moments are read and written once.
 */
#include "kernels_isa.h"

INLINE void sgd_vectors(const mlp_sgd *rule, size_t count, const float *sum,
                        float *w, float *velocity, bool has_momentum,
                        bool is_nesterov)
{
    vec per_row = vec_all(rule->per_row);
    vec l2 = vec_all(rule->l2);
    vec lr = vec_all(-rule->lr);
    vec momentum = vec_all(rule->momentum);
    for (size_t i = 0; i < count; i += LANES) {
        vec weight = vec_load(w + i);
        vec step = vec_fma(l2, weight, vec_load(sum + i) * per_row);
        if (has_momentum) {
            vec v = vec_fma(momentum, vec_load(velocity + i), step);
            vec_store(velocity + i, v);
            step = is_nesterov ? vec_fma(momentum, v, step) : v;
        }
        vec_store(w + i, vec_fma(lr, step, weight));
    }
}

void ISA(mlp_sgd_update)(const mlp_sgd *rule, size_t count, const float *sum,
                         float *w, float *velocity)
{
    if (velocity == NULL) {
        sgd_vectors(rule, count, sum, w, NULL, false, false);
    } else if (rule->is_nesterov) {
        sgd_vectors(rule, count, sum, w, velocity, true, true);
    } else {
        sgd_vectors(rule, count, sum, w, velocity, true, false);
    }
}
