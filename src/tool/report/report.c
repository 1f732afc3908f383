/** @file
 *  mlp report: a run, or several, as a page, a figure or text.
 */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mlp_account_note(mlp_account *account, const char *format, ...)
{
    va_list arguments;
    if (account->note_count == MLP_REPORT_NOTES_MAX) {
        return;
    }
    char *note = account->notes[account->note_count++];
    va_start(arguments, format);
    vsnprintf(note, sizeof account->notes[0], format, arguments);
    va_end(arguments);
}

static mlp_status open_stories(mlp_account *account,
                               const mlp_tool_options *options)
{
    if (options->operand_count > MLP_REPORT_RUNS_MAX) {
        return mlp_fail(MLP_ERROR_USAGE, "%zu runs; at most %d in one report",
                        options->operand_count, MLP_REPORT_RUNS_MAX);
    }
    for (size_t i = 0; i < options->operand_count; i++) {
        MLP_TRY(mlp_story_open(options->operands[i], &account->stories[i]));
        account->count++;
    }
    return MLP_OK;
}

static mlp_status write_report(mlp_account *account,
                               const mlp_tool_options *options, FILE *out)
{
    if (strcmp(options->format, "svg") == 0) {
        return mlp_report_write_svg(account, out);
    }
    if (strcmp(options->format, "png") == 0) {
        return mlp_report_write_png(account, out);
    }
    if (strcmp(options->format, "txt") == 0) {
        return mlp_report_write_text(account, out);
    }
    MLP_TRY(mlp_review_make(account, options));
    return mlp_report_write_html(account, out);
}

static mlp_status report(const mlp_tool_options *options,
                         mlp_tool_output *output)
{
    mlp_account *account = calloc(1, sizeof *account);
    if (account == NULL) {
        return mlp_fail_memory("a report");
    }
    mlp_status status = open_stories(account, options);
    if (status == MLP_OK) {
        status = write_report(account, options, output->file);
    }
    mlp_review_destroy(&account->review);
    for (size_t i = 0; i < account->count; i++) {
        mlp_story_close(&account->stories[i]);
    }
    free(account);
    return status;
}

static const char *const formats[] = {"html", "svg", "png", "txt", NULL};
static const char *const options_of_report[] = {"format", "output", "data",
                                                "threads", NULL};

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
                   "One run: curves with the best epoch, confusion matrix and "
                   "worst mistakes on the\n"
                   "test rows, weights of the first layer, time by phase and "
                   "rank (mlp_train\n"
                   "--profile), configuration, placement, digests. Several "
                   "runs: their curves\n"
                   "together, and the options in which they differ. svg, png "
                   "and txt have the\n"
                   "curves alone.",
    .options = options_of_report,
    .formats = formats,
    .operands = "RUN...",
    .operands_max = MLP_REPORT_RUNS_MAX + 1,
    .file_stem = "report",
    .run = report};
