/** @file
 *  Charts on a canvas.
 */
#include "chart.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double left = 52, right = 14, above = 44, below = 38;

enum { TICKS_MAX = 24 };

/* ---- axes */

mlp_axis mlp_axis_of(double least, double most, size_t wanted)
{
    double extent = most - least;
    if (!(extent > 0.0)) {
        extent = fabs(most) > 0.0 ? fabs(most) : 1.0;
        least -= extent / 2;
        most += extent / 2;
    }
    double rough = extent / (double)wanted;
    double power = pow(10.0, floor(log10(rough)));
    double times = rough / power;
    double step = power * (times <= 1.0   ? 1.0
                           : times <= 2.0 ? 2.0
                           : times <= 5.0 ? 5.0
                                          : 10.0);
    return (mlp_axis){floor(least / step + 1e-9) * step,
                      ceil(most / step - 1e-9) * step, step};
}

/* Beyond this, adjacent ticks cannot be distinguished. */
bool mlp_chart_can_draw(double value)
{
    return fabs(value) < 1e12;
}

void mlp_chart_extent(const mlp_chart *chart, double *x_least, double *x_most,
                      double *y_least, double *y_most)
{
    *x_least = *y_least = INFINITY;
    *x_most = *y_most = -INFINITY;
    for (size_t s = 0; s < chart->count; s++) {
        for (size_t i = 0; i < chart->series[s].count; i++) {
            double x = chart->series[s].x[i], y = chart->series[s].y[i];
            if (mlp_chart_can_draw(x) && mlp_chart_can_draw(y)) {
                *x_least = fmin(*x_least, x);
                *x_most = fmax(*x_most, x);
                *y_least = fmin(*y_least, y);
                *y_most = fmax(*y_most, y);
            }
        }
    }
}

/* The mapping of values to the canvas. */
typedef struct {
    mlp_canvas *canvas;
    const mlp_chart *chart;
    double top;
    bool is_log;
    mlp_axis x, y; /* y: log10 of the values when is_log */
} frame;

static double place_x(const frame *f, double x)
{
    double width = MLP_CHART_WIDTH - left - right;
    return left + width * (x - f->x.least) / (f->x.most - f->x.least);
}

static double place_y(const frame *f, double y)
{
    double height = MLP_CHART_HEIGHT - above - below;
    double value = f->is_log ? log10(y) : y;
    return f->top + above +
           height * (f->y.most - value) / (f->y.most - f->y.least);
}

static void write_value(const mlp_chart *chart, double value, double step,
                        char text[32])
{
    double scale = chart->is_percent ? 100.0 : 1.0;
    double size = step * scale;
    int decimals = size >= 1.0 ? 0 : (int)ceil(-log10(size) - 1e-9);
    if (fabs(value) < step * 1e-6) {
        value = 0.0;
    }
    if (decimals > 4 || fabs(value * scale) >= 1e6) {
        snprintf(text, 32, "%.1e", value * scale);
    } else {
        snprintf(text, 32, "%.*f%s", decimals, value * scale,
                 chart->is_percent ? "%" : "");
    }
}

static void draw_tick_y(const frame *f, double value, double step)
{
    char text[32];
    double y = place_y(f, value);
    const double xy[] = {left, y, MLP_CHART_WIDTH - right, y};
    write_value(f->chart, value, step, text);
    f->canvas->line(f->canvas, xy, 2, MLP_INK_GRID, 1, false);
    f->canvas->text(f->canvas, left - 6, y + 4, 11, MLP_ANCHOR_END,
                    MLP_INK_MUTED, text);
}

/* Ticks at 1, 2 and 5 times the powers of ten. */
static void draw_ticks_log(const frame *f)
{
    static const double times[] = {1, 2, 5};
    bool is_dense = f->y.most - f->y.least > 2.5;
    for (int power = (int)floor(f->y.least); power <= (int)f->y.most; power++) {
        for (size_t i = 0; i < (is_dense ? 1 : 3); i++) {
            double value = times[i] * pow(10.0, power);
            double at = log10(value);
            if (at >= f->y.least - 1e-9 && at <= f->y.most + 1e-9) {
                draw_tick_y(f, value, pow(10.0, power));
            }
        }
    }
}

static void draw_axes(const frame *f)
{
    for (size_t i = 0; !f->is_log && i < TICKS_MAX; i++) {
        double value = f->y.least + (double)i * f->y.step;
        if (value > f->y.most + f->y.step / 2) {
            break;
        }
        draw_tick_y(f, value, f->y.step);
    }
    if (f->is_log) {
        draw_ticks_log(f);
    }
    double bottom = f->top + MLP_CHART_HEIGHT - below;
    for (size_t i = 0; i < TICKS_MAX; i++) {
        char text[32];
        double value = f->x.least + (double)i * f->x.step;
        if (value > f->x.most + f->x.step / 2) {
            break;
        }
        snprintf(text, sizeof text, "%.6g", value);
        f->canvas->text(f->canvas, place_x(f, value), bottom + 16, 11,
                        MLP_ANCHOR_MIDDLE, MLP_INK_MUTED, text);
    }
    f->canvas->text(f->canvas, (left + MLP_CHART_WIDTH - right) / 2,
                    bottom + 32, 11, MLP_ANCHOR_MIDDLE, MLP_INK_MUTED,
                    f->chart->x_label);
}

/* ---- lines */

static bool is_drawn(const frame *f, double x, double y)
{
    return mlp_chart_can_draw(x) && mlp_chart_can_draw(y) &&
           (!f->is_log || y > 0.0);
}

/* One line for each run of finite numbers. */
static void draw_line(const frame *f, const mlp_series *s, double *xy)
{
    size_t count = 0;
    for (size_t i = 0; i <= s->count; i++) {
        if (i < s->count && is_drawn(f, s->x[i], s->y[i])) {
            xy[2 * count] = place_x(f, s->x[i]);
            xy[2 * count + 1] = place_y(f, s->y[i]);
            count++;
        } else if (count > 0) {
            f->canvas->line(f->canvas, xy, count, s->ink, 2, s->is_dashed);
            count = 0;
        }
    }
}

enum { POINTS_MAX = 60 }; /* more would merge into a line */

static void draw_points(const frame *f, const mlp_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        char title[192], value[32];
        bool is_best = i == s->best;
        if (!is_drawn(f, s->x[i], s->y[i]) ||
            (s->count > POINTS_MAX && !is_best)) {
            continue;
        }
        write_value(f->chart, s->y[i], 1e-4, value);
        snprintf(title, sizeof title, "%s, %s %.6g: %s%s", s->name,
                 f->chart->x_label, s->x[i], value, is_best ? " (best)" : "");
        double x = place_x(f, s->x[i]), y = place_y(f, s->y[i]);
        if (is_best) {
            f->canvas->disc(f->canvas, x, y, 6.5, s->ink, NULL);
            f->canvas->disc(f->canvas, x, y, 4, MLP_INK_PAPER, NULL);
        }
        f->canvas->disc(f->canvas, x, y, is_best ? 2.5 : 2.2, s->ink, title);
    }
}

/* Above the frame, side by side while they fit. */
static void draw_legend(const frame *f)
{
    double x = left;
    for (size_t s = 0; s < f->chart->count; s++) {
        const mlp_series *one = &f->chart->series[s];
        char name[30];
        snprintf(name, sizeof name, "%.28s", one->name);
        double width = 30 + 6.2 * (double)snprintf(NULL, 0, "%s", name);
        if (x + width > MLP_CHART_WIDTH + 10 && x > left) {
            break;
        }
        double y = f->top + 30;
        const double xy[] = {x, y, x + 18, y};
        f->canvas->line(f->canvas, xy, 2, one->ink, 2.5, one->is_dashed);
        f->canvas->text(f->canvas, x + 23, y + 4, 11, MLP_ANCHOR_START,
                        MLP_INK_TEXT, name);
        x += width + 8;
    }
}

void mlp_chart_draw(const mlp_chart *chart, mlp_canvas *canvas, double top)
{
    frame f = {.canvas = canvas, .chart = chart, .top = top};
    double x_least, x_most, y_least, y_most;
    mlp_chart_extent(chart, &x_least, &x_most, &y_least, &y_most);
    canvas->text(canvas, 8, top + 14, 14, MLP_ANCHOR_START, MLP_INK_TEXT,
                 chart->title);
    if (!(x_least <= x_most)) {
        return;
    }
    f.is_log = chart->is_log && y_least > 0.0 && y_most > 10.0 * y_least;
    f.x = mlp_axis_of(x_least, x_most, 5);
    f.x.least = x_least < x_most ? x_least : f.x.least;
    f.x.most = x_least < x_most ? x_most : f.x.most;
    f.x.step = f.x.step < 1.0 ? 1.0 : f.x.step;
    if (f.is_log) {
        f.y = (mlp_axis){log10(y_least), log10(y_most), 1};
        double margin = 0.05 * (f.y.most - f.y.least);
        f.y.least -= margin;
        f.y.most += margin;
    } else {
        f.y = mlp_axis_of(y_least, y_most, 5);
    }
    draw_axes(&f);
    draw_legend(&f);
    size_t most = 1;
    for (size_t s = 0; s < chart->count; s++) {
        most = chart->series[s].count > most ? chart->series[s].count : most;
    }
    double *xy = calloc(most, 2 * sizeof *xy);
    for (size_t s = 0; s < chart->count && xy != NULL; s++) {
        draw_line(&f, &chart->series[s], xy);
        draw_points(&f, &chart->series[s]);
    }
    free(xy);
}
