/** @file
 *  Learning-rate schedules.
 */
#include "schedule.h"

#include <math.h>

#include "base/accurate.h"

double mlp_schedule_power(double x, uint64_t n)
{
    double result = 1.0;
    for (; n > 0; n /= 2) {
        result = n % 2 == 1 ? result * x : result;
        x *= x;
    }
    return result;
}

static uint64_t steps_of(mlp_interval interval, uint64_t epoch_steps)
{
    return interval.counts_steps ? interval.count
                                 : interval.count * epoch_steps;
}

static double scaled_lr(const mlp_config *config)
{
    double ratio = (double)mlp_config_step_rows(config) / MLP_SCHEDULE_BATCH;
    switch (config->lr_scale) {
    case MLP_LR_SCALE_LINEAR:
        return config->lr * ratio;
    case MLP_LR_SCALE_SQRT:
        return config->lr * sqrt(ratio);
    case MLP_LR_SCALE_NONE:
        break;
    }
    return config->lr;
}

/* Half a cosine from `first` at 0 to `last` at 1. */
static double anneal(double first, double last, double done)
{
    return last + (first - last) * 0.5 * (1.0 + mlp_accurate_cospi(done));
}

static double one_cycle(double lr, double done)
{
    static const double up = 0.3;
    double least = lr / 25.0;
    return done < up ? anneal(least, lr, done / up)
                     : anneal(lr, least / 1e4, (done - up) / (1.0 - up));
}

double mlp_schedule_lr(const mlp_config *config, uint64_t step,
                       uint64_t epoch_steps)
{
    double lr = scaled_lr(config);
    uint64_t begin = config->schedule_start;
    uint64_t steps = config->epochs * epoch_steps;
    steps -= begin < steps ? begin : steps;
    step -= begin < step ? begin : step;
    uint64_t warmup = steps_of(config->warmup, epoch_steps);
    uint64_t every = steps_of(config->lr_every, epoch_steps);
    if (step < warmup) {
        return lr * ((double)(step + 1) / (double)warmup);
    }
    double done =
        step < steps ? (double)(step - warmup) / (double)(steps - warmup) : 1.0;
    switch (config->schedule) {
    case MLP_SCHEDULE_LINEAR:
        return lr * (1.0 - done);
    case MLP_SCHEDULE_COSINE:
        return lr * 0.5 * (1.0 + mlp_accurate_cospi(done));
    case MLP_SCHEDULE_STEP:
        return lr * mlp_schedule_power(config->gamma, step / every);
    case MLP_SCHEDULE_EXPONENTIAL:
        return lr * mlp_schedule_power(config->gamma, step / epoch_steps);
    case MLP_SCHEDULE_ONE_CYCLE:
        return one_cycle(lr, done);
    case MLP_SCHEDULE_PLATEAU:
    case MLP_SCHEDULE_CONSTANT:
        break;
    }
    return lr;
}
