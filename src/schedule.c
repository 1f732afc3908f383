/** @file
 *  The learning rate over the course of a run.
 */
#include "mlp/schedule.h"

#include "accurate.h"

double mlp_schedule_lr(const mlp_config *config, uint64_t step, uint64_t steps)
{
    double done = step < steps ? (double)step / (double)steps : 1.0;
    switch (config->schedule) {
    case MLP_SCHEDULE_LINEAR:
        return config->lr * (1.0 - done);
    case MLP_SCHEDULE_COSINE:
        return config->lr * 0.5 * (1.0 + mlp_accurate_cospi(done));
    case MLP_SCHEDULE_CONSTANT:
        break;
    }
    return config->lr;
}
