/** @file
 *  The curves of a report, on the page and as standalone figures.
 */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "record/metrics_text.h"
#include "report.h"
#include "system/terminal.h"

/* ---- selection of curves */

typedef struct {
    const char *name;
    size_t member;
} curve;

#define AT(member) offsetof(mlp_run_summary_epoch, member)

static const curve curves[MLP_FIGURES][3] = {
    {{"training", AT(train_loss)},
     {"validation", AT(validation_loss)},
     {"test", AT(test_loss)}},
    {{"training", AT(train_accuracy)},
     {"validation", AT(validation_accuracy)},
     {"test", AT(test_accuracy)}},
    {{"learning rate", AT(learning_rate)}, {NULL, 0}, {NULL, 0}}};

static const char *const titles[MLP_FIGURES] = {"Loss", "Accuracy",
                                                "Learning rate"};

static bool has_numbers(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            return true;
        }
    }
    return false;
}

static mlp_status add_series(const mlp_report_input *input, size_t number,
                             const curve *which, mlp_report_chart *made)
{
    const mlp_run_summary *run = &input->runs[number];
    bool is_alone = input->count == 1;
    bool is_training = strcmp(which->name, "training") == 0;
    mlp_series *s = &made->series[made->chart.count];
    double *y = mlp_run_summary_curve(run, which->member);
    double *x = mlp_run_summary_curve(run, AT(epoch));
    if (x == NULL || y == NULL || !has_numbers(y, run->epoch_count)) {
        mlp_status status =
            x == NULL || y == NULL ? mlp_fail_memory("a curve") : MLP_OK;
        free(x);
        free(y);
        return status;
    }
    *s = (mlp_series){.x = x,
                      .y = y,
                      .count = run->epoch_count,
                      .is_dashed = is_training,
                      .best = SIZE_MAX};
    if (is_alone) {
        snprintf(s->name, sizeof s->name, "%s", which->name);
        s->ink = MLP_INK_SERIES + (is_training             ? 0
                                   : which->name[0] == 'v' ? 2
                                                           : 1);
    } else {
        snprintf(s->name, sizeof s->name, "%.60s%s", run->name,
                 is_training ? ", training" : "");
        s->ink = MLP_INK_SERIES + (unsigned)(number % MLP_INK_COLORS);
    }
    s->best = is_training || which->name[0] == 'l' ? SIZE_MAX
                                                   : mlp_run_summary_best(run);
    made->chart.count++;
    return MLP_OK;
}

/* With several runs, one curve each: test, else validation, else training. */
static mlp_status add_run(const mlp_report_input *input, size_t run,
                          mlp_figure figure, mlp_report_chart *made)
{
    size_t before = made->chart.count;
    if (input->count == 1) {
        for (size_t i = 0; i < 3 && curves[figure][i].name != NULL; i++) {
            MLP_TRY(add_series(input, run, &curves[figure][i], made));
        }
        return MLP_OK;
    }
    for (size_t i = 3; i > 0 && made->chart.count == before; i--) {
        if (curves[figure][i - 1].name != NULL) {
            MLP_TRY(add_series(input, run, &curves[figure][i - 1], made));
        }
    }
    return MLP_OK;
}

static void describe(mlp_report_chart *made, bool is_percent)
{
    size_t used = 0;
    char *text = made->description;
    for (size_t i = 0; i < made->chart.count && used < 500; i++) {
        const mlp_series *s = &made->series[i];
        double scale = is_percent ? 100.0 : 1.0;
        int more = snprintf(
            text + used, sizeof made->description - used,
            "%s%.60s: from %.4g%s at epoch %.6g to %.4g%s at epoch %.6g",
            i == 0 ? "" : "; ", s->name, scale * s->y[0], is_percent ? "%" : "",
            s->x[0], scale * s->y[s->count - 1], is_percent ? "%" : "",
            s->x[s->count - 1]);
        used += more > 0 ? (size_t)more : 0;
    }
}

mlp_status mlp_report_chart_make(const mlp_report_input *input,
                                 mlp_figure figure, mlp_report_chart *made)
{
    *made = (mlp_report_chart){
        .chart = {.title = titles[figure],
                  .x_label = "epoch",
                  .is_percent = figure == MLP_FIGURE_ACCURACY,
                  .is_log = figure == MLP_FIGURE_LOSS,
                  .series = made->series}};
    for (size_t run = 0; run < input->count; run++) {
        mlp_status status = add_run(input, run, figure, made);
        if (status != MLP_OK) {
            mlp_report_chart_destroy(made);
            return status;
        }
    }
    describe(made, made->chart.is_percent);
    return MLP_OK;
}

void mlp_report_chart_destroy(mlp_report_chart *made)
{
    for (size_t i = 0; i < made->chart.count; i++) {
        free((double *)made->series[i].x);
        free((double *)made->series[i].y);
    }
    made->chart.count = 0;
}

/* ---- standalone figures */

static mlp_status draw_all(const mlp_report_input *input, mlp_canvas *canvas)
{
    for (mlp_figure figure = 0; figure < MLP_FIGURES; figure++) {
        mlp_report_chart made;
        MLP_TRY(mlp_report_chart_make(input, figure, &made));
        mlp_chart_draw(&made.chart, canvas,
                       10 + (double)figure * (MLP_CHART_HEIGHT + 10));
        mlp_report_chart_destroy(&made);
    }
    return MLP_OK;
}

enum { FIGURE_HEIGHT = MLP_FIGURES * (MLP_CHART_HEIGHT + 10) + 10 };

mlp_status mlp_report_write_svg(const mlp_report_input *input, FILE *out)
{
    mlp_markup m = {.out = out};
    mlp_canvas_svg svg;
    mlp_canvas_svg_init(&svg, &m);
    mlp_markup_raw(&m, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    mlp_markup_open(&m, "svg");
    mlp_markup_attribute(&m, "xmlns", "http://www.w3.org/2000/svg");
    mlp_markup_attribute(&m, "viewBox", "0 0 %d %d", MLP_CHART_WIDTH,
                         FIGURE_HEIGHT);
    mlp_markup_attribute(&m, "width", "%d", 2 * MLP_CHART_WIDTH);
    mlp_markup_attribute(&m, "height", "%d", 2 * FIGURE_HEIGHT);
    mlp_markup_element(&m, "title", NULL, "Curves of %s", input->runs[0].name);
    mlp_markup_open(&m, "style");
    mlp_markup_raw(&m, mlp_canvas_svg_style());
    mlp_markup_close(&m);
    svg.canvas.box(&svg.canvas, 0, 0, MLP_CHART_WIDTH, FIGURE_HEIGHT,
                   MLP_INK_PAPER, NULL);
    mlp_status status = draw_all(input, &svg.canvas);
    mlp_markup_close(&m);
    mlp_markup_raw(&m, "\n");
    return status;
}

mlp_status mlp_report_write_png(const mlp_report_input *input, FILE *out)
{
    mlp_canvas *canvas;
    MLP_TRY(mlp_canvas_png_create(MLP_CHART_WIDTH, FIGURE_HEIGHT, 2, &canvas));
    mlp_status status = draw_all(input, canvas);
    if (status == MLP_OK) {
        status = mlp_canvas_png_write(canvas, out);
    }
    mlp_canvas_png_destroy(&canvas);
    return status;
}

static size_t text_columns(FILE *out)
{
    int columns = mlp_terminal_columns(out);
    columns = columns > 0 ? columns : 80;
    return columns < 30 ? 30 : columns > 120 ? 120 : (size_t)columns;
}

static void print_summary(const mlp_run_summary *run, FILE *out)
{
    size_t best = mlp_run_summary_best(run);
    const mlp_run_summary_epoch *e = &run->epochs[best];
    for (const char *c = run->name; *c != '\0'; c++) {
        fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, out);
    }
    fprintf(out, ": %zu epoch%s, best %.0f", run->epoch_count,
            run->epoch_count == 1 ? "" : "s", e->epoch);
    if (!isnan(e->validation_accuracy)) {
        fprintf(out, ", validation accuracy %.2f%%",
                100 * e->validation_accuracy);
    }
    if (!isnan(e->test_accuracy)) {
        fprintf(out, ", test accuracy %.2f%%", 100 * e->test_accuracy);
    }
    fputs("\n", out);
}

static void print_review(const mlp_review *review, FILE *out)
{
    const mlp_tally *tally = &review->tally;
    fprintf(out, "\n%" PRIu64 " test rows of %s\nloss        %.6f\n",
            tally->rows, review->loaded.data_name, mlp_tally_loss(tally));
    if (!review->is_regression) {
        fprintf(out, "accuracy    %.2f%% (%" PRIu64 " of %" PRIu64 ")\n",
                100 * mlp_tally_accuracy(tally), tally->hits, tally->rows);
    }
    mlp_metrics_print(out, tally);
    mlp_reliability_print(out, &review->reliability, review->loaded.classes);
}

mlp_status mlp_report_write_text(const mlp_report_input *input, FILE *out)
{
    for (size_t i = 0; i < input->count; i++) {
        print_summary(&input->runs[i], out);
    }
    for (mlp_figure figure = 0; figure < MLP_FIGURES; figure++) {
        mlp_report_chart made;
        fputc('\n', out);
        MLP_TRY(mlp_report_chart_make(input, figure, &made));
        mlp_status status = mlp_chart_print(&made.chart, out, text_columns(out),
                                            mlp_terminal_has_utf8());
        mlp_report_chart_destroy(&made);
        MLP_TRY(status);
    }
    if (input->review.is_there) {
        print_review(&input->review, out);
    }
    return MLP_OK;
}
