/** @file
 *  The tables of a report: confusion matrix and times.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report.h"
#include "system/profile.h"
#include "system/terminal.h"

/* ---- confusions */

enum {
    HEAT_CLASSES_MAX = 30,
    HEAT_MOST = 45 /* percent of color: text stays
                      legible on it */
};

/* The square root makes small counts visible. */
static void heat_cell(mlp_markup *m, uint64_t rows, uint64_t of, bool is_hit)
{
    double share = of > 0 ? (double)rows / (double)of : 0.0;
    double heat =
        HEAT_MOST * sqrt(is_hit ? share * share : fmin(1.0, share * 40));
    mlp_markup_open(m, "td");
    if (is_hit) {
        mlp_markup_attribute(m, "class", "hit");
    }
    mlp_markup_attribute(m, "style", "--h:%.0f", heat);
    if (rows > 0) {
        mlp_markup_text(m, "%" PRIu64, rows);
    } else {
        mlp_markup_element(m, "span", NULL, "%s", "");
    }
    mlp_markup_close(m);
}

/* Whether a class's name is too long for a cell of the matrix. */
static bool has_long_names(const mlp_review *r)
{
    char number[MLP_CLASS_NUMBER];
    for (size_t k = 0; k < r->loaded.classes; k++) {
        if (mlp_terminal_width(mlp_review_class(r, k, number)) > 3) {
            return true;
        }
    }
    return false;
}

static void heat_map(mlp_markup *m, const mlp_review *r)
{
    size_t classes = r->loaded.classes;
    char number[MLP_CLASS_NUMBER];
    mlp_page_table(m, "Rows by true class (down) and predicted class (across)",
                   has_long_names(r) ? "heat named" : "heat");
    mlp_markup_open(m, "thead");
    mlp_markup_open(m, "tr");
    mlp_markup_open(m, "th");
    mlp_markup_attribute(m, "scope", "col");
    mlp_markup_text(m, "true");
    mlp_markup_close(m);
    for (size_t k = 0; k < classes; k++) {
        mlp_markup_open(m, "th");
        mlp_markup_attribute(m, "scope", "col");
        mlp_markup_text(m, "%s", mlp_review_class(r, k, number));
        mlp_markup_close(m);
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
    mlp_markup_open(m, "tbody");
    for (size_t truth = 0; truth < classes; truth++) {
        const uint64_t *row = r->confusion + truth * classes;
        uint64_t sum = 0;
        for (size_t k = 0; k < classes; k++) {
            sum += row[k];
        }
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%s", mlp_review_class(r, truth, number));
        for (size_t k = 0; k < classes; k++) {
            heat_cell(m, row[k], sum, k == truth);
        }
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
}

static void scores(mlp_markup *m, const mlp_review *r)
{
    static const char *const heads[] = {"class", "precision", "recall", "F1",
                                        "rows"};
    size_t classes = r->loaded.classes;
    char number[MLP_CLASS_NUMBER];
    mlp_class_score *score = calloc(classes, sizeof *score);
    if (score == NULL) {
        return;
    }
    mlp_metrics_scores(r->confusion, classes, score);
    mlp_page_table(m, "Scores of each class", NULL);
    mlp_page_heads(m, heads, sizeof heads / sizeof heads[0]);
    for (size_t k = 0; k < classes; k++) {
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%s", mlp_review_class(r, k, number));
        mlp_markup_element(m, "td", NULL, "%.4f", score[k].precision);
        mlp_markup_element(m, "td", NULL, "%.4f", score[k].recall);
        mlp_markup_element(m, "td", NULL, "%.4f", score[k].f1);
        mlp_markup_element(m, "td", NULL, "%" PRIu64, score[k].support);
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
    free(score);
}

void mlp_page_confusion(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_review *r = &input->review;
    mlp_page_section(m, "confusion", "Confusion matrix");
    mlp_markup_element(
        m, "p", "note",
        "%" PRIu64 " test rows of %s, by the checkpoint of "
        "epoch %" PRIu64 ": accuracy %.2f%%, loss %.4f.",
        r->tally.rows, r->loaded.data_name, r->loaded.checkpoint.epoch,
        100 * mlp_tally_accuracy(&r->tally), mlp_tally_loss(&r->tally));
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "two");
    if (r->loaded.classes <= HEAT_CLASSES_MAX) {
        heat_map(m, r);
    }
    scores(m, r);
    mlp_markup_close(m);
    mlp_markup_close(m);
}

/* ---- times */

static double seconds_of(const json_t *rank, mlp_phase phase)
{
    const json_t *value = json_object_get(rank, mlp_phase_name(phase));
    double seconds = json_is_number(value) ? json_number_value(value) : 0.0;
    return seconds > 0.0 && seconds < 1e12 ? seconds : 0.0;
}

/* Waiting is drawn in gray. */
static unsigned ink_of(mlp_phase phase)
{
    return phase == MLP_PHASE_WAIT ? MLP_INK_MUTED
                                   : MLP_INK_SERIES + (unsigned)phase;
}

static double total_of(const json_t *rank)
{
    double sum = 0.0;
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        sum += seconds_of(rank, phase);
    }
    return sum;
}

static void draw_times(mlp_markup *m, const json_t *ranks)
{
    enum { WIDTH = 860, LABEL = 62, BAR = 22, STEP = 28 };
    size_t count = json_array_size(ranks);
    double most = 0.0;
    mlp_canvas_svg svg;
    mlp_canvas_svg_init(&svg, m);
    for (size_t r = 0; r < count; r++) {
        most = fmax(most, total_of(json_array_get(ranks, r)));
    }
    mlp_markup_open(m, "svg");
    mlp_markup_attribute(m, "viewBox", "0 0 %d %zu", WIDTH, STEP * count + 4);
    mlp_markup_attribute(m, "role", "img");
    mlp_markup_attribute(m, "aria-labelledby", "tt td");
    mlp_markup_open(m, "title");
    mlp_markup_attribute(m, "id", "tt");
    mlp_markup_text(m, "Seconds by phase on each rank");
    mlp_markup_close(m);
    mlp_markup_open(m, "desc");
    mlp_markup_attribute(m, "id", "td");
    mlp_markup_text(m,
                    "A stacked bar for each of %zu ranks; the numbers are "
                    "in the table below.",
                    count);
    mlp_markup_close(m);
    for (size_t r = 0; r < count && most > 0.0; r++) {
        const json_t *rank = json_array_get(ranks, r);
        double x = LABEL, y = (double)(STEP * r);
        char text[96];
        snprintf(text, sizeof text, "rank %zu", r);
        svg.canvas.text(&svg.canvas, 0, y + 16, 14, MLP_ANCHOR_START,
                        MLP_INK_MUTED, text);
        for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
            double seconds = seconds_of(rank, phase);
            double width = (WIDTH - LABEL) * seconds / most;
            snprintf(text, sizeof text, "rank %zu, %s: %.3f s", r,
                     mlp_phase_name(phase), seconds);
            svg.canvas.box(&svg.canvas, x, y, fmax(width - 1, 0), BAR,
                           ink_of(phase), text);
            x += width;
        }
    }
    mlp_markup_close(m);
}

static void times_key(mlp_markup *m)
{
    mlp_markup_open(m, "ul");
    mlp_markup_attribute(m, "class", "key");
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        mlp_markup_open(m, "li");
        mlp_markup_attribute(m, "class", "k%u", ink_of(phase));
        mlp_markup_open(m, "i");
        mlp_markup_text(m, "%s", "");
        mlp_markup_close(m);
        mlp_markup_element(m, "span", NULL, "%s", mlp_phase_name(phase));
        mlp_markup_close(m);
    }
    mlp_markup_close(m);
}

static void times_table(mlp_markup *m, const json_t *ranks)
{
    const char *heads[MLP_PHASES + 2] = {"rank"};
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        heads[1 + phase] = mlp_phase_name(phase);
    }
    heads[MLP_PHASES + 1] = "sum";
    mlp_page_table(m, "Seconds in training, mean over a rank's threads", NULL);
    mlp_page_heads(m, heads, MLP_PHASES + 2);
    for (size_t r = 0; r < json_array_size(ranks); r++) {
        const json_t *rank = json_array_get(ranks, r);
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%zu", r);
        for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
            mlp_markup_element(m, "td", NULL, "%.3f", seconds_of(rank, phase));
        }
        mlp_markup_element(m, "td", NULL, "%.3f", total_of(rank));
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
}

void mlp_page_times(mlp_markup *m, const mlp_report_input *input)
{
    const json_t *profile = input->runs[0].profile;
    const json_t *ranks = json_object_get(profile, "rank_seconds");
    if (json_array_size(ranks) == 0) {
        return;
    }
    mlp_page_section(m, "times", "Time by phase and rank");
    mlp_markup_element(m, "p", "note",
                       "Of the last process that ran with --profile. Ranks "
                       "measured for different times have bars of "
                       "different length.");
    times_key(m);
    mlp_markup_open(m, "figure");
    draw_times(m, ranks);
    mlp_markup_close(m);
    times_table(m, ranks);
    mlp_markup_close(m);
}
