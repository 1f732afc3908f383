/** @file
 *  mlp data show: extents and classes of a data set, and what --augment makes
 *  of its images; of a table, its columns.
 */
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "draw/terminal_picture.h"
#include "tool/deformed.h"

/* ---- extents and classes */

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

static mlp_status show_text(FILE *out, mlp_source *source)
{
    const mlp_source_info *info = mlp_source_facts(source);
    fprintf(out, "data       %s\nfeatures   %zu (%zu x %zu), %s\n", info->name,
            info->features, info->height, info->width,
            info->element == MLP_ELEMENT_U8 ? "uint8" : "float32");
    MLP_TRY(show_split(out, source, MLP_SPLIT_TRAIN));
    return info->rows[MLP_SPLIT_TEST] > 0
               ? show_split(out, source, MLP_SPLIT_TEST)
               : MLP_OK;
}

/* ---- deformed images */

/* Pictures beside each other on a terminal, and the columns of each. */
enum { ACROSS = 4, COLUMNS = 18 };

/* Print the pictures of two rows, each before and after. */
static mlp_status print_pairs(FILE *out, const mlp_image *const *images,
                              size_t count)
{
    mlp_drawing_style style = mlp_drawing_style_for(out);
    mlp_image fitted[ACROSS];
    mlp_status status = MLP_OK;
    size_t made = 0;
    while (made < count && status == MLP_OK) {
        status = mlp_drawing_fit(images[made], COLUMNS, &fitted[made]);
        made += status == MLP_OK;
    }
    for (size_t line = 0;
         status == MLP_OK && line < mlp_drawing_lines(&fitted[0]); line++) {
        for (size_t i = 0; i < count; i++) {
            fputs(i == 0 ? "" : i % 2 == 1 ? " " : "    ", out);
            mlp_drawing_line(out, &fitted[i], line, style);
        }
        fputc('\n', out);
    }
    while (made > 0) {
        mlp_image_destroy(&fitted[--made]);
    }
    return status;
}

/* Terminals show gray: of three channels the mean. */
static void turn_gray(mlp_image *image)
{
    size_t pixels = image->height * image->width;
    for (size_t i = 0; image->channels > 1 && i < pixels; i++) {
        unsigned sum = 0;
        for (size_t c = 0; c < image->channels; c++) {
            sum += image->pixels[i * image->channels + c];
        }
        image->pixels[i] = (unsigned char)(sum / image->channels);
    }
    image->channels = 1;
}

static mlp_status print_images(FILE *out, mlp_deformed *deformed)
{
    fprintf(out, "\ntraining rows 0 to %zu, each before and after:\n",
            deformed->count - 1);
    for (size_t i = 0; i < deformed->count; i += ACROSS / 2) {
        const mlp_image *images[ACROSS];
        size_t count = 0;
        for (size_t k = i; k < i + ACROSS / 2 && k < deformed->count; k++) {
            turn_gray(&deformed->before[k]);
            turn_gray(&deformed->after[k]);
            images[count++] = &deformed->before[k];
            images[count++] = &deformed->after[k];
        }
        fputc('\n', out);
        MLP_TRY(print_pairs(out, images, count));
    }
    return MLP_OK;
}

static mlp_status write_png(FILE *out, const mlp_deformed *deformed)
{
    mlp_image sheet;
    unsigned char *bytes = NULL;
    size_t count = 0;
    MLP_TRY(mlp_deformed_sheet(deformed, &sheet));
    mlp_status status = mlp_image_encode(&sheet, NULL, &bytes, &count);
    if (status == MLP_OK) {
        fwrite(bytes, 1, count, out); /* closing the output finds failures */
    }
    free(bytes);
    mlp_image_destroy(&sheet);
    return status;
}

/* ---- all of it */

static mlp_status show(const mlp_tool_options *options,
                       const mlp_config *config, mlp_source *source, FILE *out)
{
    bool is_png = strcmp(options->format, "png") == 0;
    mlp_deformed deformed = {.count = 0};
    mlp_status status = is_png ? MLP_OK : show_text(out, source);
    if (status == MLP_OK && config->augment != MLP_AUGMENT_NONE) {
        status = mlp_deformed_make(config, source, &deformed);
    }
    if (status == MLP_OK && deformed.count > 0) {
        status =
            is_png ? write_png(out, &deformed) : print_images(out, &deformed);
    }
    mlp_deformed_destroy(&deformed);
    return status;
}

/* A table has no images. */
static mlp_status check_table(const mlp_tool_options *options)
{
    return strcmp(options->format, "png") == 0 ||
                   options->config.augment != MLP_AUGMENT_NONE
               ? mlp_fail(MLP_ERROR_USAGE, "%s: a table has no images",
                          options->operands[1])
               : MLP_OK;
}

mlp_status mlp_data_show(const mlp_tool_options *options,
                         mlp_tool_output *output)
{
    mlp_source *source = NULL;
    mlp_tool_output own = *output;
    mlp_config config = options->config;
    bool is_table = mlp_data_is_table(options->operands[1]);
    config.seed = options->seed;
    if (strcmp(options->format, "png") == 0 &&
        config.augment == MLP_AUGMENT_NONE) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--format png is of the images of --augment");
    }
    MLP_TRY(mlp_config_check(&config));
    MLP_TRY(is_table ? check_table(options)
                     : mlp_source_open(options->operands[1], &source));
    mlp_status status = options->output != NULL
                            ? mlp_tool_output_open(options->output, &own)
                            : MLP_OK;
    if (status == MLP_OK) {
        status = is_table ? mlp_data_show_table(options, own.file)
                          : show(options, &config, source, own.file);
        status = options->output != NULL ? mlp_tool_output_close(&own, status)
                                         : status;
    }
    mlp_source_close(&source);
    return status;
}
