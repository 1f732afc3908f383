/** @file
 *  Fuzz target: an array of NumPy, as a table whose label is its last column.
 */
#include "fuzz_rows.h"
#include "source/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char label[32];
    mlp_npy array;
    mlp_source *source = NULL;
    const char *path = fuzz_file("t.npy", data, size);
    if (mlp_npy_open(path, &array) != MLP_OK) {
        fuzz_expect(mlp_failure()[0] != '\0', "a refusal has a reason");
        return 0;
    }
    snprintf(label, sizeof label, "%zu", array.columns - 1);
    mlp_npy_close(&array);
    const mlp_table_options options = {.weight = "",
                                       .label = label,
                                       .ignore = "",
                                       .categorical = "0",
                                       .columns = "",
                                       .task = MLP_TASK_AUTO,
                                       .missing = MLP_MISSING_IMPUTE,
                                       .na = "",
                                       .unseen = MLP_UNSEEN_OTHER,
                                       .threads = 2,
                                       .drops_bad = true,
                                       .holdout = {.kind = MLP_HOLDOUT_RANDOM,
                                                   .column = "",
                                                   .seed = 1,
                                                   .test = 0.3},
                                       .test_data = "",
                                       .validation_data = ""};
    if (mlp_source_open_table(path, &options, true, &source) == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
    return 0;
}
