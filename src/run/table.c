/** @file
 *  The report of a run on few rows, such as a truth table: each row with the
 *  model's outputs, and whether the model has learned all rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { ROWS_MAX = 16, FEATURES_MAX = 8, OUTPUTS_MAX = 4 };

/* The loss stagnates if it falls by less than this fraction over the last
 * tenth of the epochs. */
static const double STAGNATION = 0.01;

bool mlp_run_is_small(const mlp_run_data *data, const mlp_model *model)
{
    return data->test.rows == 0 && data->validation.rows == 0 &&
           data->train.rows <= ROWS_MAX && model->layer[0].in <= FEATURES_MAX &&
           model->layer[model->layers - 1].out <= OUTPUTS_MAX;
}

/* ---- the rows of all ranks --------------------------------------------- */

/* Features, label and outputs of a row as bits of floats, all 0 on ranks that
 * don't have the row: a sum over ranks gives them to all. */
typedef struct {
    uint64_t features[FEATURES_MAX], outputs[OUTPUTS_MAX], label;
} row_bits;

static uint64_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double value_of(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return (double)value;
}

static float feature_of(const mlp_dataset *rows, size_t at)
{
    return rows->element == MLP_ELEMENT_U8
               ? (float)((const uint8_t *)rows->values)[at]
               : ((const float *)rows->values)[at];
}

static void copy_rows(const mlp_run_parts *run, row_bits *table)
{
    const mlp_dataset *here = &run->data.train.here;
    size_t outputs = run->model->layer[run->model->layers - 1].out;
    float made[ROWS_MAX * OUTPUTS_MAX];
    mlp_trainer_outputs(run->trainer, &run->data.train, made);
    for (size_t r = 0; r < here->range.count; r++) {
        row_bits *row = &table[here->range.first + r];
        for (size_t i = 0; i < here->features; i++) {
            row->features[i] =
                bits_of(feature_of(here, r * here->features + i));
        }
        for (size_t j = 0; j < outputs; j++) {
            row->outputs[j] = bits_of(made[r * outputs + j]);
        }
        row->label = here->labels[r];
    }
}

/* ---- output ------------------------------------------------------------ */

static uint64_t class_of(const row_bits *row, size_t outputs)
{
    uint64_t best = 0;
    if (outputs == 1) {
        return value_of(row->outputs[0]) >= 0.5;
    }
    for (size_t j = 1; j < outputs; j++) {
        if (value_of(row->outputs[j]) > value_of(row->outputs[best])) {
            best = j;
        }
    }
    return best;
}

static void print_head(size_t features, size_t outputs)
{
    for (size_t i = 1; i <= features; i++) {
        printf("%6s%zu", "x", i);
    }
    printf("  truth");
    for (size_t j = 0; j < outputs; j++) {
        printf("%12s", j == 0 ? "prediction" : "");
    }
    printf("  class\n");
}

/* Print the table; return the number of wrong rows. */
static size_t print_rows(const mlp_run_parts *run, const row_bits *table)
{
    size_t outputs = run->model->layer[run->model->layers - 1].out;
    size_t wrong = 0;
    print_head(run->data.train.here.features, outputs);
    for (size_t r = 0; r < run->data.train.rows; r++) {
        const row_bits *row = &table[r];
        uint64_t found = class_of(row, outputs);
        for (size_t i = 0; i < run->data.train.here.features; i++) {
            printf("%7g", value_of(row->features[i]));
        }
        printf("%7" PRIu64, row->label);
        for (size_t j = 0; j < outputs; j++) {
            printf("%12.4f", value_of(row->outputs[j]));
        }
        printf("%7" PRIu64 "%s\n", found, found == row->label ? "" : "  wrong");
        wrong += found != row->label;
    }
    return wrong;
}

/* The epoch since which the loss stagnates; 0 if it still falls. */
static uint64_t still_since(const mlp_history *history)
{
    size_t count = history->count;
    double last = mlp_tally_loss(&history->records[count - 1].train);
    size_t since = count - 1;
    while (since > 0 && mlp_tally_loss(&history->records[since - 1].train) <
                            last * (1.0 + STAGNATION)) {
        since--;
    }
    return since <= count - count / 10 - 1 ? history->records[since].epoch : 0;
}

static void print_outcome(const mlp_run_parts *run, size_t wrong)
{
    const mlp_history *history = &run->state.history;
    uint64_t epochs = run->state.epoch;
    if (run->progress.is_converged) {
        printf("converged: no error in epoch %" PRIu64 "\n", epochs);
        return;
    }
    if (wrong == 0) {
        printf("learned: all %zu rows are right after %" PRIu64 " epochs\n",
               run->data.train.rows, epochs);
        return;
    }
    uint64_t since = still_since(history);
    printf("did not converge: after %" PRIu64 " epochs %zu of %zu rows %s "
           "wrong",
           epochs, wrong, run->data.train.rows, wrong == 1 ? "is" : "are");
    if (run->job.config.loss == MLP_LOSS_PERCEPTRON) {
        printf("; one step unit learns only classes that a straight line "
               "separates (Minsky and Papert 1969)\n");
    } else if (since > 0) {
        printf(", and the loss has stagnated at %.4f since epoch %" PRIu64
               ": a local minimum; try another --seed\n",
               mlp_tally_loss(&history->records[history->count - 1].train),
               since);
    } else {
        printf(", and the loss still falls: try more --epochs\n");
    }
}

mlp_status mlp_run_print_rows(mlp_run_parts *run)
{
    row_bits table[ROWS_MAX] = {0};
    const size_t words = sizeof table / (sizeof(uint64_t));
    copy_rows(run, table);
    MLP_TRY(mlp_comm_sum(run->job.comm, (uint64_t *)table, words));
    if (mlp_run_is_leader(&run->job)) {
        print_outcome(run, print_rows(run, table));
    }
    return MLP_OK;
}
