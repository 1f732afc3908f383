/** @file
 *  What a classifier got right, from exact counts: accuracy, the confusion
 *  matrix, and the report of precision, recall and F1.
 */
#ifndef MLP_METRICS_H
#define MLP_METRICS_H

#include <stddef.h>
#include <stdint.h>

/** Sums over rows; ratios are formed at the very end. */
typedef struct {
    double loss_sum; /**< over rows, float64, in tree order */
    uint64_t hits;   /**< rows whose largest output is the label's */
    uint64_t rows;
    /* of a regression; 0 else */
    uint64_t targets; /**< numbers that were predicted */
    double error_sum; /**< of |prediction - target|, in the data's unit */
    double target_sum, target_squares; /**< of scaled targets */
    uint64_t top_hits; /**< rows whose label is among the K largest outputs,
                          where an evaluation was asked for that */
} mlp_tally;

double mlp_tally_loss(const mlp_tally *tally); /**< mean; NAN for 0 rows */
/** In [0, 1]; NAN for 0 rows, and in a regression. */
double mlp_tally_accuracy(const mlp_tally *tally);

/** Mean absolute error, and the coefficient of determination: 1 - the squared
 *  errors over the squared distances of the targets from their mean (the loss
 *  is half the squared errors, of scaled targets as these). NAN where it has
 *  no meaning. */
double mlp_tally_mae(const mlp_tally *tally);
double mlp_tally_r2(const mlp_tally *tally);

/** How good it is: at least 0, more is better. The accuracy or, in a
 *  regression, 1 / (1 + loss). NAN for 0 rows. */
double mlp_tally_score(const mlp_tally *tally);

/** Count one target and its prediction, both scaled.
 *  @param unit  what a difference of 1 is in the data's own unit */
void mlp_tally_target(mlp_tally *tally, float prediction, float target,
                      double unit);

/** Add another tally to a sum. Integers are exact; the rest is rounded. */
void mlp_tally_add(mlp_tally *sum, const mlp_tally *more);

/** The tally's float64 sums as an array, for those who add in tree order. */
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

/** Averages over classes: macro counts each class alike, weighted by support.
 *  @param scores  [classes] */
void mlp_metrics_averages(const mlp_class_score *scores, size_t classes,
                          mlp_class_score *macro, mlp_class_score *weighted);

#endif
