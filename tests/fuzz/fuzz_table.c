/** @file
 *  Fuzz target: a table of comma- or tab-separated values. The first byte of
 *  the input selects options; the label is the first line's last column.
 */
#include <string.h>

#include "fuzz_rows.h"

enum {
    TABS = 1,
    REGRESSION = 2,
    DROPS_BAD = 4,
    IMAGES_ONLY = 8,
    SPLITS = 16,
    STRICT = 32,
    KINDS = MLP_HOLDOUT_AUTO + 1
};

/* The last name of the first line, if it needs no quotes. */
static void find_label(const uint8_t *data, size_t size, char separator,
                       char label[64])
{
    size_t end = 0;
    while (end < size && data[end] != '\n' && data[end] != '\r') {
        end++;
    }
    size_t first = end;
    while (first > 0 && data[first - 1] != (uint8_t)separator) {
        first--;
    }
    size_t length = end - first < 63 ? end - first : 63;
    if (length > 0) {
        memcpy(label, data + first, length);
    }
    label[length] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char label[64];
    const mlp_holdout_kind kind = (mlp_holdout_kind)(size % KINDS);
    const bool has_column =
        kind == MLP_HOLDOUT_GROUP || kind == MLP_HOLDOUT_TIME;
    mlp_source *source = NULL;
    if (size < 2) {
        return 0;
    }
    const unsigned how = data[0];
    data++;
    size--;
    find_label(data, size, how & TABS ? '\t' : ',', label);
    const mlp_table_options options = {
        .weight = "",
        .label = label,
        .ignore = "",
        .categorical = "",
        .columns = "",
        .task = how & REGRESSION ? MLP_TASK_REGRESSION : MLP_TASK_AUTO,
        .missing = how & STRICT ? MLP_MISSING_ERROR : MLP_MISSING_IMPUTE,
        .na = "NA,?",
        .unseen = how & STRICT ? MLP_UNSEEN_ERROR : MLP_UNSEEN_OTHER,
        .rare = 2,
        .has_pairs = true,
        .threads = 2,
        .drops_bad = (how & DROPS_BAD) != 0,
        .holdout = {.kind = kind,
                    .column = has_column ? "t" : "",
                    .seed = 1,
                    .test = how & SPLITS ? 0.3 : 0.0,
                    .validation = how & SPLITS ? 0.2 : 0.0},
        .test_data = "",
        .validation_data = ""};
    const char *path = fuzz_file(how & TABS ? "t.tsv" : "t.csv", data, size);
    mlp_status status = mlp_source_open_table(
        path, &options, (how & IMAGES_ONLY) == 0, &source);
    fuzz_expect(status == MLP_OK || mlp_failure()[0] != '\0',
                "a refusal has a reason");
    if (status == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
    return 0;
}
