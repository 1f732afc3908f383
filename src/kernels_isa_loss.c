/** @file
 *  The loss at the last layer for one instruction set: softmax with
 *  cross-entropy, and the squared error.
 */
#include <string.h>

#include "kernels_isa.h"

static uint32_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t j = 1; j < n; j++) {
        best = values[j] > values[best] ? j : best;
    }
    return (uint32_t)best;
}

/* y[j] = exp(y[j] - top); returns their sum, in float64. The order is 16
 * interleaved chains, then these in sequence: the same for every width. */
static double exponentials(float *y, size_t cols, size_t stride, float top)
{
    double lanes[MLP_ALIGN] = {0};
    for (size_t j = 0; j < stride; j += LANES) {
        vec_store(y + j, vec_exp(vec_load(y + j) - vec_all(top)));
    }
    memset(y + cols, 0, (stride - cols) * sizeof *y);
    for (size_t j = 0; j < stride; j += MLP_ALIGN) {
        for (size_t lane = 0; lane < MLP_ALIGN; lane++) {
            lanes[lane] += (double)y[j + lane];
        }
    }
    double sum = 0.0;
    for (size_t lane = 0; lane < MLP_ALIGN; lane++) {
        sum += lanes[lane];
    }
    return sum;
}

void ISA(mlp_softmax)(const mlp_loss_rows *loss, mlp_range rows)
{
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        float *y = loss->outputs + r * loss->stride;
        uint16_t label = loss->labels[r];
        uint32_t best = largest(y, loss->cols);
        float top = y[best];
        double margin = (double)top - (double)y[label];
        double sum = exponentials(y, loss->cols, loss->stride, top);
        loss->predicted[r] = best;
        loss->losses[r] = Sleef_finz_logd1_u10purecfma(sum) + margin;
        float share = (float)(1.0 / sum);
        for (size_t j = 0; j < loss->stride; j++) {
            y[j] *= share;
        }
        if (loss->dz != NULL) {
            float *dz = loss->dz + r * loss->stride;
            memcpy(dz, y, loss->stride * sizeof *dz);
            dz[label] -= 1.0f;
        }
    }
}

void ISA(mlp_squared_error)(const mlp_loss_rows *loss, const mlp_dense *layer,
                            mlp_range rows)
{
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        const float *a = loss->outputs + r * loss->stride;
        double sum = 0.0;
        for (size_t j = 0; j < loss->cols; j++) {
            float target = loss->targets != NULL
                               ? loss->targets[r * loss->stride + j]
                           : j == loss->labels[r] ? 1.0f
                                                  : 0.0f;
            float error = a[j] - target;
            sum += (double)error * (double)error;
            if (loss->dz != NULL) {
                loss->dz[r * loss->stride + j] = error;
            }
        }
        loss->predicted[r] = largest(a, loss->cols);
        loss->losses[r] = 0.5 * sum;
        if (loss->dz != NULL) {
            memset(loss->dz + r * loss->stride + loss->cols, 0,
                   (loss->stride - loss->cols) * sizeof *loss->dz);
        }
    }
    if (loss->dz != NULL) {
        const mlp_units units = {.a = loss->outputs, .kept = NULL};
        ISA(mlp_slope)
        (layer, &units, loss->dz, rows, (mlp_range){0, loss->stride});
    }
}
