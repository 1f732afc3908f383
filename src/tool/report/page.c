/** @file
 *  The page of a report: its frame and first section.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/version.h"
#include "report.h"

enum { RELOAD_SECONDS = 5 }; /* while a run trains */

/* ---- used by all sections */

void mlp_page_section(mlp_markup *m, const char *id, const char *heading)
{
    mlp_markup_raw(m, "\n");
    mlp_markup_open(m, "section");
    mlp_markup_attribute(m, "id", "%s", id);
    mlp_markup_attribute(m, "aria-labelledby", "h-%s", id);
    mlp_markup_open(m, "h2");
    mlp_markup_attribute(m, "id", "h-%s", id);
    mlp_markup_text(m, "%s", heading);
    mlp_markup_close(m);
}

/* Scrollable boxes have a name and can be reached by keyboard. */
void mlp_page_table(mlp_markup *m, const char *caption, const char *class_name)
{
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "scroll");
    mlp_markup_attribute(m, "tabindex", "0");
    mlp_markup_attribute(m, "role", "region");
    mlp_markup_attribute(m, "aria-label", "%s", caption);
    mlp_markup_open(m, "table");
    if (class_name != NULL) {
        mlp_markup_attribute(m, "class", "%s", class_name);
    }
    mlp_markup_element(m, "caption", NULL, "%s", caption);
}

void mlp_page_table_end(mlp_markup *m)
{
    mlp_markup_close(m); /* tbody */
    mlp_markup_close(m); /* table */
    mlp_markup_close(m); /* div */
}

void mlp_page_heads(mlp_markup *m, const char *const *names, size_t count)
{
    mlp_markup_open(m, "thead");
    mlp_markup_open(m, "tr");
    for (size_t i = 0; i < count; i++) {
        mlp_markup_open(m, "th");
        mlp_markup_attribute(m, "scope", "col");
        mlp_markup_text(m, "%s", names[i]);
        mlp_markup_close(m);
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
    mlp_markup_open(m, "tbody");
}

void mlp_page_row_head(mlp_markup *m, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mlp_markup_open(m, "th");
    mlp_markup_attribute(m, "scope", "row");
    mlp_markup_text(m, "%s", text);
    mlp_markup_close(m);
}

/* ---- the first section */

static void tile(mlp_markup *m, const char *name, const char *value,
                 const char *note)
{
    mlp_markup_open(m, "div");
    mlp_markup_element(m, "dt", NULL, "%s", name);
    mlp_markup_element(m, "dd", strlen(value) > 14 ? "small" : NULL, "%s",
                       value);
    if (note[0] != '\0') {
        mlp_markup_element(m, "dd", "note", "%s", note);
    }
    mlp_markup_close(m);
}

static void write_quality(const mlp_run_summary_epoch *e, char *value,
                          size_t room)
{
    const double accuracies[] = {e->test_accuracy, e->validation_accuracy,
                                 e->train_accuracy};
    snprintf(value, room, "loss %.4g",
             !isnan(e->test_loss) ? e->test_loss : e->train_loss);
    for (size_t i = 0; i < 3; i++) {
        if (!isnan(accuracies[i])) {
            snprintf(value, room, "%.2f%%", 100 * accuracies[i]);
            return;
        }
    }
}

static const char *split_of(const mlp_run_summary_epoch *e)
{
    return !isnan(e->test_accuracy) || !isnan(e->test_loss) ? "on test rows"
           : !isnan(e->validation_accuracy) ? "on validation rows"
                                            : "on training rows";
}

static void write_seconds(double seconds, char *text, size_t room)
{
    if (seconds >= 3600) {
        snprintf(text, room, "%.1f h", seconds / 3600);
    } else if (seconds >= 100) {
        snprintf(text, room, "%.1f min", seconds / 60);
    } else {
        snprintf(text, room, "%.2f s", seconds);
    }
}

/* Of a run without an end in its log. */
static const char *progress_of(const mlp_report_input *input)
{
    const mlp_run_summary *run = &input->runs[0];
    if (run->end != NULL || run->log_path[0] == '\0') {
        return "";
    }
    return input->is_watched
               ? "no end in the log; this page reloads itself"
               : "no end in the log: it still runs, or was killed";
}

static void tiles(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_run_summary *run = &input->runs[0];
    const mlp_run_summary_epoch *last = &run->epochs[run->epoch_count - 1];
    const mlp_run_summary_epoch *best = &run->epochs[mlp_run_summary_best(run)];
    char value[64], note[160], quality[64], planned[32];
    double seconds = 0.0, rows = 0.0;
    for (size_t i = 0; i < run->epoch_count; i++) {
        double spent = run->epochs[i].seconds;
        double rate = run->epochs[i].rate;
        seconds += isnan(spent) ? 0.0 : spent;
        rows += isnan(spent) || isnan(rate) ? 0.0 : spent * rate;
    }
    mlp_markup_open(m, "dl");
    mlp_markup_attribute(m, "class", "tiles");
    write_quality(last, value, sizeof value);
    snprintf(note, sizeof note, "after epoch %.0f, %s", last->epoch,
             split_of(last));
    tile(m, value[0] == 'l' ? "Final loss" : "Final accuracy", value, note);
    write_quality(best, quality, sizeof quality);
    snprintf(value, sizeof value, "epoch %.0f", best->epoch);
    tile(m, "Best", value, quality);
    mlp_run_summary_text(run->start, "config.epochs", planned, sizeof planned);
    snprintf(value, sizeof value, "%.0f%s%s", last->epoch,
             planned[0] != '\0' ? " of " : "", planned);
    tile(m, "Epochs", value, progress_of(input));
    write_seconds(seconds, value, sizeof value);
    snprintf(note, sizeof note, "%.0f samples per second", rows / seconds);
    tile(m, "Time in training", value, seconds > 0.0 && rows > 0.0 ? note : "");
    mlp_markup_close(m);
}

static void compare(mlp_markup *m, const mlp_report_input *input)
{
    static const char *const heads[] = {"run",        "final",  "best",
                                        "best epoch", "epochs", "seconds"};
    mlp_page_section(m, "compared", "Compared");
    mlp_page_table(m, "Final and best accuracy, or loss, of each run", NULL);
    mlp_page_heads(m, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < input->count; i++) {
        const mlp_run_summary *run = &input->runs[i];
        const mlp_run_summary_epoch *last = &run->epochs[run->epoch_count - 1];
        const mlp_run_summary_epoch *best =
            &run->epochs[mlp_run_summary_best(run)];
        char final[64], top[64];
        double seconds = 0.0;
        for (size_t e = 0; e < run->epoch_count; e++) {
            double spent = run->epochs[e].seconds;
            seconds += isnan(spent) ? 0.0 : spent;
        }
        write_quality(last, final, sizeof final);
        write_quality(best, top, sizeof top);
        mlp_markup_open(m, "tr");
        mlp_markup_open(m, "th");
        mlp_markup_attribute(m, "scope", "row");
        mlp_markup_text(m, "%s", run->name);
        mlp_markup_close(m);
        mlp_markup_element(m, "td", NULL, "%s", final);
        mlp_markup_element(m, "td", NULL, "%s", top);
        mlp_markup_element(m, "td", NULL, "%.0f", best->epoch);
        mlp_markup_element(m, "td", NULL, "%zu", run->epoch_count);
        mlp_markup_element(m, "td", NULL, "%.2f", seconds);
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
    mlp_markup_close(m);
}

/* ---- the frame */

static void head(mlp_markup *m, const char *title, bool reloads)
{
    mlp_markup_raw(m, "<!DOCTYPE html>\n");
    mlp_markup_open(m, "html");
    mlp_markup_attribute(m, "lang", "en");
    mlp_markup_open(m, "head");
    mlp_markup_open(m, "meta");
    mlp_markup_attribute(m, "charset", "utf-8");
    mlp_markup_close_empty(m);
    mlp_markup_open(m, "meta");
    mlp_markup_attribute(m, "name", "viewport");
    mlp_markup_attribute(m, "content", "width=device-width, initial-scale=1");
    mlp_markup_close_empty(m);
    if (reloads) {
        mlp_markup_open(m, "meta");
        mlp_markup_attribute(m, "http-equiv", "refresh");
        mlp_markup_attribute(m, "content", "%d", RELOAD_SECONDS);
        mlp_markup_close_empty(m);
    }
    mlp_markup_element(m, "title", NULL, "%s", title);
    mlp_markup_open(m, "style");
    mlp_markup_raw(m, (const char *)mlp_page_style_css);
    mlp_markup_close(m);
    mlp_markup_close(m);
}

static void link_to(mlp_markup *m, const char *id, const char *name)
{
    mlp_markup_open(m, "li");
    mlp_markup_open(m, "a");
    mlp_markup_attribute(m, "href", "#%s", id);
    mlp_markup_text(m, "%s", name);
    mlp_markup_close(m);
    mlp_markup_close(m);
}

static void navigation(mlp_markup *m, const mlp_report_input *input)
{
    bool is_alone = input->count == 1;
    mlp_markup_open(m, "nav");
    mlp_markup_attribute(m, "aria-label", "Sections");
    mlp_markup_open(m, "ul");
    if (!is_alone) {
        link_to(m, "compared", "Compared");
    }
    link_to(m, "curves", "Curves");
    if (input->review.is_there && input->review.is_regression) {
        link_to(m, "errors", "Errors");
    } else if (input->review.is_there) {
        link_to(m, "metrics", "Metrics");
        link_to(m, "confusion", "Confusion");
        link_to(m, "mistakes", "Mistakes");
    }
    if (input->review.deformed.count > 0) {
        link_to(m, "deformed", "Deformed images");
    }
    if (is_alone && input->runs[0].checkpoint_path[0] != '\0' &&
        input->runs[0].checkpoint.height > 1) {
        link_to(m, "weights", "Weights");
    }
    if (is_alone && input->runs[0].profile != NULL) {
        link_to(m, "times", "Time");
    }
    link_to(m, "facts", is_alone ? "Configuration" : "Differences");
    if (input->note_count > 0) {
        link_to(m, "missing", "Omitted");
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
}

static void opening(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_run_summary *run = &input->runs[0];
    char text[256], rows[64], widths[512];
    mlp_markup_open(m, "a");
    mlp_markup_attribute(m, "class", "skip");
    mlp_markup_attribute(m, "href", "#main");
    mlp_markup_text(m, "To the content");
    mlp_markup_close(m);
    mlp_markup_open(m, "header");
    if (input->count > 1) {
        mlp_markup_element(m, "h1", NULL, "%zu runs compared", input->count);
    } else {
        mlp_markup_element(m, "h1", NULL, "%s", run->name);
        mlp_run_summary_text(run->start, "data.name", text, sizeof text);
        mlp_run_summary_text(run->start, "data.train_rows", rows, sizeof rows);
        mlp_run_summary_text(run->start, "widths", widths, sizeof widths);
        if (text[0] != '\0') {
            mlp_markup_element(m, "p", "sub",
                               "Training run of a multilayer perceptron %s on "
                               "%s rows of %s",
                               widths, rows, text);
        }
    }
    mlp_markup_close(m);
}

static void omitted(mlp_markup *m, const mlp_report_input *input)
{
    if (input->note_count == 0) {
        return;
    }
    mlp_page_section(m, "missing", "Omitted sections");
    mlp_markup_open(m, "ul");
    for (size_t i = 0; i < input->note_count; i++) {
        mlp_markup_element(m, "li", NULL, "%s", input->notes[i]);
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
}

static mlp_status sections(mlp_markup *m, const mlp_report_input *input)
{
    if (input->count == 1) {
        tiles(m, input);
    } else {
        compare(m, input);
    }
    MLP_TRY(mlp_page_curves(m, input));
    if (input->review.is_there && input->review.is_regression) {
        mlp_page_errors(m, input);
    } else if (input->review.is_there) {
        mlp_page_metrics(m, input);
        mlp_page_confusion(m, input);
        MLP_TRY(mlp_page_mistakes(m, input));
    }
    if (input->count == 1) {
        MLP_TRY(mlp_page_deformed(m, input));
        MLP_TRY(mlp_page_weights(m, input));
        mlp_page_times(m, input);
    }
    mlp_page_facts(m, input);
    omitted(m, input);
    return MLP_OK;
}

mlp_status mlp_report_write_html(const mlp_report_input *input, FILE *out)
{
    mlp_markup m = {.out = out};
    char title[300];
    snprintf(title, sizeof title, "%.200s%s", input->runs[0].name,
             input->count > 1 ? " and others: runs compared"
                              : ": report of a run");
    head(&m, title, input->is_watched);
    mlp_markup_open(&m, "body");
    opening(&m, input);
    navigation(&m, input);
    mlp_markup_open(&m, "main");
    mlp_markup_attribute(&m, "id", "main");
    MLP_TRY(sections(&m, input));
    mlp_markup_close(&m);
    mlp_markup_element(&m, "footer", NULL,
                       "Made by mlp %s. Self-contained: nothing is loaded "
                       "from elsewhere.",
                       MLP_VERSION);
    mlp_markup_close(&m);
    mlp_markup_close(&m);
    mlp_markup_raw(&m, "\n");
    return MLP_OK;
}
