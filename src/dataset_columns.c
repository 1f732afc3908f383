/** @file
 *  What is true of each column of a data set: extremes, and sums in an order
 *  that is fixed.
 */
#include "mlp/dataset.h"

#include <math.h>

static float value_at(const mlp_dataset *dataset, size_t index)
{
    return dataset->element == MLP_ELEMENT_U8
               ? (float)((const uint8_t *)dataset->values)[index]
               : ((const float *)dataset->values)[index];
}

void mlp_dataset_extremes(const mlp_dataset *dataset, float *least,
                          float *largest)
{
    for (size_t c = 0; c < dataset->features; c++) {
        least[c] = INFINITY;
        largest[c] = -INFINITY;
    }
    for (size_t r = 0; r < dataset->range.count; r++) {
        for (size_t c = 0; c < dataset->features; c++) {
            float value = value_at(dataset, r * dataset->features + c);
            least[c] = value < least[c] ? value : least[c];
            largest[c] = value > largest[c] ? value : largest[c];
        }
    }
}

void mlp_dataset_sums(const mlp_dataset *dataset, mlp_range rows,
                      mlp_range columns, double *sums)
{
    for (size_t c = 0; c < columns.count; c++) {
        sums[c] = 0.0;
    }
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        size_t first = r * dataset->features + columns.first;
        for (size_t c = 0; c < columns.count; c++) {
            sums[c] += (double)value_at(dataset, first + c);
        }
    }
}

void mlp_dataset_squares(const mlp_dataset *dataset, mlp_range rows,
                         mlp_range columns, const double *mean, double *sums)
{
    for (size_t c = 0; c < columns.count; c++) {
        sums[c] = 0.0;
    }
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        size_t first = r * dataset->features + columns.first;
        for (size_t c = 0; c < columns.count; c++) {
            double apart = (double)value_at(dataset, first + c) - mean[c];
            sums[c] += apart * apart;
        }
    }
}
