/** @file
 *  What the functions of mlp.h share.
 */
#ifndef MLP_API_INTERNAL_H
#define MLP_API_INTERNAL_H

#include "checkpoint/checkpoint.h"
#include "mlp/mlp.h"
#include "source/source.h"

/** Rows in the caller's memory as a source, with what it borrows. */
typedef struct {
    mlp_source *source;
    mlp_schema schema; /* of a regression */
    mlp_names names;   /* of the classes */
} mlp_samples_source;

/** Open rows to train on, and others to evaluate.
 *  @param test   NULL: none
 *  @param known  what they go on with, whose schema and names they take; NULL:
 *                they are the first
 *  MLP_ERROR_USAGE, MLP_ERROR_DATA. */
mlp_status mlp_samples_open(const mlp_samples *train, const mlp_samples *test,
                            const mlp_checkpoint *known,
                            mlp_samples_source *opened);
void mlp_samples_close(mlp_samples_source *opened);

/** A record as programs see it. */
mlp_epoch mlp_epoch_of(const mlp_epoch_record *record, bool is_regression);

/** Make another one of the same content. */
mlp_status mlp_state_copy(const mlp_checkpoint *state, mlp_checkpoint *copy);

/** Make a network of a state, which is then its own; after a failure, too. */
mlp_status mlp_network_create(mlp_checkpoint *state, mlp_network **network);

/** The state of a network. */
const mlp_checkpoint *mlp_network_state(const mlp_network *network);

#endif
