/** @file
 *  Copies of a training state, and its records in the types of mlp.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* @param to  overwritten: NULL without memory, or of NULL */
static mlp_status copy_array(const void *from, size_t bytes, void **to)
{
    *to = NULL;
    if (from == NULL) {
        return MLP_OK;
    }
    *to = malloc(bytes + 1);
    if (*to == NULL) {
        return mlp_fail_memory("a network");
    }
    memcpy(*to, from, bytes);
    return MLP_OK;
}

static mlp_status copy_floats(const float *from, size_t count, float **to)
{
    void *made;
    mlp_status status = copy_array(from, count * sizeof *from, &made);
    *to = made;
    return status;
}

static mlp_status copy_arrays(const mlp_checkpoint *state, mlp_checkpoint *copy)
{
    void *widths;
    MLP_TRY(copy_array(state->widths,
                       (state->layers + 1) * sizeof *state->widths, &widths));
    copy->widths = widths;
    MLP_TRY(copy_floats(state->parameters, state->parameter_count,
                        &copy->parameters));
    for (size_t i = 0; i < state->moment_count; i++) {
        MLP_TRY(copy_floats(state->moments[i], state->parameter_count,
                            &copy->moments[i]));
    }
    for (size_t i = 0; i < state->history.count; i++) {
        MLP_TRY(mlp_history_add(&copy->history, &state->history.records[i]));
    }
    MLP_TRY(mlp_scaler_copy(&state->scaler, state->widths[0], &copy->scaler));
    MLP_TRY(mlp_names_copy(&state->class_names, &copy->class_names));
    return state->schema.count > 0
               ? mlp_schema_copy(&state->schema, &copy->schema)
               : MLP_OK;
}

mlp_status mlp_state_copy(const mlp_checkpoint *state, mlp_checkpoint *copy)
{
    *copy = *state;
    copy->widths = NULL;
    copy->parameters = NULL;
    memset(copy->moments, 0, sizeof copy->moments);
    copy->history = (mlp_history){0};
    copy->scaler = (mlp_scaler){0};
    copy->class_names = (mlp_names){0};
    copy->schema = (mlp_schema){0};
    mlp_status status = copy_arrays(state, copy);
    if (status != MLP_OK) {
        mlp_checkpoint_destroy(copy);
    }
    return status;
}

static mlp_score score_of(const mlp_tally *tally, bool is_regression)
{
    return (mlp_score){.rows = (size_t)tally->rows,
                       .loss = mlp_tally_loss(tally),
                       .accuracy = is_regression ? (double)NAN
                                                 : mlp_tally_accuracy(tally),
                       .r2 = is_regression ? mlp_tally_r2(tally) : (double)NAN};
}

mlp_epoch mlp_epoch_of(const mlp_epoch_record *record, bool is_regression)
{
    return (mlp_epoch){.epoch = record->epoch,
                       .step = record->step,
                       .learning_rate = record->learning_rate,
                       .seconds = record->wall_seconds,
                       .train = score_of(&record->train, is_regression),
                       .validation =
                           score_of(&record->validation, is_regression),
                       .test = score_of(&record->test, is_regression)};
}
