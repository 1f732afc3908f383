/** @file
 *  Metrics from sums and exact counts.
 */
#include "metrics.h"

#include <float.h>
#include <math.h>

#include "accurate.h"

static const mlp_metric_facts facts[MLP_METRICS] = {
    [MLP_METRIC_LOSS] = {.key = "loss",
                         .label = "loss",
                         .is_of_classes = true,
                         .is_of_numbers = true},
    [MLP_METRIC_ACCURACY] = {.key = "accuracy",
                             .label = "accuracy",
                             .is_higher_better = true,
                             .is_of_classes = true},
    [MLP_METRIC_LOG_LOSS] = {.key = "log_loss",
                             .label = "log loss",
                             .is_of_classes = true,
                             .is_evaluated = true,
                             .is_of_probabilities = true},
    [MLP_METRIC_BRIER] = {.key = "brier",
                          .label = "Brier score",
                          .is_of_classes = true,
                          .is_evaluated = true,
                          .is_of_probabilities = true},
    [MLP_METRIC_ROC_AUC] = {.key = "roc_auc",
                            .label = "ROC AUC",
                            .is_higher_better = true,
                            .is_of_classes = true,
                            .is_evaluated = true},
    [MLP_METRIC_AVERAGE_PRECISION] = {.key = "average_precision",
                                      .label = "average precision",
                                      .is_higher_better = true,
                                      .is_of_classes = true,
                                      .is_evaluated = true},
    [MLP_METRIC_RMSE] = {.key = "rmse", .label = "RMSE", .is_of_numbers = true},
    [MLP_METRIC_MAE] = {.key = "mae", .label = "MAE", .is_of_numbers = true},
    [MLP_METRIC_R2] = {.key = "r2",
                       .label = "R2",
                       .is_higher_better = true,
                       .is_of_numbers = true}};

const mlp_metric_facts *mlp_metric_facts_of(mlp_metric metric)
{
    return &facts[metric];
}

/* A sum as a mean over so many rows, or over their weights. */
static double mean_of(const mlp_tally *tally, double sum, uint64_t rows)
{
    double weight = tally->weighted > 0 ? tally->weight_sum : (double)rows;
    return weight > 0 ? sum / weight : (double)NAN;
}

double mlp_tally_loss(const mlp_tally *tally)
{
    return mean_of(tally, tally->loss_sum, tally->rows);
}

double mlp_tally_accuracy(const mlp_tally *tally)
{
    double hits = tally->weighted > 0 ? tally->hit_sum : (double)tally->hits;
    return tally->targets == 0 ? mean_of(tally, hits, tally->rows)
                               : (double)NAN;
}

double mlp_tally_top_accuracy(const mlp_tally *tally)
{
    return mean_of(tally,
                   tally->weighted > 0 ? tally->top_hit_sum
                                       : (double)tally->top_hits,
                   tally->rows);
}

double mlp_tally_mae(const mlp_tally *tally)
{
    return tally->targets > 0 ? mean_of(tally, tally->error_sum, tally->targets)
                              : (double)NAN;
}

double mlp_tally_r2(const mlp_tally *tally)
{
    double n = tally->weighted > 0 && tally->targets > 0
                   ? tally->weight_sum
                   : (double)tally->targets;
    double distances = n > 0 ? tally->target_squares -
                                   tally->target_sum * tally->target_sum / n
                             : 0;
    return distances > 0 ? 1 - tally->error_squares / distances : (double)NAN;
}

/* A sum over the scored rows as their mean. */
static double scored_mean(const mlp_tally *tally, double sum)
{
    return tally->scored > 0 ? mean_of(tally, sum, tally->scored) : (double)NAN;
}

double mlp_tally_metric(const mlp_tally *tally, mlp_metric metric)
{
    bool is_regression = tally->targets > 0;
    bool is_ranked = tally->ranked > 0;
    switch (metric) {
    case MLP_METRIC_LOSS:
        return mlp_tally_loss(tally);
    case MLP_METRIC_ACCURACY:
        return mlp_tally_accuracy(tally);
    case MLP_METRIC_LOG_LOSS:
        return is_regression ? (double)NAN : scored_mean(tally, tally->log_sum);
    case MLP_METRIC_BRIER:
        return is_regression ? (double)NAN
                             : scored_mean(tally, tally->square_sum);
    case MLP_METRIC_ROC_AUC:
        return is_ranked ? tally->ranking.roc_auc : (double)NAN;
    case MLP_METRIC_AVERAGE_PRECISION:
        return is_ranked ? tally->ranking.average_precision : (double)NAN;
    case MLP_METRIC_RMSE:
        return is_regression ? sqrt(scored_mean(tally, tally->square_sum))
                             : (double)NAN;
    case MLP_METRIC_MAE:
        return mlp_tally_mae(tally);
    case MLP_METRIC_R2:
        return mlp_tally_r2(tally);
    case MLP_METRICS:
        break;
    }
    return (double)NAN;
}

double mlp_tally_score(const mlp_tally *tally)
{
    return tally->targets > 0 ? 1 / (1 + mlp_tally_loss(tally))
                              : mlp_tally_accuracy(tally);
}

void mlp_tally_target(mlp_tally *tally, float prediction, float target,
                      double unit, double weight)
{
    double wanted = (double)target;
    double error = fabs((double)prediction - wanted) * unit;
    double scaled = (double)(prediction - target); /* as in the loss */
    tally->targets++;
    tally->scored++;
    tally->error_sum += weight * error;
    tally->square_sum += weight * (error * error);
    tally->error_squares += weight * (scaled * scaled);
    tally->target_sum += weight * wanted;
    tally->target_squares += weight * (wanted * wanted);
}

static double probability_of(const float *outputs, size_t count, uint32_t label)
{
    double p = (double)outputs[count == 1 ? 0 : label];
    return count == 1 && label == 0 ? 1 - p : p;
}

/* Twice the same error with two classes: counted once. */
static double squares_of(const float *outputs, size_t count, uint32_t label)
{
    double sum = 0;
    for (size_t k = count == 2 ? 1 : 0; k < count; k++) {
        bool is_it = count == 1 ? label == 1 : k == label;
        double error = (double)outputs[k] - (is_it ? 1 : 0);
        sum += error * error;
    }
    return sum;
}

void mlp_tally_probabilities(mlp_tally *tally, const float *outputs,
                             size_t count, uint32_t label, double log_loss,
                             double weight)
{
    const double least = (double)FLT_EPSILON;
    double p = probability_of(outputs, count, label);
    p = p < least ? least : p > 1 - least ? 1 - least : p;
    tally->scored++;
    tally->square_sum += weight * squares_of(outputs, count, label);
    tally->log_sum +=
        isnan(log_loss) ? weight * -mlp_accurate_log(p) : log_loss;
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
    sum->error_squares += more->error_squares;
    sum->top_hits += more->top_hits;
    sum->scored += more->scored;
    sum->square_sum += more->square_sum;
    sum->log_sum += more->log_sum;
    sum->weighted += more->weighted;
    sum->weight_sum += more->weight_sum;
    sum->hit_sum += more->hit_sum;
    sum->top_hit_sum += more->top_hit_sum;
    sum->ranked = 0;
}

void mlp_tally_get_sums(const mlp_tally *tally, double sums[MLP_TALLY_SUMS])
{
    sums[0] = tally->loss_sum;
    sums[1] = tally->error_sum;
    sums[2] = tally->target_sum;
    sums[3] = tally->target_squares;
    sums[4] = tally->error_squares;
    sums[5] = tally->square_sum;
    sums[6] = tally->log_sum;
    sums[7] = tally->weight_sum;
    sums[8] = tally->hit_sum;
    sums[9] = tally->top_hit_sum;
}

void mlp_tally_set_sums(mlp_tally *tally, const double sums[MLP_TALLY_SUMS])
{
    tally->loss_sum = sums[0];
    tally->error_sum = sums[1];
    tally->target_sum = sums[2];
    tally->target_squares = sums[3];
    tally->error_squares = sums[4];
    tally->square_sum = sums[5];
    tally->log_sum = sums[6];
    tally->weight_sum = sums[7];
    tally->hit_sum = sums[8];
    tally->top_hit_sum = sums[9];
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
