/** @file
 *  mlp data show of a table: its columns, and what a run would make of them.
 */
#include <inttypes.h>
#include <string.h>

#include "data.h"
#include "source/csv.h"
#include "source/npy.h"
#include "source/paths.h"
#include "source/table_survey.h"

enum { NAME_WIDTH = 20, NAME_MOST = 40, TEXT_MOST = 24 };

bool mlp_data_is_table(const char *spec)
{
    return strcmp(spec, MLP_CSV_INPUT) == 0 || mlp_paths_is_list(spec) ||
           mlp_csv_has_name(spec) || mlp_npy_has_name(spec);
}

/* ---- a column ---------------------------------------------------------- */

static const char *kind_of(const mlp_survey *survey, size_t i)
{
    const mlp_survey_column *column = &survey->columns[i];
    bool is_label = i == survey->label;
    switch (column->kind) {
    case MLP_COLUMN_NUMBER:
        return is_label ? "target" : "number";
    case MLP_COLUMN_TEXT:
        return is_label ? "class" : "text";
    case MLP_COLUMN_IGNORED:
        return "ignored";
    case MLP_COLUMN_WEIGHT:
        return "weight";
    case MLP_COLUMN_UNKNOWN:
        break;
    }
    return "empty";
}

static void print_texts(FILE *out, const mlp_survey *survey, size_t i)
{
    const mlp_survey_column *column = &survey->columns[i];
    const mlp_texts *texts = &survey->cells.columns[i].texts;
    size_t shown = column->texts < MLP_SURVEY_TEXTS ? column->texts
                                                    : (size_t)MLP_SURVEY_TEXTS;
    fprintf(out, "%zu:", column->texts);
    for (size_t k = 0; k < shown; k++) {
        fprintf(out, "%s %.*s (%zu)", k == 0 ? "" : ",", TEXT_MOST,
                mlp_texts_item(texts, column->frequent[k].code),
                column->frequent[k].rows);
    }
    fputs(shown < column->texts ? ", ..." : "", out);
}

static void print_values(FILE *out, const mlp_survey *survey, size_t i)
{
    const mlp_survey_column *column = &survey->columns[i];
    if (column->kind == MLP_COLUMN_NUMBER &&
        column->missing < survey->cells.rows) {
        fprintf(out, "%g to %g, median %g", (double)column->least,
                (double)column->most, (double)column->median);
        if (i == survey->label) {
            fprintf(out, ", mean %g, standard deviation %g", column->mean,
                    column->deviation);
        }
    } else if (column->kind == MLP_COLUMN_TEXT && column->texts > 0) {
        print_texts(out, survey, i);
    }
}

static void print_column(FILE *out, const mlp_survey *survey, size_t i)
{
    const mlp_survey_column *column = &survey->columns[i];
    bool has_cells =
        column->kind == MLP_COLUMN_NUMBER || column->kind == MLP_COLUMN_TEXT;
    fprintf(out, "%-*.*s  %-8s", NAME_WIDTH, NAME_MOST,
            survey->cells.columns[i].name, kind_of(survey, i));
    if (has_cells) {
        fprintf(out, "%9zu  ", column->missing);
        print_values(out, survey, i);
    }
    fputc('\n', out);
}

/* ---- the table --------------------------------------------------------- */

static void print_rows(FILE *out, const mlp_cells *cells)
{
    fprintf(out, "rows       %zu", cells->rows);
    if (cells->unlabelled > 0) {
        fprintf(out, "; %zu without a label are left out", cells->unlabelled);
    }
    if (cells->dropped > 0) {
        fprintf(out, "; %zu are dropped, the first: %s", cells->dropped,
                cells->first_bad);
    }
    fputc('\n', out);
}

static void print_task(FILE *out, const mlp_survey *survey)
{
    if (survey->label == SIZE_MAX) {
        fputs("label      not named; see --label\n", out);
        return;
    }
    fprintf(out, "label      %s, predicted as a %s",
            survey->cells.columns[survey->label].name,
            survey->is_regression ? "number (regression)"
                                  : "class (classification)");
    if (survey->reason != NULL) {
        fprintf(out, ": %s", survey->reason);
    }
    fputc('\n', out);
}

static void print_survey(FILE *out, const mlp_survey *survey)
{
    fprintf(out, "data       %s\n", survey->cells.name);
    print_rows(out, &survey->cells);
    print_task(out, survey);
    fprintf(out, "\n%-*s  %-8s%9s  %s\n", NAME_WIDTH, "column", "kind",
            "missing", "values");
    for (size_t i = 0; i < survey->cells.count; i++) {
        print_column(out, survey, i);
    }
}

mlp_status mlp_data_show_table(const mlp_tool_options *options, FILE *out)
{
    mlp_survey survey = {.columns = NULL};
    mlp_config config = options->config;
    if (!mlp_config_was_given(&config, "task")) {
        config.task = MLP_TASK_AUTO;
    }
    if (!mlp_config_was_given(&config, "na")) {
        snprintf(config.na, sizeof config.na, "%s", MLP_NA_DEFAULT);
    }
    mlp_table_options table = mlp_table_options_of(&config);
    table.label = options->label != NULL ? options->label : "";
    table.missing = MLP_MISSING_IMPUTE;
    table.drops_bad = options->bad_rows == MLP_BAD_ROWS_DROP;
    mlp_status status = mlp_survey_make(options->operands[1], &table, &survey);
    if (status == MLP_OK) {
        print_survey(out, &survey);
    }
    mlp_survey_destroy(&survey);
    return status;
}
