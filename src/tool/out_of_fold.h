/** @file
 *  Predictions for the rows that a model was not trained on, of a run of
 *  several models.
 */
#ifndef MLP_OUT_OF_FOLD_H
#define MLP_OUT_OF_FOLD_H

#include "config/config.h"

/** Write RUN/out-of-fold.csv: for each row its number in the input, its fold,
 *  the truth, and the prediction and outputs of the model of that fold, which
 *  was not trained on it; fold by fold.
 *  @param config  with run, data, threads and memory_limit
 *  Errors of mlp_tool_load and mlp_tool_output_close. Not collective. */
mlp_status mlp_out_of_fold_write(const mlp_config *config);

#endif
