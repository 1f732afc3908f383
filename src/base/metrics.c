/** @file
 *  Metrics from sums and exact counts.
 */
#include "metrics.h"

#include <math.h>

double mlp_tally_loss(const mlp_tally *tally)
{
    return tally->rows > 0 ? tally->loss_sum / (double)tally->rows
                           : (double)NAN;
}

double mlp_tally_accuracy(const mlp_tally *tally)
{
    return tally->rows > 0 && tally->targets == 0
               ? (double)tally->hits / (double)tally->rows
               : (double)NAN;
}

double mlp_tally_mae(const mlp_tally *tally)
{
    return tally->targets > 0 ? tally->error_sum / (double)tally->targets
                              : (double)NAN;
}

double mlp_tally_r2(const mlp_tally *tally)
{
    double n = (double)tally->targets;
    double distances = n > 0 ? tally->target_squares -
                                   tally->target_sum * tally->target_sum / n
                             : 0;
    return distances > 0 ? 1 - 2 * tally->loss_sum / distances : (double)NAN;
}

double mlp_tally_score(const mlp_tally *tally)
{
    return tally->targets > 0 ? 1 / (1 + mlp_tally_loss(tally))
                              : mlp_tally_accuracy(tally);
}

void mlp_tally_target(mlp_tally *tally, float prediction, float target,
                      double unit)
{
    double wanted = (double)target;
    tally->targets++;
    tally->error_sum += fabs((double)prediction - wanted) * unit;
    tally->target_sum += wanted;
    tally->target_squares += wanted * wanted;
}

void mlp_tally_add(mlp_tally *sum, const mlp_tally *more)
{
    sum->loss_sum += more->loss_sum;
    sum->hits += more->hits;
    sum->rows += more->rows;
    sum->targets += more->targets;
    sum->error_sum += more->error_sum;
    sum->target_sum += more->target_sum;
    sum->target_squares += more->target_squares;
    sum->top_hits += more->top_hits;
}

void mlp_tally_get_sums(const mlp_tally *tally, double sums[MLP_TALLY_SUMS])
{
    sums[0] = tally->loss_sum;
    sums[1] = tally->error_sum;
    sums[2] = tally->target_sum;
    sums[3] = tally->target_squares;
}

void mlp_tally_set_sums(mlp_tally *tally, const double sums[MLP_TALLY_SUMS])
{
    tally->loss_sum = sums[0];
    tally->error_sum = sums[1];
    tally->target_sum = sums[2];
    tally->target_squares = sums[3];
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

void mlp_metrics_scores(const uint64_t *confusion, size_t classes,
                        mlp_class_score *scores)
{
    for (size_t k = 0; k < classes; k++) {
        uint64_t of_truth = 0;
        uint64_t of_prediction = 0;
        for (size_t other = 0; other < classes; other++) {
            of_truth += confusion[k * classes + other];
            of_prediction += confusion[other * classes + k];
        }
        double hits = (double)confusion[k * classes + k];
        /* F1 = 2 P R / (P + R) = 2 hits / (truth + prediction) */
        scores[k] = (mlp_class_score){
            .precision = ratio(hits, (double)of_prediction),
            .recall = ratio(hits, (double)of_truth),
            .f1 = ratio(2 * hits, (double)(of_truth + of_prediction)),
            .support = of_truth};
    }
}

static void add_weighted(mlp_class_score *sum, double weight,
                         const mlp_class_score *score)
{
    sum->precision += weight * score->precision;
    sum->recall += weight * score->recall;
    sum->f1 += weight * score->f1;
}

void mlp_metrics_averages(const mlp_class_score *scores, size_t classes,
                          mlp_class_score *macro, mlp_class_score *weighted)
{
    uint64_t rows = 0;
    for (size_t k = 0; k < classes; k++) {
        rows += scores[k].support;
    }
    *macro = *weighted = (mlp_class_score){.support = rows};
    for (size_t k = 0; k < classes; k++) {
        double share = ratio((double)scores[k].support, (double)rows);
        add_weighted(macro, 1 / (double)classes, &scores[k]);
        add_weighted(weighted, share, &scores[k]);
    }
}
