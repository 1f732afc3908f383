/** @file
 *  The update rule: from the sum of a batch's gradients to new parameters.
 *  Formulas and their sources: mlp_update in kernels/kernels.h.
 */
#ifndef MLP_OPTIMIZER_H
#define MLP_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "kernels/kernels.h"
#include "model/model.h"

enum { MLP_OPTIMIZER_MOMENTS = 2 }; /**< moments that any rule keeps at most */

/** Moment vectors that the configured rule keeps beside the parameters. */
size_t mlp_optimizer_moments(const mlp_config *config);

/** Whether the rule scales each layer's step by norms of the layer. */
bool mlp_optimizer_has_ratios(const mlp_config *config);

/** One step's update, as a plain fact. */
typedef struct {
    const mlp_model *model;
    const mlp_kernels *kernels;
    mlp_update rule;     /**< of the step */
    double lr;           /**< of the step, before any ratio */
    double beta1, beta2; /**< beta2 is rho for RMSprop */
    double trust;
    float *parameters;                     /**< [vector_size], updated */
    float *moments[MLP_OPTIMIZER_MOMENTS]; /**< the same, or NULL */
} mlp_optimizer;

/** @param states  [1 + moments] vectors: the parameters, then the moments */
mlp_optimizer mlp_optimizer_make(const mlp_config *config,
                                 const mlp_model *model,
                                 const mlp_kernels *kernels,
                                 float *const *states);

/** Set the rule to one step.
 *  @param lr    learning rate
 *  @param rows  m, of the batch
 *  @param step  global, from 0 */
void mlp_optimizer_begin(mlp_optimizer *optimizer, double lr, size_t rows,
                         uint64_t step);

/** Scale the step's gradient by `share`, which is at most 1. */
void mlp_optimizer_clip(mlp_optimizer *optimizer, double share);

/** Set the rate of a layer: lr times LARS's or LAMB's ratio.
 *  @param weights    norm of the layer's parameters
 *  @param direction  norm of its gradient (LARS), or of its direction (LAMB) */
void mlp_optimizer_adapt(mlp_optimizer *optimizer, double weights,
                         double direction);

/** Update elements first .. first + count - 1, which lie in one layer; L2 and
 *  weight decay act on weights, not on biases.
 *  @param sum  [count], gradient summed over the batch's rows; of LAMB, the
 *              direction
 *  Threads may call at once for disjoint elements. */
void mlp_optimizer_update(const mlp_optimizer *optimizer, size_t first,
                          size_t count, const float *sum);

/** LAMB: update the moments of these elements, and put the direction in place
 *  of the sum. */
void mlp_optimizer_direct(const mlp_optimizer *optimizer, size_t first,
                          size_t count, float *sum);

#endif
