/** @file
 *  Charts of a few series with common axes, on any canvas or as text.
 */
#ifndef MLP_CHART_H
#define MLP_CHART_H

#include "canvas.h"

typedef struct {
    char name[96];
    const double *x, *y; /**< [count]; points with a NaN are omitted */
    size_t count;
    unsigned ink; /**< MLP_INK_SERIES or later */
    bool is_dashed;
    size_t best; /**< the point to mark; SIZE_MAX: none */
} mlp_series;

typedef struct {
    const char *title, *x_label;
    bool is_percent; /**< y are fractions, printed in percent */
    bool is_log;     /**< logarithmic y axis, if all y are positive */
    const mlp_series *series;
    size_t count;
} mlp_chart;

enum { MLP_CHART_WIDTH = 360, MLP_CHART_HEIGHT = 250 };

/** Draw into the box (0, top, MLP_CHART_WIDTH, MLP_CHART_HEIGHT). */
void mlp_chart_draw(const mlp_chart *chart, mlp_canvas *canvas, double top);

/** Print with braille characters, or in ASCII.
 *  @param columns  total width; at least 30
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_chart_print(const mlp_chart *chart, FILE *out, size_t columns,
                           bool has_utf8);

/** Range and tick distance of an axis: 1, 2 or 5 times a power of ten, so that
 *  there are about `wanted` ticks, the ends included. */
typedef struct {
    double least, most, step;
} mlp_axis;
mlp_axis mlp_axis_of(double least, double most, size_t wanted);

/** Whether a value can be drawn: a number, and at most 1e12 in magnitude. */
bool mlp_chart_can_draw(double value);

/** The range of a chart's values; least > most when it has none. */
void mlp_chart_extent(const mlp_chart *chart, double *x_least, double *x_most,
                      double *y_least, double *y_most);

#endif
