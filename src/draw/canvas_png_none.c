/** @file
 *  The PNG canvas in a build without cairo.
 */
#include "canvas.h"

mlp_status mlp_canvas_png_create(double width, double height, double scale,
                                 mlp_canvas **canvas)
{
    (void)width;
    (void)height;
    (void)scale;
    *canvas = NULL;
    return mlp_fail(MLP_ERROR_USAGE,
                    "--format png: this program was built without cairo; "
                    "--format svg needs nothing");
}

mlp_status mlp_canvas_png_write(mlp_canvas *canvas, FILE *out)
{
    (void)canvas;
    (void)out;
    return MLP_OK;
}

void mlp_canvas_png_destroy(mlp_canvas **canvas)
{
    (void)canvas;
}
