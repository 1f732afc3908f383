/** @file
 *  The facts of a report: configuration, placement, digests; and the
 *  differences between runs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "report.h"

static void fact(mlp_markup *m, const char *name, const char *value,
                 bool is_code)
{
    if (value[0] == '\0') {
        return;
    }
    mlp_markup_open(m, "tr");
    mlp_page_row_head(m, "%s", name);
    mlp_markup_element(m, "td", is_code ? "code" : NULL, "%s", value);
    mlp_markup_close(m);
}

static void begin_facts(mlp_markup *m, const char *caption)
{
    mlp_page_table(m, caption, "words");
    mlp_markup_open(m, "tbody");
}

/* An option of a run from its log, else from its checkpoint. */
static void option_text(const mlp_run_summary *run, const mlp_option *field,
                        char text[MLP_CONFIG_VALUE])
{
    char path[96];
    snprintf(path, sizeof path, "config.%s", mlp_config_key(field));
    mlp_run_summary_text(run->start, path, text, MLP_CONFIG_VALUE);
    bool is_kept = mlp_config_is_state(field);
    if (run->start == NULL && is_kept && run->checkpoint_path[0] != '\0') {
        mlp_config_get_stored(&run->checkpoint.config, field, text);
    }
}

/* Whether a list of the log, "[256,128]" or "[]", is the text of an option. */
static bool is_list_of(const char *list, const char *text)
{
    size_t length = strlen(list) - 1;
    return length < 2 ? strcmp(text, "none") == 0
                      : strlen(text) == length - 1 &&
                            strncmp(list + 1, text, length - 1) == 0;
}

static void configuration(mlp_markup *m, const mlp_run_summary *run)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    char text[MLP_CONFIG_VALUE], standard[MLP_CONFIG_VALUE];
    mlp_config defaults;
    mlp_config_init(&defaults);
    begin_facts(m, "Configuration; what is not the default is marked");
    for (size_t i = 0; i < count; i++) {
        option_text(run, &fields[i], text);
        if (text[0] == '\0' || strcmp(text, "false") == 0) {
            continue;
        }
        mlp_config_get_stored(&defaults, &fields[i], standard);
        bool is_list = fields[i].kind == MLP_FIELD_SIZES && text[0] == '[';
        bool is_same =
            is_list ? is_list_of(text, standard) : strcmp(text, standard) == 0;
        double a = strtod(text, NULL), b = strtod(standard, NULL);
        is_same |= fields[i].kind == MLP_FIELD_DOUBLE && a == b;
        mlp_markup_open(m, "tr");
        if (!is_same) {
            mlp_markup_attribute(m, "class", "mark");
        }
        mlp_page_row_head(m, "%s", fields[i].name);
        mlp_markup_element(m, "td", NULL, "%s", text);
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
}

static void placement(mlp_markup *m, const mlp_run_summary *run)
{
    static const char *const facts[][2] = {
        {"ranks", "placement.ranks"},
        {"threads of a rank", "placement.threads"},
        {"cores of a node", "placement.cores"},
        {"instruction set", "placement.instruction_set"},
        {"version", "version"},
        {"data", "data.name"},
        {"training rows", "data.train_rows"},
        {"validation rows", "data.validation_rows"},
        {"test rows", "data.test_rows"},
        {"invalid rows, dropped", "data.rows_dropped"},
        {"rows without a label, left out", "data.rows_unlabelled"},
        {"rows with missing cells, left out", "data.rows_incomplete"},
        {"missing cells, filled in", "data.cells_missing"},
        {"rare or unseen texts", "data.texts_other"},
        {"layers", "widths"},
        {"parameters", "parameters"},
        {"resumed from", "resumed_from"}};
    char text[1024];
    begin_facts(m, "Placement, data and model");
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        mlp_run_summary_text(run->start, facts[i][1], text, sizeof text);
        fact(m, facts[i][0], text, false);
    }
    snprintf(text, sizeof text, "%zu", run->starts);
    fact(m, "processes of the run", run->starts > 1 ? text : "", false);
    fact(m, "log", run->log_path, false);
    fact(m, "checkpoint", run->checkpoint_path, false);
    mlp_page_table_end(m);
}

static void digests(mlp_markup *m, const mlp_run_summary *run)
{
    char text[256] = "";
    begin_facts(m, "Digests, SHA-256");
    mlp_run_summary_text(run->end, "weights_sha256", text, sizeof text);
    fact(m, "weights", text, true);
    if (run->checkpoint_path[0] != '\0') {
        char hex[MLP_DIGEST_HEX];
        mlp_digest_hex(run->checkpoint.data_digest, hex);
        fact(m, "data", hex, true);
        mlp_digest_hex(run->checkpoint.origin_digest, hex);
        fact(m, "state it started from",
             mlp_checkpoint_has_origin(&run->checkpoint) ? hex : "", true);
    }
    mlp_page_table_end(m);
}

/* Options in which the runs differ, a column for each run. */
static void differences(mlp_markup *m, const mlp_report_input *input)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    const char *heads[MLP_REPORT_RUNS_MAX + 1] = {"option"};
    for (size_t r = 0; r < input->count; r++) {
        heads[1 + r] = input->runs[r].name;
    }
    mlp_page_table(m, "Options that are not the same, and digests", NULL);
    mlp_page_heads(m, heads, input->count + 1);
    for (size_t i = 0; i < count; i++) {
        char first[MLP_CONFIG_VALUE], text[MLP_CONFIG_VALUE];
        bool differs = false;
        option_text(&input->runs[0], &fields[i], first);
        for (size_t r = 1; r < input->count; r++) {
            option_text(&input->runs[r], &fields[i], text);
            differs |= strcmp(first, text) != 0;
        }
        if (!differs) {
            continue;
        }
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%s", fields[i].name);
        for (size_t r = 0; r < input->count; r++) {
            option_text(&input->runs[r], &fields[i], text);
            mlp_markup_element(m, "td", NULL, "%s", text);
        }
        mlp_markup_close(m);
    }
    mlp_markup_open(m, "tr");
    mlp_page_row_head(m, "weights, SHA-256");
    for (size_t r = 0; r < input->count; r++) {
        char text[96];
        mlp_run_summary_text(input->runs[r].end, "weights_sha256", text,
                             sizeof text);
        mlp_markup_element(m, "td", "code", "%.16s", text);
    }
    mlp_markup_close(m);
    mlp_page_table_end(m);
}

void mlp_page_facts(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_run_summary *run = &input->runs[0];
    mlp_page_section(m, "facts",
                     input->count > 1 ? "Differences"
                                      : "Configuration and placement");
    if (input->count > 1) {
        differences(m, input);
    } else {
        mlp_markup_open(m, "div");
        mlp_markup_attribute(m, "class", "two");
        configuration(m, run);
        mlp_markup_open(m, "div");
        placement(m, run);
        digests(m, run);
        mlp_markup_close(m);
        mlp_markup_close(m);
    }
    mlp_markup_close(m);
}
