/** @file
 *  --class-weights: the weight of a row in the training loss, by class.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* rows / (classes rows_of_class), as scikit-learn's "balanced": every class
 * contributes equally to the loss. A class without rows gets weight 0. */
static mlp_status balance(const mlp_run_job *job, mlp_run_data *data)
{
    const mlp_dataset *here = &data->train.here;
    uint64_t *counts = calloc(data->classes, sizeof *counts);
    mlp_status status =
        counts == NULL ? mlp_fail_memory("the classes' counts") : MLP_OK;
    status = mlp_comm_agree(job->comm, status);
    for (size_t r = 0; status == MLP_OK && r < here->range.count; r++) {
        counts[here->labels[r]]++;
    }
    if (status == MLP_OK) {
        status = mlp_comm_sum(job->comm, counts, data->classes);
    }
    for (size_t k = 0; status == MLP_OK && k < data->classes; k++) {
        double alike = (double)data->train.rows / (double)data->classes;
        data->class_weights[k] =
            counts[k] > 0 ? (float)(alike / (double)counts[k]) : 0.0F;
    }
    free(counts);
    return status;
}

/* Read one weight and the comma after it. */
static mlp_status read_weight(const char *all, char **rest, float *weight)
{
    char *end = *rest;
    errno = 0;
    double value = strtod(*rest, &end);
    if (end == *rest || (*end != ',' && *end != '\0') || !isfinite(value) ||
        value < 0.0 || errno == ERANGE) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--class-weights: \"%.200s\" is not a list of numbers "
                        "from 0 on like 1,2.5, nor balanced, nor none",
                        all);
    }
    *weight = (float)value;
    *rest = *end == ',' ? end + 1 : end;
    return MLP_OK;
}

static mlp_status read_weights(const char *text, size_t classes, float *weights)
{
    char *rest = (char *)text;
    size_t count = 0;
    while (*rest != '\0' && count < classes) {
        MLP_TRY(read_weight(text, &rest, &weights[count]));
        count++;
    }
    return *rest == '\0' && count == classes
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--class-weights: \"%.200s\" has %s than the %zu "
                          "classes of the data",
                          text, *rest != '\0' ? "more weights" : "fewer",
                          classes);
}

mlp_status mlp_run_set_class_weights(const mlp_run_job *job, mlp_run_data *data)
{
    const char *text = job->config.class_weights;
    if (strcmp(text, "none") == 0) {
        return MLP_OK;
    }
    data->class_weights = calloc(data->classes, sizeof *data->class_weights);
    mlp_status status = data->class_weights == NULL
                            ? mlp_fail_memory("the classes' weights")
                            : MLP_OK;
    MLP_TRY(mlp_comm_agree(job->comm, status));
    if (strcmp(text, "balanced") == 0) {
        return balance(job, data);
    }
    return mlp_comm_agree(
        job->comm, read_weights(text, data->classes, data->class_weights));
}
