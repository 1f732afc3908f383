/** @file
 *  The SVG canvas.
 */
#include "canvas.h"

/* Contrast to white: at least 4.5 for text and 3 for series. */
unsigned mlp_ink_color(unsigned ink)
{
    static const unsigned colors[MLP_INK_SERIES + MLP_INK_COLORS] = {
        0xffffff, 0x1b2330, 0x566074, 0xdfe3ea, 0x1d5fd1, 0xc2570c,
        0x0b7a5b, 0x7a3cc9, 0xc02626, 0x0e7490, 0xb8246e, 0x5b6b12};
    return colors[ink];
}

static void close_titled(mlp_markup *m, const char *title)
{
    if (title != NULL) {
        mlp_markup_element(m, "title", NULL, "%s", title);
    }
    mlp_markup_close(m);
}

static void line(mlp_canvas *canvas, const double *xy, size_t count,
                 unsigned ink, double width, bool is_dashed)
{
    mlp_markup *m = ((mlp_canvas_svg *)canvas)->markup;
    mlp_markup_open(m, "path");
    mlp_markup_attribute(m, "class", "l k%u", ink);
    mlp_markup_attribute(m, "stroke-width", "%g", width);
    if (is_dashed) {
        mlp_markup_attribute(m, "stroke-dasharray", "5 4");
    }
    fputs(" d=\"", m->out);
    for (size_t i = 0; i < count; i++) {
        fprintf(m->out, "%c%.2f %.2f", i == 0 ? 'M' : 'L', xy[2 * i],
                xy[2 * i + 1]);
    }
    fputc('"', m->out);
    mlp_markup_close(m);
}

static void box(mlp_canvas *canvas, double x, double y, double width,
                double height, unsigned ink, const char *title)
{
    mlp_markup *m = ((mlp_canvas_svg *)canvas)->markup;
    mlp_markup_open(m, "rect");
    mlp_markup_attribute(m, "class", "f k%u", ink);
    mlp_markup_attribute(m, "x", "%.2f", x);
    mlp_markup_attribute(m, "y", "%.2f", y);
    mlp_markup_attribute(m, "width", "%.2f", width);
    mlp_markup_attribute(m, "height", "%.2f", height);
    close_titled(m, title);
}

static void disc(mlp_canvas *canvas, double x, double y, double radius,
                 unsigned ink, const char *title)
{
    mlp_markup *m = ((mlp_canvas_svg *)canvas)->markup;
    mlp_markup_open(m, "circle");
    mlp_markup_attribute(m, "class", "f k%u", ink);
    mlp_markup_attribute(m, "cx", "%.2f", x);
    mlp_markup_attribute(m, "cy", "%.2f", y);
    mlp_markup_attribute(m, "r", "%.2f", radius);
    close_titled(m, title);
}

static void text(mlp_canvas *canvas, double x, double y, double size,
                 mlp_anchor anchor, unsigned ink, const char *words)
{
    static const char *const names[] = {"start", "middle", "end"};
    mlp_markup *m = ((mlp_canvas_svg *)canvas)->markup;
    mlp_markup_open(m, "text");
    mlp_markup_attribute(m, "class", "f k%u", ink);
    mlp_markup_attribute(m, "x", "%.2f", x);
    mlp_markup_attribute(m, "y", "%.2f", y);
    mlp_markup_attribute(m, "font-size", "%g", size);
    if (anchor != MLP_ANCHOR_START) {
        mlp_markup_attribute(m, "text-anchor", "%s", names[anchor]);
    }
    mlp_markup_text(m, "%s", words);
    mlp_markup_close(m);
}

void mlp_canvas_svg_init(mlp_canvas_svg *svg, mlp_markup *markup)
{
    *svg = (mlp_canvas_svg){{line, box, disc, text}, markup};
}

const char *mlp_canvas_svg_style(void)
{
    return "text{font-family:system-ui,'DejaVu Sans',sans-serif}"
           ".l{fill:none;stroke:currentColor;stroke-linejoin:round}"
           ".f{fill:currentColor}"
           ".k0{color:#fff}.k1{color:#1b2330}.k2{color:#566074}"
           ".k3{color:#dfe3ea}.k4{color:#1d5fd1}.k5{color:#c2570c}"
           ".k6{color:#0b7a5b}.k7{color:#7a3cc9}.k8{color:#c02626}"
           ".k9{color:#0e7490}.k10{color:#b8246e}.k11{color:#5b6b12}";
}
