/** @file
 *  The learning rate over the course of a run.
 */
#ifndef MLP_SCHEDULE_H
#define MLP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

enum { MLP_SCHEDULE_BATCH = 128 }; /**< to which --lr-scale refers */

/** The learning rate of global step `step` (from 0) in a run of config->epochs
 *  epochs of epoch_steps steps, S in total. lr' is lr times the scale of batch
 *  size B (none: 1; linear: B / 128; sqrt: its square root). During a warm-up
 *  of W steps it is lr' (step + 1) / W; then:
 *
 *  - constant: lr'
 *  - linear: lr' (1 - p), p = (step - W) / (S - W)
 *  - cosine: lr' (1 + cos(pi p)) / 2. Source: Loshchilov and Hutter 2017,
 *    "SGDR: stochastic gradient descent with warm restarts", eq. 5, without
 *    restarts.
 *  - step: lr' gamma^k, k = floor(step / lr-every)
 *  - exponential: lr' gamma^e, e = finished epochs
 *  - one-cycle: from lr'/25 up to lr' in the first 0.3 S steps and down to
 *    lr'/250000 in the rest, both along half a cosine. Source: Smith and Topin
 *    2019, "Super-convergence: very fast training of neural networks using
 *    large learning rates", in the form of PyTorch's OneCycleLR, without its
 *    cycle of momentum.
 *  - plateau: lr' gamma^k, where the trainer applies k, see early_stopping.h
 *
 *  Scale and warm-up: Goyal et al. 2017, "Accurate, large minibatch SGD:
 *  training ImageNet in 1 hour", sections 2.1 and 2.2; the root: Krizhevsky
 *  2014, "One weird trick for parallelizing convolutional neural networks".
 *
 *  With config->schedule_start it is so from that step on: step and S are
 *  counted from there, and it begins there with a warm-up.
 *
 *  From S on it keeps its last value. The same bits on every machine.
 */
double mlp_schedule_lr(const mlp_config *config, uint64_t step,
                       uint64_t epoch_steps);

/** x^n by multiplications only, which round the same everywhere. */
double mlp_schedule_power(double x, uint64_t n);

#endif
