/** @file
 *  mlp report: one or several runs as a page, a figure or text.
 */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "checkpoint/folds.h"

void mlp_report_input_note(mlp_report_input *input, const char *format, ...)
{
    va_list arguments;
    if (input->note_count == MLP_REPORT_NOTES_MAX) {
        return;
    }
    char *note = input->notes[input->note_count++];
    va_start(arguments, format);
    vsnprintf(note, sizeof input->notes[0], format, arguments);
    va_end(arguments);
}

/* The folds of a run of several models, those that a report can have. */
static mlp_status open_folds(mlp_report_input *input, const char *run,
                             size_t folds)
{
    char path[MLP_MAX_PATH];
    for (size_t fold = 0; fold < folds && fold < MLP_REPORT_RUNS_MAX; fold++) {
        MLP_TRY(mlp_fold_path(run, fold, path));
        MLP_TRY(mlp_run_summary_open(path, &input->runs[fold]));
        input->count++;
    }
    if (folds > MLP_REPORT_RUNS_MAX) {
        mlp_report_input_note(input, "The first %d of %zu folds.",
                              MLP_REPORT_RUNS_MAX, folds);
    }
    return MLP_OK;
}

static mlp_status open_runs(mlp_report_input *input,
                            const mlp_tool_options *options)
{
    if (options->operand_count > MLP_REPORT_RUNS_MAX) {
        return mlp_fail(MLP_ERROR_USAGE, "%zu runs; at most %d in one report",
                        options->operand_count, MLP_REPORT_RUNS_MAX);
    }
    size_t folds = mlp_fold_count(options->file);
    if (options->operand_count == 1 && folds > 0) {
        return open_folds(input, options->file, folds);
    }
    for (size_t i = 0; i < options->operand_count; i++) {
        MLP_TRY(mlp_run_summary_open(options->operands[i], &input->runs[i]));
        input->count++;
    }
    return MLP_OK;
}

static mlp_status write_report(mlp_report_input *input,
                               const mlp_tool_options *options, FILE *out)
{
    if (strcmp(options->format, "svg") == 0) {
        return mlp_report_write_svg(input, out);
    }
    if (strcmp(options->format, "png") == 0) {
        return mlp_report_write_png(input, out);
    }
    MLP_TRY(mlp_review_make(input, options));
    return strcmp(options->format, "txt") == 0
               ? mlp_report_write_text(input, out)
               : mlp_report_write_html(input, out);
}

/* ---- watching a run that trains */

/* Whether a log may still grow. */
static bool is_training(const mlp_report_input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        const mlp_run_summary *run = &input->runs[i];
        if (run->log_path[0] != '\0' && run->end == NULL) {
            return true;
        }
    }
    return false;
}

/* Whether a log is no longer as long as when it was read, or is gone. */
static bool has_news(const mlp_report_input *input)
{
    struct stat facts;
    for (size_t i = 0; i < input->count; i++) {
        const mlp_run_summary *run = &input->runs[i];
        if (run->log_path[0] != '\0' && (stat(run->log_path, &facts) != 0 ||
                                         facts.st_size != run->log_bytes)) {
            return true;
        }
    }
    return false;
}

static void wait_for_news(const mlp_report_input *input)
{
    const struct timespec pause = {.tv_nsec = 250000000};
    while (!has_news(input)) {
        nanosleep(&pause, NULL);
    }
}

/* ---- the sub-command */

static mlp_status write_file(mlp_report_input *input,
                             const mlp_tool_options *options)
{
    mlp_tool_output output;
    MLP_TRY(mlp_tool_output_open(options->output, &output));
    return mlp_tool_output_close(&output,
                                 write_report(input, options, output.file));
}

static void close_runs(mlp_report_input *input)
{
    mlp_review_destroy(&input->review);
    for (size_t i = 0; i < input->count; i++) {
        mlp_run_summary_close(&input->runs[i]);
    }
    *input = (mlp_report_input){.count = 0};
}

/* Write a report, and with --watch another after each epoch, until the runs
 * end. */
static mlp_status write_reports(mlp_report_input *input,
                                const mlp_tool_options *options)
{
    for (;;) {
        MLP_TRY(open_runs(input, options));
        input->is_watched = options->is_watch && is_training(input);
        MLP_TRY(write_file(input, options));
        if (!input->is_watched) {
            return MLP_OK;
        }
        wait_for_news(input);
        close_runs(input);
    }
}

static mlp_status report(const mlp_tool_options *options,
                         mlp_tool_output *output)
{
    (void)output; /* opened for each report */
    if (options->is_watch && options->output == NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "--watch writes a file again and "
                                         "again: add --output FILE");
    }
    mlp_report_input *input = calloc(1, sizeof *input);
    if (input == NULL) {
        return mlp_fail_memory("a report");
    }
    mlp_status status = write_reports(input, options);
    close_runs(input);
    free(input);
    return status;
}

static const char *const formats[] = {"html", "svg", "png", "txt", NULL};
static const char *const format_words[] = {"html", "svg", "png", "text", NULL};
static const char *const options_of_report[] = {"format", "output",  "watch",
                                                "data",   "threads", NULL};

const mlp_tool_command mlp_tool_report = {
    .name = "report",
    .summary = "a run as a page in one file: curves, mistakes, times; or "
               "several runs compared",
    .description = "Make a report of runs. RUN is a log, a checkpoint, or a "
                   "directory with both\n"
                   "(log.jsonl, or its only *.jsonl). The page needs no "
                   "network and no other file.\n"
                   "Sections without data are omitted, with a note.\n"
                   "\n"
                   "One run: curves with the best epoch; metrics, "
                   "calibration, confusion matrix and\n"
                   "worst mistakes on the test rows; weights of the first "
                   "layer, time by phase and\n"
                   "rank (mlp_train --profile), configuration, placement, "
                   "digests. Several runs:\n"
                   "their curves together, and the options in which they "
                   "differ. svg and png have\n"
                   "the curves alone, text also the metrics and the "
                   "calibration.\n"
                   "\n"
                   "--watch writes FILE anew after each epoch, until the runs "
                   "end or are stopped;\n"
                   "the page reloads itself meanwhile.",
    .options = options_of_report,
    .formats = formats,
    .format_words = format_words,
    .operands = "RUN...",
    .operands_max = MLP_REPORT_RUNS_MAX + 1,
    .file_stem = "report",
    .makes_file = true,
    .run = report};
