/** @file
 *  Shared by the functions of mlp.h.
 */
#ifndef MLP_API_INTERNAL_H
#define MLP_API_INTERNAL_H

#include "checkpoint/checkpoint.h"
#include "mlp/mlp.h"
#include "source/source.h"

/** A source of rows in the caller's memory, with its schema and names. */
typedef struct {
    mlp_source *source;
    mlp_schema schema; /* for regression */
    mlp_names names;   /* of the classes */
} mlp_samples_source;

/** Open rows to train on, and rows to evaluate.
 *  @param test   NULL: none
 *  @param known  state to continue from, whose schema and names are used; NULL:
 *                new training
 *  MLP_ERROR_USAGE, MLP_ERROR_DATA. */
mlp_status mlp_samples_open(const mlp_samples *train, const mlp_samples *test,
                            const mlp_checkpoint *known,
                            mlp_samples_source *opened);
void mlp_samples_close(mlp_samples_source *opened);

/** An epoch's record in the types of mlp.h. */
mlp_epoch mlp_epoch_of(const mlp_epoch_record *record, bool is_regression);

/** Make a deep copy. */
mlp_status mlp_state_copy(const mlp_checkpoint *state, mlp_checkpoint *copy);

/** Make a network from a state, and take ownership of it, after a failure, too.
 */
mlp_status mlp_network_create(mlp_checkpoint *state, mlp_network **network);

/** The state of a network. */
const mlp_checkpoint *mlp_network_state(const mlp_network *network);

#endif
