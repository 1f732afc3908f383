/** @file
 *  Charts of a few lines over a common axis, on any canvas or as text.
 */
#ifndef MLP_CHART_H
#define MLP_CHART_H

#include "canvas.h"

typedef struct {
    char name[96];
    const double *x, *y; /**< [count]; a y that is no number is left out */
    size_t count;
    unsigned ink; /**< from MLP_INK_SERIES on */
    bool is_dashed;
    size_t best; /**< the point to mark; SIZE_MAX: none */
} mlp_series;

typedef struct {
    const char *title, *x_label;
    bool is_percent; /**< y are parts of 1 */
    bool is_log;     /**< y on a logarithmic axis, when all are positive */
    const mlp_series *series;
    size_t count;
} mlp_chart;

enum { MLP_CHART_WIDTH = 360, MLP_CHART_HEIGHT = 250 };

/** Draw into the box (0, top, MLP_CHART_WIDTH, MLP_CHART_HEIGHT). */
void mlp_chart_draw(const mlp_chart *chart, mlp_canvas *canvas, double top);

/** Print with the points of braille letters, or with ASCII.
 *  @param columns  of the whole; at least 30
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_chart_print(const mlp_chart *chart, FILE *out, size_t columns,
                           bool has_utf8);

/** The range of an axis, and the distance of its ticks: 1, 2 or 5 times a power
 *  of ten, about `wanted` of them, the ends included. */
typedef struct {
    double least, most, step;
} mlp_axis;
mlp_axis mlp_axis_of(double least, double most, size_t wanted);

/** Whether a value has a place on a chart: a number, and not beyond 1e12. */
bool mlp_chart_can_draw(double value);

/** The values of a chart; least > most when it has none. */
void mlp_chart_extent(const mlp_chart *chart, double *x_least, double *x_most,
                      double *y_least, double *y_most);

#endif
