/** @file
 *  The average of several models' outputs: of probabilities, or of numbers in
 *  the data's unit. One process.
 */
#ifndef MLP_AVERAGE_H
#define MLP_AVERAGE_H

#include "inference.h"

/** A model, and the rows as it needs them; borrowed. */
typedef struct {
    mlp_inference *inference;
    const mlp_dataset *dataset; /**< accepted by mlp_inference_check */
} mlp_average_member;

typedef struct mlp_average mlp_average;

/** Create from models with the same outputs, and the same rows for each, which
 *  must outlive it.
 *  @param members  [count], copied
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_average_create(const mlp_average_member *members, size_t count,
                              mlp_average **average);
void mlp_average_destroy(mlp_average **average);

/** Run rows through all models.
 *  @param rows    at most MLP_INFERENCE_ROWS
 *  @param result  as of mlp_inference_run, but numbers are in the data's unit
 *  Errors of mlp_dataset_status. */
mlp_status mlp_average_run(mlp_average *of, mlp_range rows,
                           mlp_inference_result *result);

/** The tally of the averages for all rows, whose labels are those of the first
 *  member. Its loss is the log loss, of outputs that are probabilities, or the
 *  mean squared error in the data's unit, as are the sums of targets; NaN of
 *  other outputs.
 *
 *  @param top_k        count top_hits; 0: don't
 *  @param confusion    [classes, classes], row = truth, zeroed by the caller;
 *                      or NULL
 *  @param reliability  as in mlp_inference_evaluate
 *  Errors of mlp_dataset_status; MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_average_evaluate(mlp_average *of, size_t top_k, mlp_tally *tally,
                                uint64_t *confusion,
                                mlp_reliability *reliability);

#endif
