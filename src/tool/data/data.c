/** @file
 *  mlp data: make and inspect data sets.
 */
#include "data.h"

#include <stdlib.h>
#include <string.h>

/* ---- show */

static void print_counts(FILE *out, const mlp_dataset *dataset,
                         const mlp_names *names)
{
    size_t classes = mlp_dataset_classes(dataset);
    for (size_t k = 0; k < classes; k++) {
        size_t rows = 0;
        for (size_t r = 0; r < dataset->range.count; r++) {
            rows += dataset->labels[r] == k;
        }
        if (names != NULL && k < names->count) {
            fprintf(out, "  %-20.60s %9zu\n", names->items[k], rows);
        } else {
            fprintf(out, "  %-20zu %9zu\n", k, rows);
        }
    }
}

static mlp_status show_split(FILE *out, mlp_source *source, mlp_split split)
{
    const mlp_source_info *info = mlp_source_facts(source);
    mlp_dataset dataset;
    size_t rows = info->rows[split];
    MLP_TRY(mlp_dataset_load(source, split, (mlp_range){0, rows}, &dataset));
    fprintf(out, "\n%s, %zu rows; of each class:\n\n",
            mlp_tool_split_name(split), rows);
    print_counts(out, &dataset, info->class_names);
    mlp_dataset_destroy(&dataset);
    return MLP_OK;
}

static mlp_status show(const mlp_tool_options *options, mlp_tool_output *output)
{
    mlp_source *source = NULL;
    MLP_TRY(mlp_source_open(options->operands[1], &source));
    const mlp_source_info *info = mlp_source_facts(source);
    fprintf(output->file, "data       %s\nfeatures   %zu (%zu x %zu), %s\n",
            info->name, info->features, info->height, info->width,
            info->element == MLP_ELEMENT_U8 ? "uint8" : "float32");
    mlp_status status = show_split(output->file, source, MLP_SPLIT_TRAIN);
    if (status == MLP_OK && info->rows[MLP_SPLIT_TEST] > 0) {
        status = show_split(output->file, source, MLP_SPLIT_TEST);
    }
    mlp_source_close(&source);
    return status;
}

/* ---- the sub-command */

static const struct {
    const char *name;
    mlp_status (*run)(const mlp_tool_options *options, mlp_tool_output *output);
} verbs[] = {{"import", mlp_data_import},
             {"convert", mlp_data_convert},
             {"split", mlp_data_split},
             {"show", show}};

static mlp_status data(const mlp_tool_options *options, mlp_tool_output *output)
{
    const char *verb = options->operands[0];
    if (options->operand_count < 2) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "data needs two arguments: import DIR, convert SOURCE, "
                        "split SOURCE, or show PATH");
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].name) == 0) {
            return verbs[i].run(options, output);
        }
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "data: \"%.200s\" is none of import, convert, split and "
                    "show",
                    verb);
}

static const char *const formats[] = {"text", NULL};
static const char *const options_of_data[] = {
    "size",  "gray",     "test-fraction", "seed", "bad-images",
    "label", "bad-rows", "output",        NULL};

const mlp_tool_command mlp_tool_data = {
    .name = "data",
    .summary = "make an HDF5 data set: import DIR of pictures, convert SOURCE, "
               "split SOURCE again; show PATH: its extents and classes",
    .description = "import DIR: DIR has one sub-folder per class, of PNG and "
                   "JPEG files. They are\n"
                   "resized to --size (a triangle filter as wide as the "
                   "coarser grid) and written\n"
                   "to the HDF5 file --output, with the names of the classes, "
                   "in a random order\n"
                   "(--seed), the last of them as test rows.\n"
                   "\n"
                   "convert SOURCE: whatever mlp_train takes as --data (for a "
                   "table with the\n"
                   "classes in the column --label) as an HDF5 file, with its "
                   "rows and splits.\n"
                   "\n"
                   "split SOURCE: the same, but all rows are shuffled (--seed) "
                   "and split again: of\n"
                   "each class the fraction --test-fraction are test rows.\n"
                   "\n"
                   "show PATH: extents, and the rows of each class, of what "
                   "mlp_train takes as\n"
                   "--data (not of tables).",
    .options = options_of_data,
    .formats = formats,
    .operands = "import|convert|split|show PATH",
    .operands_max = 2,
    .makes_file = true,
    .run = data};
