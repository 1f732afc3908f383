/** @file
 *  A drawing surface: SVG text, or the pixels of a PNG file. Coordinates in CSS
 *  pixels, y downwards.
 */
#ifndef MLP_CANVAS_H
#define MLP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "markup.h"

/** Colors by meaning; each canvas maps them to its own. */
typedef enum {
    MLP_INK_PAPER,
    MLP_INK_TEXT,
    MLP_INK_MUTED,
    MLP_INK_GRID,
    MLP_INK_SERIES /**< the first of MLP_INK_COLORS */
} mlp_ink;
enum { MLP_INK_COLORS = 8 };

typedef enum { MLP_ANCHOR_START, MLP_ANCHOR_MIDDLE, MLP_ANCHOR_END } mlp_anchor;

typedef struct mlp_canvas mlp_canvas;
struct mlp_canvas {
    /** A line through points.
     *  @param xy  [count, 2] */
    void (*line)(mlp_canvas *canvas, const double *xy, size_t count,
                 unsigned ink, double width, bool is_dashed);
    /** @param title  tooltip, or NULL */
    void (*box)(mlp_canvas *canvas, double x, double y, double width,
                double height, unsigned ink, const char *title);
    void (*disc)(mlp_canvas *canvas, double x, double y, double radius,
                 unsigned ink, const char *title);
    /** @param y  of the baseline */
    void (*text)(mlp_canvas *canvas, double x, double y, double size,
                 mlp_anchor anchor, unsigned ink, const char *text);
};

/* ---- SVG: canvas_svg.c */

typedef struct {
    mlp_canvas canvas; /* first */
    mlp_markup *markup;
} mlp_canvas_svg;

/** Draw into an open svg element. Colors are classes, k0 to k11 in the order of
 *  inks, which the page's style sheet or the one below defines.
 */
void mlp_canvas_svg_init(mlp_canvas_svg *svg, mlp_markup *markup);

/** A style sheet for a standalone picture on white. */
const char *mlp_canvas_svg_style(void);

/* ---- PNG: canvas_png.c, with cairo; or canvas_png_none.c, without */

/** A white canvas. MLP_ERROR_USAGE when the build has no cairo;
 *  MLP_ERROR_INTERNAL without memory.
 *  @param scale  pixels per unit */
mlp_status mlp_canvas_png_create(double width, double height, double scale,
                                 mlp_canvas **canvas);

/** Write the file. Write errors are left to the stream's error indicator.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_canvas_png_write(mlp_canvas *canvas, FILE *out);
void mlp_canvas_png_destroy(mlp_canvas **canvas);

/** 0xRRGGBB of an ink on white. */
unsigned mlp_ink_color(unsigned ink);

#endif
