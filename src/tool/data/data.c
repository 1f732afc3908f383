/** @file
 *  mlp data: make and inspect data sets.
 */
#include "data.h"

#include <string.h>

static const struct {
    const char *name;
    mlp_status (*run)(const mlp_tool_options *options, mlp_tool_output *output);
} verbs[] = {{"import", mlp_data_import},
             {"convert", mlp_data_convert},
             {"split", mlp_data_split},
             {"show", mlp_data_show}};

static mlp_status data(const mlp_tool_options *options, mlp_tool_output *output)
{
    const char *verb = options->operands[0];
    if (options->operand_count < 2) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "data needs two arguments: import DIR, convert SOURCE, "
                        "split SOURCE, or show PATH");
    }
    bool is_show = strcmp(verb, "show") == 0;
    if (!is_show &&
        (options->has_format || options->config.augment != MLP_AUGMENT_NONE)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "data: --augment and --format go with show");
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

static const char *const formats[] = {"text", "png", NULL};
static const char *const options_of_data[] = {"size",
                                              "gray",
                                              "test-fraction",
                                              "seed",
                                              "bad-images",
                                              "label",
                                              "bad-rows",
                                              "augment",
                                              "augment-shift",
                                              "augment-rotation",
                                              "augment-shear",
                                              "augment-scale",
                                              "augment-alpha",
                                              "augment-sigma",
                                              "augment-soft",
                                              "format",
                                              "columns",
                                              "ignore",
                                              "categorical",
                                              "na",
                                              "task",
                                              "output",
                                              NULL};

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
                   "--data; of a table its columns, with kinds, ranges, "
                   "missing cells and\n"
                   "categories, and what the column --label would be predicted "
                   "as. With\n"
                   "--augment: pictures of twenty training images, and of what "
                   "they are in the\n"
                   "first epoch of mlp_train with the same options.",
    .options = options_of_data,
    .formats = formats,
    .operands = "import|convert|split|show PATH",
    .operands_max = 2,
    .makes_file = true,
    .run = data};
