/** @file
 *  The curves on the page of a report, with tables of their values.
 */
#include <math.h>

#include "report.h"

static void chart_table(mlp_markup *m, const mlp_report_chart *made)
{
    const mlp_chart *chart = &made->chart;
    mlp_markup_open(m, "details");
    mlp_markup_element(m, "summary", NULL, "%s in numbers", chart->title);
    mlp_page_table(m, chart->title, NULL);
    const char *heads[1 + MLP_FIGURE_SERIES] = {"epoch"};
    const mlp_series *longest = &made->series[0];
    for (size_t s = 0; s < chart->count; s++) {
        heads[1 + s] = made->series[s].name;
        longest =
            made->series[s].count > longest->count ? &made->series[s] : longest;
    }
    mlp_page_heads(m, heads, 1 + chart->count);
    for (size_t i = 0; i < longest->count; i++) {
        bool is_best = chart->count > 0 && made->series[0].best == i;
        for (size_t s = 0; s < chart->count; s++) {
            is_best |= made->series[s].best == i && longest->count > 1;
        }
        mlp_markup_open(m, "tr");
        if (is_best) {
            mlp_markup_attribute(m, "class", "mark");
        }
        mlp_markup_open(m, "th");
        mlp_markup_attribute(m, "scope", "row");
        mlp_markup_text(m, "%.6g%s", longest->x[i], is_best ? " (best)" : "");
        mlp_markup_close(m);
        for (size_t s = 0; s < chart->count; s++) {
            const mlp_series *one = &made->series[s];
            double y = i < one->count ? one->y[i] : (double)NAN;
            if (isnan(y)) {
                mlp_markup_element(m, "td", NULL, "–");
            } else if (chart->is_percent) {
                mlp_markup_element(m, "td", NULL, "%.2f%%", 100 * y);
            } else {
                mlp_markup_element(m, "td", NULL, "%.5g", y);
            }
        }
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
    mlp_markup_close(m);
}

void mlp_page_chart(mlp_markup *m, const mlp_chart *chart, int number,
                    const char *title, const char *description)
{
    mlp_canvas_svg svg;
    mlp_canvas_svg_init(&svg, m);
    mlp_markup_open(m, "svg");
    mlp_markup_attribute(m, "viewBox", "0 0 %d %d", MLP_CHART_WIDTH,
                         MLP_CHART_HEIGHT);
    mlp_markup_attribute(m, "role", "img");
    mlp_markup_attribute(m, "aria-labelledby", "t%d d%d", number, number);
    mlp_markup_open(m, "title");
    mlp_markup_attribute(m, "id", "t%d", number);
    mlp_markup_text(m, "%s", title);
    mlp_markup_close(m);
    mlp_markup_open(m, "desc");
    mlp_markup_attribute(m, "id", "d%d", number);
    mlp_markup_text(m, "%s", description);
    mlp_markup_close(m);
    mlp_chart_draw(chart, &svg.canvas, 0);
    mlp_markup_close(m);
}

static void chart_figure(mlp_markup *m, const mlp_report_chart *made,
                         mlp_figure figure)
{
    char title[64];
    snprintf(title, sizeof title, "%s by epoch", made->chart.title);
    mlp_markup_open(m, "figure");
    mlp_page_chart(m, &made->chart, (int)figure, title, made->description);
    chart_table(m, made);
    mlp_markup_close(m);
}

mlp_status mlp_page_curves(mlp_markup *m, const mlp_report_input *input)
{
    mlp_page_section(m, "curves", "Curves");
    mlp_markup_element(
        m, "p", "note",
        "A ring marks the best epoch. Point at a dot to see its "
        "value%s.",
        input->count > 1
            ? "; each run is shown by its test, else validation rows"
            : "; the training curve is dashed");
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "charts");
    for (mlp_figure figure = 0; figure < MLP_FIGURES; figure++) {
        mlp_report_chart made;
        MLP_TRY(mlp_report_chart_make(input, figure, &made));
        if (made.chart.count > 0) {
            chart_figure(m, &made, figure);
        }
        mlp_report_chart_destroy(&made);
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
    return MLP_OK;
}
