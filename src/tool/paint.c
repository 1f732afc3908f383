/** @file
 *  Rows of data as pictures.
 */
#include <math.h>

#include "tool.h"

static float value_at(const mlp_tool_grid *grid, const void *values, size_t i)
{
    return grid->element == MLP_ELEMENT_U8 ? ((const unsigned char *)values)[i]
                                           : ((const float *)values)[i];
}

mlp_status mlp_tool_paint(const mlp_tool_grid *grid, const void *values,
                          mlp_image *image)
{
    size_t channels = grid->channels > 1 ? grid->channels : 1;
    size_t mixed = channels == 3 ? 1 : channels; /* values averaged to a byte */
    MLP_TRY(mlp_image_create(grid->height, grid->width / channels,
                             channels / mixed, image));
    for (size_t i = 0; i < grid->height * grid->width / mixed; i++) {
        float value = 0.0F;
        for (size_t k = 0; k < mixed; k++) {
            value += value_at(grid, values, i * mixed + k);
        }
        value /= (float)mixed;
        float light = grid->largest > 0.0F ? value / grid->largest : 0.0F;
        image->pixels[i] =
            light > 0.0F ? (unsigned char)lrintf(255.0F * fminf(light, 1.0F))
                         : 0;
    }
    return MLP_OK;
}
