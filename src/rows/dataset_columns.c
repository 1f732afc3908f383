/** @file
 *  Statistics of each column of a data set: extremes, and sums in a fixed
 *  order.
 */
#include "dataset.h"

#include <math.h>

void mlp_dataset_extremes(const mlp_dataset *dataset, float *least,
                          float *largest)
{
    for (size_t c = 0; c < dataset->features; c++) {
        least[c] = INFINITY;
        largest[c] = -INFINITY;
    }
    mlp_range rows = {0, dataset->range.count};
    size_t count;
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const void *values = mlp_dataset_read(dataset, rows, &count);
        for (size_t r = 0; r < count; r++) {
            if (mlp_dataset_weight(dataset, rows.first + r) == 0.0) {
                continue;
            }
            for (size_t c = 0; c < dataset->features; c++) {
                float value = mlp_dataset_value(dataset, values,
                                                r * dataset->features + c);
                least[c] = value < least[c] ? value : least[c];
                largest[c] = value > largest[c] ? value : largest[c];
            }
        }
    }
}

/* Add up columns in order of rows; squared distances from `mean` if not
 * NULL. */
static void add_rows(const mlp_dataset *dataset, mlp_range rows,
                     mlp_range columns, const double *mean, double *sums)
{
    size_t count;
    for (size_t c = 0; c < columns.count; c++) {
        sums[c] = 0.0;
    }
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const void *values = mlp_dataset_read(dataset, rows, &count);
        for (size_t r = 0; r < count; r++) {
            size_t first = r * dataset->features + columns.first;
            double weight = mlp_dataset_weight(dataset, rows.first + r);
            for (size_t c = 0; c < columns.count; c++) {
                double value =
                    (double)mlp_dataset_value(dataset, values, first + c);
                double apart = mean != NULL ? value - mean[c] : 0.0;
                sums[c] += weight * (mean != NULL ? apart * apart : value);
            }
        }
    }
}

void mlp_dataset_sums(const mlp_dataset *dataset, mlp_range rows,
                      mlp_range columns, double *sums)
{
    add_rows(dataset, rows, columns, NULL, sums);
}

void mlp_dataset_squares(const mlp_dataset *dataset, mlp_range rows,
                         mlp_range columns, const double *mean, double *sums)
{
    add_rows(dataset, rows, columns, mean, sums);
}
