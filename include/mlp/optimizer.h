/** @file
 *  The update rule: from the sum of a batch's gradients to new parameters.
 */
#ifndef MLP_OPTIMIZER_H
#define MLP_OPTIMIZER_H

#include <stddef.h>

#include "mlp/config.h"
#include "mlp/kernels.h"
#include "mlp/model.h"

enum { MLP_OPTIMIZER_MOMENTS = 2 }; /**< moments that any rule keeps at most */

/** Moment vectors that the configured rule keeps beside the parameters. */
size_t mlp_optimizer_moments(const mlp_config *config);

/** One step's update, as a plain fact. The step fills in the rule's learning
 *  rate and 1 / m. */
typedef struct {
    const mlp_model *model;
    const mlp_kernels *kernels;
    mlp_sgd rule;
    float *parameters; /**< [vector_size], updated */
    float *velocity;   /**< [vector_size], updated; NULL without momentum */
} mlp_optimizer;

/** @param states  [1 + moments] vectors: the parameters, then the moments */
mlp_optimizer mlp_optimizer_make(const mlp_config *config,
                                 const mlp_model *model,
                                 const mlp_kernels *kernels,
                                 float *const *states);

/** Update elements first .. first + count - 1, which lie in one layer; L2
 *  acts on weights, not on biases.
 *  @param sum  [count], gradient summed over the batch's rows
 *  Threads may call at once for disjoint elements. */
void mlp_optimizer_update(const mlp_optimizer *optimizer, size_t first,
                          size_t count, const float *sum);

#endif
