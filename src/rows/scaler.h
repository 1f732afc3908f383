/** @file
 *  Feature scaling, x -> (x - shift) * scale, fitted on the training rows. One
 *  shift and scale for all columns, or one for each. Robust scaling squeezes
 * the result: z -> z / sqrt(1 + (z / 3)^2), between -3 and 3.
 */
#ifndef MLP_SCALER_H
#define MLP_SCALER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/config.h"

/** With shift 0, a zero stays an exact zero, which the kernels skip. */
typedef struct {
    float shift, scale;     /**< for all columns, unless each has its own: */
    float *shifts, *scales; /**< [columns], both or none; mlp_scaler_destroy
                                 frees those that mlp_scaler_create made */
    bool is_squeezed;
} mlp_scaler;

/** The shift and scale of an indicator, whose 0, 1 and -1 stay as they are, for
 *  a scaler that squeezes or does not. */
mlp_scaler mlp_scaler_indicator(bool is_squeezed);

/** Division by the largest absolute value, like scikit-learn's MaxAbsScaler.
 *  @param largest  over all training rows; 0 gives the identity */
mlp_scaler mlp_scaler_max(float largest);

/** Statistics of one column over all training rows. */
typedef struct {
    float least, largest;
    double mean, deviation; /**< population standard deviation */
    double quartiles[3]; /**< at (rows - 1) / 4, 2/4, 3/4 of the sorted values,
                              interpolated */
} mlp_column_facts;

/** Shift and scale of one column, in one-column form (shifts is NULL).
 *
 *  max       x / max|x|
 *  minmax    (x - min) / (max - min)
 *  standard  (x - mean) / deviation
 *  rms       x / sqrt(mean of x^2): preserves signs and zeros
 *  robust    (x - q50) / (q75 - q25), q being quartiles; if the outer ones are
 *            equal, (x - q50) 2 / (max - min)
 *  others    x
 *
 *  A constant column has no range to divide by: max and rms leave zeros
 *  unchanged, minmax and standard map it to 0, and robust all values, also
 *  later ones.
 *  Source of robust: Holzmueller, Grinsztajn and Steinwart 2024, "Better by
 *  default", appendix A. MLP_ERROR_DATA when the column's
 *  range overflows float32; the text does not name the column.
 */
mlp_status mlp_scaler_of(mlp_scaling scaling, const mlp_column_facts *facts,
                         mlp_scaler *column);

/** Allocate a shift and a scale for each column, initially the identity. */
mlp_status mlp_scaler_create(size_t columns, mlp_scaler *scaler);
void mlp_scaler_destroy(mlp_scaler *scaler);

/** Make a copy. */
mlp_status mlp_scaler_copy(const mlp_scaler *scaler, size_t columns,
                           mlp_scaler *copy);

/** How the numbers of a regression are scaled for training, and the range that
 *  predictions are kept in. */
typedef struct {
    float shift, scale;
    bool is_clipped;
    float least, largest; /**< of the training rows' numbers, if clipped */
} mlp_target_scaler;

/** A number as training has it. */
static inline float mlp_target_scaled(const mlp_target_scaler *scaler,
                                      float target)
{
    return (target - scaler->shift) * scaler->scale;
}

/** The prediction that an output means, in the unit of the data. */
double mlp_target_prediction(const mlp_target_scaler *scaler, float output);

/** The range of outputs that predictions within the range come from.
 *  @param is_log  outputs are logarithms, as under --loss poisson
 *  @param limits  [2], overwritten: least and largest; the first is -inf for a
 *                 logarithm of 0 */
void mlp_target_limits(const mlp_target_scaler *scaler, bool is_log,
                       float limits[2]);

/** Whether zeros of all columns stay zeros. */
bool mlp_scaler_keeps_zeros(const mlp_scaler *scaler, size_t columns);

#endif
