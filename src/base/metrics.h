/** @file
 *  Metrics from exact counts: accuracy, top-K accuracy, confusion matrix,
 *  precision, recall and F1; and those of regression.
 */
#ifndef MLP_METRICS_H
#define MLP_METRICS_H

#include <stddef.h>
#include <stdint.h>

/** Sums over rows, from which ratios are formed last. */
typedef struct {
    double loss_sum; /**< over rows, float64, in tree order */
    uint64_t hits;   /**< rows whose largest output is the label's */
    uint64_t rows;
    /* regression only; else 0 */
    uint64_t targets; /**< predicted numbers */
    double error_sum; /**< |prediction - target|, in the data's unit */
    double target_sum, target_squares; /**< of scaled targets */
    uint64_t top_hits; /**< rows with the label among the K largest outputs,
                             where the evaluation counts them */
} mlp_tally;

double mlp_tally_loss(const mlp_tally *tally); /**< mean; NAN for 0 rows */
/** In [0, 1]; NAN for 0 rows, and for regression. */
double mlp_tally_accuracy(const mlp_tally *tally);

/** Mean absolute error, and the coefficient of determination: 1 - sum of
 *  squared errors / sum of squared distances of the targets from their mean.
 *  (The loss is half the sum of squared errors, of targets scaled likewise.)
 *  NAN where undefined. */
double mlp_tally_mae(const mlp_tally *tally);
double mlp_tally_r2(const mlp_tally *tally);

/** A score of at least 0, larger is better: the accuracy or, for regression, 1
 *  / (1 + loss). NAN for 0 rows. */
double mlp_tally_score(const mlp_tally *tally);

/** Count one target and its prediction, both scaled.
 *  @param unit  size of a scaled difference of 1 in the data's unit */
void mlp_tally_target(mlp_tally *tally, float prediction, float target,
                      double unit);

/** Add another tally: integers exactly, float64 sums rounded. */
void mlp_tally_add(mlp_tally *sum, const mlp_tally *more);

/** The tally's float64 sums as an array, for summation in tree order. */
enum { MLP_TALLY_SUMS = 4 };
void mlp_tally_get_sums(const mlp_tally *tally, double sums[MLP_TALLY_SUMS]);
void mlp_tally_set_sums(mlp_tally *tally, const double sums[MLP_TALLY_SUMS]);

/** Precision, recall and F1 of one class, or their averages. A ratio with
 *  denominator 0 is 0, as in scikit-learn. */
typedef struct {
    double precision, recall, f1;
    uint64_t support; /**< rows of this true class */
} mlp_class_score;

/** Scores of every class.
 *  @param confusion  [classes, classes]: row = truth, column = prediction
 *  @param scores     [classes], overwritten
 */
void mlp_metrics_scores(const uint64_t *confusion, size_t classes,
                        mlp_class_score *scores);

/** Averages over classes: macro: each class alike; weighted: by support.
 *  @param scores  [classes] */
void mlp_metrics_averages(const mlp_class_score *scores, size_t classes,
                          mlp_class_score *macro, mlp_class_score *weighted);

#endif
