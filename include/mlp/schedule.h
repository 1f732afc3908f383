/** @file
 *  The learning rate over the course of a run.
 */
#ifndef MLP_SCHEDULE_H
#define MLP_SCHEDULE_H

#include <stdint.h>

#include "mlp/config.h"

/** The learning rate of global step `step` (from 0) of a run of `steps`:
 *
 *  - constant: lr
 *  - linear: lr (1 - step / steps)
 *  - cosine: lr (1 + cos(pi step / steps)) / 2. Source: Loshchilov and Hutter
 *    2017, "SGDR: stochastic gradient descent with warm restarts", eq. 5,
 *    without restarts.
 *
 *  From `steps` on it stays where it ended. The same bits on every machine.
 */
double mlp_schedule_lr(const mlp_config *config, uint64_t step, uint64_t steps);

#endif
