/** @file
 *  The sections of `mlp report`. Private to it.
 */
#ifndef MLP_TOOL_REPORT_H
#define MLP_TOOL_REPORT_H

#include "draw/canvas.h"
#include "draw/chart.h"
#include "image/image.h"
#include "record/run_summary.h"
#include "tool/deformed.h"
#include "tool/tool.h"

enum { MLP_REPORT_RUNS_MAX = 8, MLP_REPORT_NOTES_MAX = 8 };

/** A misclassified row. */
typedef struct {
    unsigned truth, prediction;
    unsigned likeliest[3]; /**< most likely classes, in descending order */
    double probabilities[3];
    size_t likeliest_count;
} mlp_mistake;

/** A row of a regression, in the table's unit. */
typedef struct {
    double prediction, truth;
} mlp_miss;

/** A row to show. */
typedef struct {
    size_t row;
    double score; /**< size of the error: minus the probability of the true
                          class, or the distance from the true value */
    union {
        mlp_mistake mistake;
        mlp_miss miss; /**< for regression */
    };
} mlp_example;

enum {
    MLP_MISTAKES_MAX = 500,      /**< of images: all, of a model that is good */
    MLP_TABLE_MISTAKES_MAX = 24, /**< of other rows */
    MLP_MISSES_MAX = 12,
    MLP_EXAMPLES_MAX = MLP_MISTAKES_MAX /**< the largest of them */
};

/** Results of a model on the test rows. */
typedef struct {
    bool is_there;
    bool is_regression; /**< misses if true, else confusion and mistakes */
    mlp_tool_case loaded;
    mlp_tally tally;
    uint64_t *confusion;         /**< [classes, classes] */
    mlp_reliability reliability; /**< without rows: no probabilities */
    mlp_example examples[MLP_EXAMPLES_MAX]; /**< in descending order of score */
    size_t example_count;
    mlp_deformed deformed; /**< training images, with --augment */
} mlp_review;

typedef struct {
    mlp_run_summary runs[MLP_REPORT_RUNS_MAX];
    size_t count;
    mlp_review review; /**< of a single run; empty for several */
    char notes[MLP_REPORT_NOTES_MAX][640]; /**< omitted sections and reasons */
    size_t note_count;
    bool is_watched; /**< a run trains, and the report will be written anew */
} mlp_report_input;

/** Note an omitted section. */
void mlp_report_input_note(mlp_report_input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- review.c */

/** Run the checkpoint of a single run on the rows named by `options`, or else
 *  by its log; problems become notes. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_review_make(mlp_report_input *input,
                           const mlp_tool_options *options);
void mlp_review_destroy(mlp_review *review);

/** A class's name, else its number.
 *  @param number  buffer for the number */
enum { MLP_CLASS_NUMBER = 24 };
const char *mlp_review_class(const mlp_review *review, size_t k,
                             char number[MLP_CLASS_NUMBER]);

/* ---- charts.c: loss, accuracy, learning rate */

typedef enum {
    MLP_FIGURE_LOSS,
    MLP_FIGURE_ACCURACY,
    MLP_FIGURE_RATE,
    MLP_FIGURES
} mlp_figure;

enum { MLP_FIGURE_SERIES = 2 * MLP_REPORT_RUNS_MAX + 1 };

/** A chart and the arrays that it refers to; zero-initialize, destroy frees. */
typedef struct {
    mlp_chart chart;
    mlp_series series[MLP_FIGURE_SERIES];
    char description[640]; /**< text alternative */
} mlp_report_chart;

/** MLP_ERROR_INTERNAL without memory. chart.count is 0 if no run has the
 *  values. */
mlp_status mlp_report_chart_make(const mlp_report_input *input,
                                 mlp_figure figure, mlp_report_chart *made);
void mlp_report_chart_destroy(mlp_report_chart *made);

/** All charts below each other, as a standalone file. */
mlp_status mlp_report_write_svg(const mlp_report_input *input, FILE *out);
mlp_status mlp_report_write_png(const mlp_report_input *input, FILE *out);
mlp_status mlp_report_write_text(const mlp_report_input *input, FILE *out);

/* ---- page.c, and its sections in files of their own */

mlp_status mlp_report_write_html(const mlp_report_input *input, FILE *out);

/** A section's heading, with its anchor for the navigation. */
void mlp_page_section(mlp_markup *m, const char *id, const char *heading);

/** A scrollable table; close it with mlp_page_table_end. */
void mlp_page_table(mlp_markup *m, const char *caption, const char *class_name);
void mlp_page_table_end(mlp_markup *m);

/** A row of column headings. */
void mlp_page_heads(mlp_markup *m, const char *const *names, size_t count);

/** The heading of a row. */
void mlp_page_row_head(mlp_markup *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A picture embedded in the page.
 *  @param alpha  as for mlp_image_encode
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_page_image(mlp_markup *m, const mlp_image *image,
                          const unsigned char *alpha, const char *alt);

/** Values per pixel of the model's pictures: 1 for gray. */
size_t mlp_report_channels(const mlp_checkpoint *checkpoint);

/** A chart as SVG.
 *  @param number  unique on the page; those below MLP_FIGURES are the curves'
 *  @param description  text alternative */
void mlp_page_chart(mlp_markup *m, const mlp_chart *chart, int number,
                    const char *title, const char *description);

mlp_status mlp_page_curves(mlp_markup *m, const mlp_report_input *input);
void mlp_page_confusion(mlp_markup *m, const mlp_report_input *input);
void mlp_page_metrics(mlp_markup *m, const mlp_report_input *input);
void mlp_page_errors(mlp_markup *m, const mlp_report_input *input);
mlp_status mlp_page_mistakes(mlp_markup *m, const mlp_report_input *input);
mlp_status mlp_page_deformed(mlp_markup *m, const mlp_report_input *input);
mlp_status mlp_page_weights(mlp_markup *m, const mlp_report_input *input);
void mlp_page_times(mlp_markup *m, const mlp_report_input *input);
void mlp_page_facts(mlp_markup *m, const mlp_report_input *input);

/** The style sheet of the page, style.css, as a string; made at build time by
 *  data/embed.cmake. */
extern const unsigned char mlp_page_style_css[];

#endif
