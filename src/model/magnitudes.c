/** @file
 *  The largest magnitudes in a pass: of each layer's input, and of its dz.
 */
#include "internal.h"

static void widen(uint32_t *largest, uint32_t value)
{
    *largest = value > *largest ? value : *largest;
}

/* The largest magnitude in rows and panels of values [., stride(columns)]. */
static uint32_t largest_of(const mlp_pass *pass, const float *values,
                           size_t columns, mlp_tile written)
{
    size_t first = written.columns.first * MLP_PANEL;
    size_t end = first + written.columns.count * MLP_PANEL;
    size_t most = mlp_padded(columns);
    return pass->kernels->largest(
        values, mlp_stride(columns), written.rows,
        (mlp_range){first, (end < most ? end : most) - first});
}

void mlp_pass_measure(const mlp_pass *pass, mlp_range gathered,
                      mlp_pass_extent *mine, mlp_thread self)
{
    const mlp_batch *batch = pass->batch;
    size_t last = pass->model->layers - 1;
    size_t outputs = pass->model->layer[last].out;
    mlp_tile written = {gathered, {0, mlp_panels(batch->cols)}};
    widen(&mine->input[0],
          largest_of(pass, batch->values, batch->cols, written));
    written = (mlp_tile){mlp_thread_share(self, batch->rows),
                         {0, mlp_panels(outputs)}};
    widen(&mine->dz[last], largest_of(pass, pass->dz[last], outputs, written));
    for (size_t l = 0; l < last; l++) {
        size_t out = pass->model->layer[l].out;
        size_t panels = mlp_panels(out);
        written = mlp_pass_tile(pass, l, panels, self);
        widen(&mine->input[l + 1],
              largest_of(pass, pass->activations[l], out, written));
        if (l >= pass->model->frozen) {
            written = mlp_pass_tile(pass, l + 1, panels, self);
            widen(&mine->dz[l], largest_of(pass, pass->dz[l], out, written));
        }
    }
}
