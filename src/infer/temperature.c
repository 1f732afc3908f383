/** @file
 *  Temperature scaling of a classifier.
 */
#include "temperature.h"

#include <stdlib.h>
#include <string.h>

#include "base/accurate.h"
#include "inference.h"

/* ---- logits ------------------------------------------------------------ */

void mlp_logits_destroy(mlp_logits *logits)
{
    free(logits->logits);
    free(logits->labels);
    *logits = (mlp_logits){0};
}

static mlp_status grow(mlp_logits *logits, size_t rows, size_t count)
{
    size_t all = logits->rows + rows;
    float *values = realloc(logits->logits, (all * count + 1) * sizeof *values);
    if (values == NULL) {
        return mlp_fail_memory("the logits");
    }
    logits->logits = values;
    uint16_t *labels = realloc(logits->labels, (all + 1) * sizeof *labels);
    if (labels == NULL) {
        return mlp_fail_memory("the labels of logits");
    }
    logits->labels = labels;
    return MLP_OK;
}

static mlp_status run_rows(mlp_inference *inference, const mlp_dataset *dataset,
                           mlp_logits *logits)
{
    size_t rows = dataset->range.count;
    mlp_range batch = {0};
    while (mlp_inference_next(rows, &batch)) {
        mlp_inference_result result =
            mlp_inference_run(inference, dataset, batch);
        logits->count = result.classes;
        if (batch.first == 0) {
            MLP_TRY(grow(logits, rows, result.classes));
        }
        for (size_t r = 0; r < batch.count; r++) {
            size_t row = logits->rows + batch.first + r;
            memcpy(logits->logits + row * result.classes,
                   result.outputs + r * result.stride,
                   result.classes * sizeof(float));
            logits->labels[row] = dataset->labels[batch.first + r];
        }
    }
    logits->rows += rows;
    return mlp_dataset_status(dataset);
}

mlp_status mlp_logits_append(mlp_logits *logits,
                             const mlp_checkpoint *checkpoint, size_t threads,
                             const mlp_dataset *dataset)
{
    mlp_inference *inference;
    mlp_checkpoint linear = *checkpoint; /* its outputs are the logits */
    linear.config.output = MLP_OUTPUT_IDENTITY;
    linear.config.loss = MLP_LOSS_MSE;
    MLP_TRY(mlp_inference_create(&linear, threads, &inference));
    mlp_status status = run_rows(inference, dataset, logits);
    mlp_inference_destroy(&inference);
    return status;
}

/* ---- the factor -------------------------------------------------------- */

static double largest(const float *z, size_t count)
{
    double most = (double)z[0];
    for (size_t k = 1; k < count; k++) {
        most = (double)z[k] > most ? (double)z[k] : most;
    }
    return most;
}

/* The derivative of a row's log loss by the factor: the mean logit by the
 * probabilities, less that of the label. */
static double row_slope(const float *z, size_t count, size_t label,
                        double factor)
{
    double top = largest(z, count);
    double sum = 0, weighted = 0;
    for (size_t k = 0; k < count; k++) {
        double e = mlp_accurate_exp(factor * ((double)z[k] - top));
        sum += e;
        weighted += e * (double)z[k];
    }
    return weighted / sum - (double)z[label];
}

/* The logits of a row: those of one sigmoid are 0 and z. */
static const float *logits_of(const mlp_logits *logits, size_t row,
                              float both[2], size_t *count)
{
    const float *z = logits->logits + row * logits->count;
    *count = logits->count;
    if (logits->count > 1) {
        return z;
    }
    both[0] = 0.0F;
    both[1] = z[0];
    *count = 2;
    return both;
}

static double slope(const mlp_logits *logits, double factor)
{
    double sum = 0;
    for (size_t r = 0; r < logits->rows; r++) {
        float both[2];
        size_t count;
        const float *z = logits_of(logits, r, both, &count);
        sum += row_slope(z, count, logits->labels[r], factor);
    }
    return sum / (double)logits->rows;
}

static bool are_all_right(const mlp_logits *logits)
{
    for (size_t r = 0; r < logits->rows; r++) {
        float both[2];
        size_t count;
        const float *z = logits_of(logits, r, both, &count);
        if ((double)z[logits->labels[r]] < largest(z, count)) {
            return false;
        }
    }
    return true;
}

mlp_status mlp_temperature_fit(const mlp_logits *logits, double *factor)
{
    enum { HALVINGS = 48 };
    double low = -16, high = 16;
    *factor = 1;
    if (are_all_right(logits)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "all of %zu rows are predicted right, for which the "
                        "lowest temperature is always the best: no temperature "
                        "can be fitted",
                        logits->rows);
    }
    if (slope(logits, mlp_accurate_exp(low)) >= 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "the model is no better than chance on %zu rows: no "
                        "temperature can be fitted",
                        logits->rows);
    }
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (slope(logits, mlp_accurate_exp(middle)) > 0) {
            high = middle;
        } else {
            low = middle;
        }
    }
    *factor = mlp_accurate_exp((low + high) / 2);
    return MLP_OK;
}

/* ---- the checkpoint ---------------------------------------------------- */

void mlp_temperature_apply(mlp_checkpoint *c, double factor)
{
    size_t count = (c->widths[c->layers - 1] + 1) * c->widths[c->layers];
    float *last = c->parameters + c->parameter_count - count;
    const float *result = mlp_checkpoint_result(c);
    if (result != c->parameters) {
        memcpy(c->parameters, result, c->parameter_count * sizeof *result);
    }
    for (size_t i = 0; i < count; i++) {
        last[i] = (float)((double)last[i] * factor);
    }
    for (size_t i = 0; i < c->moment_count; i++) {
        free(c->moments[i]);
        c->moments[i] = NULL;
    }
    c->moment_count = 0;
}
