/** @file
 *  The PNG canvas, with cairo.
 */
#include <cairo.h>
#include <stdlib.h>

#include "canvas.h"

typedef struct {
    mlp_canvas canvas; /* first */
    cairo_surface_t *surface;
    cairo_t *cairo;
} png_canvas;

static void choose(png_canvas *png, unsigned ink)
{
    unsigned color = mlp_ink_color(ink);
    cairo_set_source_rgb(png->cairo, (color >> 16) / 255.0,
                         (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

static void line(mlp_canvas *canvas, const double *xy, size_t count,
                 unsigned ink, double width, bool is_dashed)
{
    static const double dashes[] = {5, 4};
    png_canvas *png = (png_canvas *)canvas;
    choose(png, ink);
    cairo_set_line_width(png->cairo, width);
    cairo_set_line_join(png->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(png->cairo, dashes, is_dashed ? 2 : 0, 0);
    cairo_new_path(png->cairo);
    for (size_t i = 0; i < count; i++) {
        cairo_line_to(png->cairo, xy[2 * i], xy[2 * i + 1]);
    }
    cairo_stroke(png->cairo);
}

static void box(mlp_canvas *canvas, double x, double y, double width,
                double height, unsigned ink, const char *title)
{
    png_canvas *png = (png_canvas *)canvas;
    (void)title;
    choose(png, ink);
    cairo_rectangle(png->cairo, x, y, width, height);
    cairo_fill(png->cairo);
}

static void disc(mlp_canvas *canvas, double x, double y, double radius,
                 unsigned ink, const char *title)
{
    png_canvas *png = (png_canvas *)canvas;
    (void)title;
    choose(png, ink);
    cairo_new_path(png->cairo);
    cairo_arc(png->cairo, x, y, radius, 0, 6.28318530717958648);
    cairo_fill(png->cairo);
}

static void text(mlp_canvas *canvas, double x, double y, double size,
                 mlp_anchor anchor, unsigned ink, const char *words)
{
    png_canvas *png = (png_canvas *)canvas;
    cairo_text_extents_t extents;
    choose(png, ink);
    cairo_set_font_size(png->cairo, size);
    cairo_text_extents(png->cairo, words, &extents);
    double shift = anchor == MLP_ANCHOR_END      ? extents.x_advance
                   : anchor == MLP_ANCHOR_MIDDLE ? extents.x_advance / 2
                                                 : 0;
    cairo_move_to(png->cairo, x - shift, y);
    cairo_show_text(png->cairo, words);
}

mlp_status mlp_canvas_png_create(double width, double height, double scale,
                                 mlp_canvas **canvas)
{
    png_canvas *png = calloc(1, sizeof *png);
    *canvas = NULL;
    if (png == NULL) {
        return mlp_fail_memory("a picture");
    }
    png->canvas = (mlp_canvas){line, box, disc, text};
    png->surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)(width * scale), (int)(height * scale));
    png->cairo = cairo_create(png->surface);
    *canvas = &png->canvas;
    if (cairo_status(png->cairo) != CAIRO_STATUS_SUCCESS) {
        mlp_canvas_png_destroy(canvas);
        return mlp_fail_memory("a picture");
    }
    cairo_scale(png->cairo, scale, scale);
    cairo_select_font_face(png->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    box(*canvas, 0, 0, width, height, MLP_INK_PAPER, NULL);
    return MLP_OK;
}

/* Write errors are left to the stream's error indicator. */
static cairo_status_t write_bytes(void *out, const unsigned char *bytes,
                                  unsigned count)
{
    return fwrite(bytes, 1, count, out) == count ? CAIRO_STATUS_SUCCESS
                                                 : CAIRO_STATUS_WRITE_ERROR;
}

mlp_status mlp_canvas_png_write(mlp_canvas *canvas, FILE *out)
{
    png_canvas *png = (png_canvas *)canvas;
    cairo_status_t status =
        cairo_surface_write_to_png_stream(png->surface, write_bytes, out);
    return status == CAIRO_STATUS_SUCCESS || ferror(out)
               ? MLP_OK
               : mlp_fail_memory(cairo_status_to_string(status));
}

void mlp_canvas_png_destroy(mlp_canvas **canvas)
{
    png_canvas *png = (png_canvas *)*canvas;
    if (png != NULL) {
        cairo_destroy(png->cairo);
        cairo_surface_destroy(png->surface);
        free(png);
        *canvas = NULL;
    }
}
