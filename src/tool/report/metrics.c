/** @file
 *  The metrics of a classifier, and whether its probabilities are calibrated.
 */
#include <inttypes.h>
#include <math.h>

#include "record/metrics_text.h"
#include "report.h"

static void metrics_table(mlp_markup *m, const mlp_tally *tally)
{
    static const char *const heads[] = {"metric", "value"};
    mlp_page_table(m, "Metrics", NULL);
    mlp_page_heads(m, heads, sizeof heads / sizeof heads[0]);
    for (mlp_metric metric = 0; metric < MLP_METRICS; metric++) {
        double value = mlp_tally_metric(tally, metric);
        if (!isnan(value)) {
            mlp_markup_open(m, "tr");
            mlp_page_row_head(m, "%s", mlp_metric_facts_of(metric)->label);
            mlp_markup_element(m, "td", NULL, "%.6f", value);
            mlp_markup_close(m);
        }
    }
    mlp_page_table_end(m);
}

/* ---- calibration */

/* Shares of hits over probabilities in percent, of the bins that have rows,
 * beside the diagonal. */
static void draw_reliability(mlp_markup *m, const mlp_review *r)
{
    static const double ends_x[] = {0, 100}, ends_y[] = {0, 1};
    double x[MLP_RELIABILITY_BINS], y[MLP_RELIABILITY_BINS];
    char description[160];
    size_t count = 0;
    for (size_t i = 0; i < MLP_RELIABILITY_BINS; i++) {
        const mlp_reliability_bin *bin = &r->reliability.bins[i];
        if (bin->rows > 0) {
            x[count] = 100 * mlp_reliability_probability(bin);
            y[count++] = mlp_reliability_share(bin);
        }
    }
    const mlp_series series[] = {{.name = "calibrated",
                                  .x = ends_x,
                                  .y = ends_y,
                                  .count = 2,
                                  .ink = MLP_INK_SERIES,
                                  .is_dashed = true,
                                  .best = SIZE_MAX},
                                 {.name = "test rows",
                                  .x = x,
                                  .y = y,
                                  .count = count,
                                  .ink = MLP_INK_SERIES + 1,
                                  .best = SIZE_MAX}};
    char label[64];
    snprintf(label, sizeof label, "%s, %%",
             mlp_reliability_probability_name(r->loaded.classes));
    const mlp_chart chart = {.title = "Calibration",
                             .x_label = label,
                             .is_percent = true,
                             .series = series,
                             .count = 2};
    snprintf(description, sizeof description,
             "The share of %s by %s; the table has the values.",
             mlp_reliability_share_name(r->loaded.classes),
             mlp_reliability_probability_name(r->loaded.classes));
    mlp_page_chart(m, &chart, MLP_FIGURES, "Reliability diagram", description);
}

static void reliability_table(mlp_markup *m, const mlp_review *r)
{
    const char *heads[] = {"probability", "rows", "mean",
                           mlp_reliability_share_name(r->loaded.classes)};
    mlp_page_table(m, "Rows by probability", NULL);
    mlp_page_heads(m, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < MLP_RELIABILITY_BINS; i++) {
        const mlp_reliability_bin *bin = &r->reliability.bins[i];
        if (bin->rows == 0) {
            continue;
        }
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%.3f to %.3f", (double)i / MLP_RELIABILITY_BINS,
                          (double)(i + 1) / MLP_RELIABILITY_BINS);
        mlp_markup_element(m, "td", NULL, "%" PRIu64, bin->rows);
        mlp_markup_element(m, "td", NULL, "%.4f",
                           mlp_reliability_probability(bin));
        mlp_markup_element(m, "td", NULL, "%.2f%%",
                           100 * mlp_reliability_share(bin));
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
}

static void calibration(mlp_markup *m, const mlp_review *r)
{
    mlp_markup_element(
        m, "p", "note",
        "Calibrated probabilities lie on the dashed line: among rows with a "
        "%s near 80%%, 80%% are %s. The expected calibration error, the mean "
        "distance from it, is %.4f.",
        mlp_reliability_probability_name(r->loaded.classes),
        mlp_reliability_share_name(r->loaded.classes),
        mlp_reliability_error(&r->reliability));
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "two");
    mlp_markup_open(m, "figure");
    draw_reliability(m, r);
    mlp_markup_close(m);
    reliability_table(m, r);
    mlp_markup_close(m);
}

void mlp_page_metrics(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_review *r = &input->review;
    mlp_page_section(m, "metrics", "Metrics");
    mlp_markup_element(
        m, "p", "note", "%" PRIu64 " test rows of %s. %s", r->tally.rows,
        r->loaded.data_name,
        r->loaded.classes > 2
            ? "ROC AUC and average precision are means over classes, each "
              "against the rest; the Brier score is the sum over classes."
            : "ROC AUC, average precision and Brier score are those of "
              "class 1.");
    metrics_table(m, &r->tally);
    if (r->reliability.rows > 0) {
        calibration(m, r);
    }
    mlp_markup_close(m);
}
