/** @file
 *  The time of a step on any number of ranks.
 */
#include "costs.h"

#include <assert.h>

static double least_0(double value)
{
    return value > 0.0 ? value : 0.0;
}

/* ceil(log2 n) */
static size_t rounds_of(size_t n)
{
    size_t rounds = 0;
    while (((size_t)1 << rounds) < n) {
        rounds++;
    }
    return rounds;
}

/* Factors of alpha (messages) and of bytes times beta (passes) in an
 * allreduce. */
static double messages(size_t ranks)
{
    return 2.0 * (double)rounds_of(ranks);
}

static double passes(size_t ranks)
{
    return 2.0 * (double)(ranks - 1) / (double)ranks;
}

double mlp_link_allreduce(mlp_link link, size_t ranks, double bytes)
{
    return messages(ranks) * link.alpha + passes(ranks) * bytes * link.beta;
}

mlp_link mlp_link_fit(size_t ranks, double word_seconds, double bytes,
                      double seconds)
{
    double alpha = word_seconds / (double)rounds_of(ranks);
    double beta = (seconds - messages(ranks) * alpha) / passes(ranks) / bytes;
    return (mlp_link){.alpha = alpha, .beta = least_0(beta)};
}

/* Minimize the sum of w (a + b x - y)^2, w = 1 / y^2. */
mlp_work mlp_work_fit(const double *rows, const double *seconds, size_t count)
{
    double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (size_t i = 0; i < count; i++) {
        double w = 1.0 / (seconds[i] * seconds[i]);
        s += w;
        sx += w * rows[i];
        sy += w * seconds[i];
        sxx += w * rows[i] * rows[i];
        sxy += w * rows[i] * seconds[i];
    }
    double divisor = s * sxx - sx * sx;
    if (count < 2 || divisor <= 0.0) {
        return (mlp_work){.fixed_seconds = 0.0, .row_seconds = sxy / sxx};
    }
    mlp_work work = {.fixed_seconds = (sxx * sy - sx * sxy) / divisor,
                     .row_seconds = (s * sxy - sx * sy) / divisor};
    if (work.fixed_seconds < 0.0) { /* fit a line through 0 instead */
        work = (mlp_work){.fixed_seconds = 0.0, .row_seconds = sxy / sxx};
    }
    work.row_seconds = least_0(work.row_seconds);
    return work;
}

size_t mlp_costs_nodes(const mlp_costs *costs, size_t ranks)
{
    assert(costs->per_node > 0);
    const mlp_exchange_team team = {ranks, costs->per_node};
    return mlp_exchange_team_nodes(&team);
}

static double computing(const mlp_costs *costs, size_t ranks, size_t batch)
{
    size_t rows = (batch + ranks - 1) / ranks;
    size_t here = ranks < costs->per_node ? ranks : costs->per_node;
    return costs->work.fixed_seconds + (double)rows * costs->work.row_seconds +
           mlp_link_allreduce(costs->inside, here, costs->bytes);
}

mlp_step_forecast mlp_costs_between(const mlp_costs *costs, size_t ranks,
                                    size_t batch)
{
    const mlp_exchange_team team = {ranks, costs->per_node};
    const mlp_wire wire = {costs->between.alpha, costs->between.beta};
    if (costs->model == NULL) {
        return (mlp_step_forecast){
            .by_tree = "with --exchange mpi all ranks sum all gradients",
            .exposed_seconds = mlp_link_allreduce(
                costs->between, mlp_costs_nodes(costs, ranks), costs->bytes)};
    }
    mlp_config config = *costs->config;
    config.batch = batch;
    return mlp_step_forecast_make(&config, costs->model, &team, &wire,
                                  computing(costs, ranks, batch), &costs->rows,
                                  costs->columns);
}

double mlp_costs_step(const mlp_costs *costs, size_t ranks, size_t batch)
{
    return computing(costs, ranks, batch) +
           mlp_costs_between(costs, ranks, batch).exposed_seconds;
}

double mlp_costs_epoch(const mlp_costs *costs, size_t ranks, size_t batch,
                       size_t rows)
{
    size_t steps = (rows + batch - 1) / batch;
    return (double)steps * mlp_costs_step(costs, ranks, batch);
}

double mlp_costs_efficiency(const mlp_costs *costs, size_t ranks, size_t batch,
                            size_t base)
{
    double each = (double)batch / (double)ranks;
    return each / mlp_costs_step(costs, ranks, batch) *
           mlp_costs_step(costs, 1, base) / (double)base;
}

size_t mlp_costs_best_batch(const mlp_costs *costs, size_t ranks, size_t base,
                            double efficiency, size_t most)
{
    size_t batch = 1;
    while (batch < ranks) {
        batch *= 2;
    }
    for (; batch <= most; batch *= 2) {
        if (mlp_costs_efficiency(costs, ranks, batch, base) >= efficiency) {
            return batch;
        }
    }
    return 0;
}
