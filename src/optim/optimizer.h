/** @file
 *  The update rule: new parameters from a batch's gradient sum.
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

enum { MLP_OPTIMIZER_MOMENTS = 2 }; /**< most moments of any rule */

/** Number of moment vectors of the configured rule. */
size_t mlp_optimizer_moments(const mlp_config *config);

/** Whether the rule scales a layer's step by norms of the layer (LARS,
 *  LAMB). */
bool mlp_optimizer_has_ratios(const mlp_config *config);

/** The update of one step. */
typedef struct {
    const mlp_model *model;
    const mlp_kernels *kernels;
    mlp_update rule;     /**< of this step */
    double lr;           /**< learning rate of the step, before any ratio */
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

/** Set the rule for one step.
 *  @param lr    learning rate
 *  @param weight  sum of the weights of the batch's rows: their number, if all
 *                 are 1
 *  @param step  global, from 0 */
void mlp_optimizer_begin(mlp_optimizer *optimizer, double lr, double weight,
                         uint64_t step);

/** Gradient clipping: scale the step's gradient by `share`, at most 1. */
void mlp_optimizer_clip(mlp_optimizer *optimizer, double share);

/** Set the learning rate of a layer: lr times the ratio of LARS or LAMB.
 *  @param weights    norm of the layer's parameters
 *  @param direction  norm norm of its gradient (LARS) or direction (LAMB) */
void mlp_optimizer_adapt(mlp_optimizer *optimizer, double weights,
                         double direction);

/** Update elements first .. first + count - 1, which lie in one layer; L2 and
 *  weight decay apply to weights, not to biases.
 *  @param sum  [count], gradient summed over the batch's rows; for LAMB, the
 *              direction
 *  Threads may call concurrently for disjoint elements. */
void mlp_optimizer_update(const mlp_optimizer *optimizer, size_t first,
                          size_t count, const float *sum);

/** LAMB: update the moments of these elements, and replace the sum by the
 *  direction. */
void mlp_optimizer_direct(const mlp_optimizer *optimizer, size_t first,
                          size_t count, float *sum);

#endif
