/** @file
 *  Feature scaling.
 */
#include "scaler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/accurate.h"

/* 0 and the smallest subnormals have no finite reciprocal. */
static float reciprocal(float divisor)
{
    float scale = 1.0F / divisor;
    return isfinite(scale) ? scale : 1.0F;
}

mlp_scaler mlp_scaler_max(float largest)
{
    return (mlp_scaler){.shift = 0.0F, .scale = reciprocal(largest)};
}

static mlp_scaler minmax(const mlp_column_facts *facts)
{
    return (mlp_scaler){.shift = facts->least,
                        .scale = reciprocal(facts->largest - facts->least)};
}

/* The mean of equal values may be rounded, and their deviation then is not 0:
 * constant columns are recognized by their extremes. */
static mlp_scaler standard(const mlp_column_facts *facts)
{
    if (facts->least == facts->largest) {
        return (mlp_scaler){.shift = facts->least, .scale = 1.0F};
    }
    return (mlp_scaler){.shift = (float)facts->mean,
                        .scale = reciprocal((float)facts->deviation)};
}

/* mean of x^2 = mean^2 + deviation^2 */
static mlp_scaler rms(const mlp_column_facts *facts)
{
    double root =
        sqrt(facts->mean * facts->mean + facts->deviation * facts->deviation);
    return (mlp_scaler){.shift = 0.0F, .scale = reciprocal((float)root)};
}

static mlp_scaler robust(const mlp_column_facts *facts)
{
    double middle = facts->quartiles[2] - facts->quartiles[0];
    double range = (double)facts->largest - (double)facts->least;
    float scale = middle > 0.0  ? reciprocal((float)middle)
                  : range > 0.0 ? 2.0F * reciprocal((float)range)
                                : 0.0F;
    return (mlp_scaler){.shift = (float)facts->quartiles[1], .scale = scale};
}

/* f(z) = z / sqrt(1 + z^2/9) is 1 at sqrt(9/8). */
mlp_scaler mlp_scaler_indicator(bool is_squeezed)
{
    return (mlp_scaler){.shift = 0.0F,
                        .scale = is_squeezed ? 1.06066017F : 1.0F};
}

mlp_status mlp_scaler_of(mlp_scaling scaling, const mlp_column_facts *facts,
                         mlp_scaler *column)
{
    *column = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
    if (scaling == MLP_SCALING_MAX) {
        float a = fabsf(facts->least);
        float b = fabsf(facts->largest);
        *column = mlp_scaler_max(a > b ? a : b);
        return MLP_OK;
    }
    if (scaling == MLP_SCALING_RMS) {
        *column = rms(facts);
        return MLP_OK;
    }
    if (scaling != MLP_SCALING_MINMAX && scaling != MLP_SCALING_STANDARD &&
        scaling != MLP_SCALING_ROBUST) {
        return MLP_OK;
    }
    if (!isfinite(facts->largest - facts->least)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "has values from %g to %g, too far apart for float32",
                        (double)facts->least, (double)facts->largest);
    }
    *column = scaling == MLP_SCALING_MINMAX   ? minmax(facts)
              : scaling == MLP_SCALING_ROBUST ? robust(facts)
                                              : standard(facts);
    return MLP_OK;
}

mlp_status mlp_scaler_create(size_t columns, mlp_scaler *scaler)
{
    *scaler = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
    float *both = calloc(2 * columns + 1, sizeof *both);
    if (both == NULL) {
        return mlp_fail_memory("the scaling of the features");
    }
    scaler->shifts = both;
    scaler->scales = both + columns;
    for (size_t i = 0; i < columns; i++) {
        scaler->scales[i] = 1.0F;
    }
    return MLP_OK;
}

void mlp_scaler_destroy(mlp_scaler *scaler)
{
    free(scaler->shifts);
    *scaler = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
}

mlp_status mlp_scaler_copy(const mlp_scaler *scaler, size_t columns,
                           mlp_scaler *copy)
{
    *copy = *scaler;
    if (scaler->shifts == NULL) {
        return MLP_OK;
    }
    MLP_TRY(mlp_scaler_create(columns, copy));
    copy->is_squeezed = scaler->is_squeezed;
    memcpy(copy->shifts, scaler->shifts, columns * sizeof *copy->shifts);
    memcpy(copy->scales, scaler->scales, columns * sizeof *copy->scales);
    return MLP_OK;
}

bool mlp_scaler_keeps_zeros(const mlp_scaler *scaler, size_t columns)
{
    if (scaler->shifts == NULL) {
        return scaler->shift == 0.0F;
    }
    for (size_t i = 0; i < columns; i++) {
        if (scaler->shifts[i] != 0.0F) {
            return false;
        }
    }
    return true;
}

/* ---- targets ----------------------------------------------------------- */

double mlp_target_prediction(const mlp_target_scaler *scaler, float output)
{
    double value =
        (double)output / (double)scaler->scale + (double)scaler->shift;
    if (!scaler->is_clipped) {
        return value;
    }
    return value < (double)scaler->least     ? (double)scaler->least
           : value > (double)scaler->largest ? (double)scaler->largest
                                             : value;
}

void mlp_target_limits(const mlp_target_scaler *scaler, bool is_log,
                       float limits[2])
{
    limits[0] = mlp_target_scaled(scaler, scaler->least);
    limits[1] = mlp_target_scaled(scaler, scaler->largest);
    for (size_t i = 0; i < 2 && is_log; i++) {
        limits[i] = limits[i] > 0.0F
                        ? (float)mlp_accurate_log((double)limits[i])
                        : -INFINITY;
    }
}
