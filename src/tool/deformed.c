/** @file
 *  Pictures of what --augment makes of training images.
 */
#include "deformed.h"

#include <stdlib.h>
#include <string.h>

#include "rows/deformer.h"
#include "tool.h"

/* Pairs beside each other on a sheet, and pixels within and between them. */
enum { ACROSS = 5, WITHIN = 2, BETWEEN = 8 };

/* The picture of a row, and of what becomes of it. */
static mlp_status paint_row(const mlp_deformer *deformer,
                            const mlp_kernels *kernels,
                            const mlp_tool_grid *grid,
                            const mlp_deformer_row *row, mlp_deformed *deformed)
{
    mlp_deformer_run(deformer, kernels, 0, 0, row);
    MLP_TRY(
        mlp_tool_paint(grid, row->from, &deformed->before[deformed->count]));
    mlp_status status =
        mlp_tool_paint(grid, row->to, &deformed->after[deformed->count]);
    if (status != MLP_OK) {
        mlp_image_destroy(&deformed->before[deformed->count]);
        return status;
    }
    deformed->count++;
    return MLP_OK;
}

static mlp_status paint_rows(const mlp_config *config,
                             const mlp_source_info *info,
                             const mlp_dataset *dataset, mlp_deformed *deformed)
{
    size_t bytes = info->features * mlp_element_bytes(info->element);
    mlp_tool_grid grid = {.height = info->height,
                          .width = info->width,
                          .channels = info->channels,
                          .element = info->element};
    const mlp_kernels *kernels = NULL;
    mlp_deformer *deformer = NULL;
    MLP_TRY(mlp_kernels_best(&kernels));
    MLP_TRY(mlp_dataset_largest(dataset, &grid.largest));
    MLP_TRY(mlp_deformer_create(config, info, 1, &deformer));
    void *to = malloc(bytes);
    mlp_status status =
        to == NULL ? mlp_fail_memory("a deformed image") : MLP_OK;
    for (size_t r = 0; r < dataset->range.count && status == MLP_OK; r++) {
        const mlp_deformer_row row = {.from = (const char *)dataset->values +
                                              r * bytes,
                                      .to = to,
                                      .number = r,
                                      .label = dataset->labels[r]};
        status = paint_row(deformer, kernels, &grid, &row, deformed);
    }
    free(to);
    mlp_deformer_destroy(&deformer);
    return status;
}

mlp_status mlp_deformed_make(const mlp_config *config, mlp_source *source,
                             mlp_deformed *deformed)
{
    const mlp_source_info *info = mlp_source_facts(source);
    size_t rows = info->rows[MLP_SPLIT_TRAIN];
    mlp_range range = {0, rows < MLP_DEFORMED_ROWS ? rows : MLP_DEFORMED_ROWS};
    mlp_dataset dataset;
    deformed->count = 0;
    MLP_TRY(mlp_deformer_check(config, info));
    MLP_TRY(mlp_dataset_load(source, MLP_SPLIT_TRAIN, range, &dataset));
    mlp_status status = paint_rows(config, info, &dataset, deformed);
    mlp_dataset_destroy(&dataset);
    return status;
}

void mlp_deformed_destroy(mlp_deformed *deformed)
{
    for (size_t i = 0; i < deformed->count; i++) {
        mlp_image_destroy(&deformed->before[i]);
        mlp_image_destroy(&deformed->after[i]);
    }
    deformed->count = 0;
}

/* ---- the sheet --------------------------------------------------------- */

static void put(const mlp_image *image, size_t top, size_t left,
                mlp_image *sheet)
{
    size_t line = image->width * image->channels;
    for (size_t y = 0; y < image->height; y++) {
        memcpy(sheet->pixels +
                   ((top + y) * sheet->width + left) * sheet->channels,
               image->pixels + y * line, line);
    }
}

mlp_status mlp_deformed_sheet(const mlp_deformed *deformed, mlp_image *sheet)
{
    const mlp_image *first = &deformed->before[0];
    size_t across = deformed->count < ACROSS ? deformed->count : ACROSS;
    size_t lines = (deformed->count + ACROSS - 1) / ACROSS;
    size_t wide = 2 * first->width + WITHIN + BETWEEN;
    size_t high = first->height + BETWEEN;
    MLP_TRY(mlp_image_create(lines * high - BETWEEN, across * wide - BETWEEN,
                             first->channels, sheet));
    memset(sheet->pixels, 128, sheet->height * sheet->width * sheet->channels);
    for (size_t i = 0; i < deformed->count; i++) {
        size_t top = i / ACROSS * high, left = i % ACROSS * wide;
        put(&deformed->before[i], top, left, sheet);
        put(&deformed->after[i], top, left + first->width + WITHIN, sheet);
    }
    return MLP_OK;
}
