/** @file
 *  Ratios of exact counts.
 */
#include "mlp/metrics.h"

#include <math.h>

void mlp_tally_add(mlp_tally *sum, const mlp_tally *more)
{
    sum->loss_sum += more->loss_sum;
    sum->hits += more->hits;
    sum->rows += more->rows;
}

double mlp_tally_loss(const mlp_tally *tally)
{
    return tally->rows > 0 ? tally->loss_sum / (double)tally->rows
                           : (double)NAN;
}

double mlp_tally_accuracy(const mlp_tally *tally)
{
    return tally->rows > 0 ? (double)tally->hits / (double)tally->rows
                           : (double)NAN;
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
