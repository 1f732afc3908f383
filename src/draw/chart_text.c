/** @file
 *  Charts as text: a braille character has 2 x 4 dots.
 */
#include <math.h>
#include <stdlib.h>

#include "chart.h"

enum { LINES = 12, MARGIN = 9, ACROSS = 2, DOWN = 4 };

/* The characters of a chart, and which of their dots are set. */
typedef struct {
    size_t columns;
    unsigned char *points; /* [LINES, columns] */
    double x_least, x_most, y_least, y_most;
    bool is_log;
} grid;

/* Unicode block 2800: the bit of each dot, [row, column]. */
static const unsigned char bits[DOWN][ACROSS] = {
    {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

static double height_of(const grid *g, double y)
{
    double low = g->is_log ? log10(g->y_least) : g->y_least;
    double high = g->is_log ? log10(g->y_most) : g->y_most;
    double value = g->is_log ? log10(y) : y;
    return high > low ? (high - value) / (high - low) : 0.5;
}

static void set_point(grid *g, double across, double down)
{
    long width = (long)(g->columns * ACROSS), height = LINES * DOWN;
    long x = lround(across * (double)(width - 1));
    long y = lround(down * (double)(height - 1));
    if (x >= 0 && x < width && y >= 0 && y < height) {
        g->points[(size_t)(y / DOWN) * g->columns + (size_t)(x / ACROSS)] |=
            bits[y % DOWN][x % ACROSS];
    }
}

/* Connect the points, in steps of less than a dot. */
static void draw(grid *g, const mlp_series *s)
{
    double x0 = NAN, y0 = NAN;
    size_t steps = 2 * (g->columns * ACROSS + LINES * DOWN);
    for (size_t i = 0; i < s->count; i++) {
        double x1 = g->x_most > g->x_least
                        ? (s->x[i] - g->x_least) / (g->x_most - g->x_least)
                        : 0.5;
        double y1 = height_of(g, s->y[i]);
        if (!mlp_chart_can_draw(s->x[i]) || !mlp_chart_can_draw(s->y[i]) ||
            !isfinite(y1)) {
            x0 = NAN;
            continue;
        }
        for (size_t k = 0; k <= steps && !s->is_dashed; k++) {
            double t = (double)k / (double)steps;
            if (!isnan(x0)) {
                set_point(g, x0 + t * (x1 - x0), y0 + t * (y1 - y0));
            }
        }
        set_point(g, x1, y1);
        x0 = x1;
        y0 = y1;
    }
}

static void print_letter(FILE *out, unsigned char points, bool has_utf8)
{
    if (has_utf8) {
        unsigned code = 0x2800U + points;
        fprintf(out, "%c%c%c", (int)(0xe0 | code >> 12),
                (int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
    } else {
        fputc(points == 0 ? ' ' : '*', out);
    }
}

static void print_value(FILE *out, const mlp_chart *chart, double value)
{
    if (chart->is_percent) {
        fprintf(out, "%*.2f%% ", MARGIN - 2, 100.0 * value);
    } else {
        fprintf(out, "%*.4g ", MARGIN - 1, value);
    }
}

static void print_grid(FILE *out, const mlp_chart *chart, const grid *g,
                       bool has_utf8)
{
    for (size_t line = 0; line < LINES; line++) {
        if (line == 0 || line == LINES - 1) {
            print_value(out, chart, line == 0 ? g->y_most : g->y_least);
        } else {
            fprintf(out, "%*s", MARGIN, "");
        }
        fputs(has_utf8 ? "│" : "|", out);
        for (size_t c = 0; c < g->columns; c++) {
            print_letter(out, g->points[line * g->columns + c], has_utf8);
        }
        fputc('\n', out);
    }
    fprintf(out, "%*s%-*.6g%*.6g\n", MARGIN + 1, "", (int)g->columns / 2,
            g->x_least, (int)(g->columns - g->columns / 2), g->x_most);
}

mlp_status mlp_chart_print(const mlp_chart *chart, FILE *out, size_t columns,
                           bool has_utf8)
{
    grid g = {.columns = columns - MARGIN - 1};
    mlp_chart_extent(chart, &g.x_least, &g.x_most, &g.y_least, &g.y_most);
    if (!(g.x_least <= g.x_most)) {
        return MLP_OK;
    }
    g.is_log = chart->is_log && g.y_least > 0.0 && g.y_most > 10 * g.y_least;
    g.points = calloc(LINES, g.columns);
    if (g.points == NULL) {
        return mlp_fail_memory("a chart");
    }
    fprintf(out, "%s", chart->title);
    for (size_t s = 0; s < chart->count; s++) {
        draw(&g, &chart->series[s]);
        fprintf(out, "%s%s%s", s == 0 ? ": " : ", ", chart->series[s].name,
                chart->series[s].is_dashed ? " (points)" : "");
    }
    fputc('\n', out);
    print_grid(out, chart, &g, has_utf8);
    free(g.points);
    return MLP_OK;
}
