/** @file
 *  Pictures of what --augment makes of training images.
 */
#ifndef MLP_TOOL_DEFORMED_H
#define MLP_TOOL_DEFORMED_H

#include "config/config.h"
#include "image/image.h"
#include "source/source.h"

enum { MLP_DEFORMED_ROWS = 20 };

/** The first training rows, and what they are in the first epoch. */
typedef struct {
    mlp_image before[MLP_DEFORMED_ROWS], after[MLP_DEFORMED_ROWS];
    size_t count;
} mlp_deformed;

/** Make the pictures.
 *  @param config    with --augment and the seed
 *  @param source    of images: MLP_ERROR_USAGE if not
 *  @param deformed  destroy it, after a failure too
 *  MLP_ERROR_INTERNAL without memory; errors of reading the rows. */
mlp_status mlp_deformed_make(const mlp_config *config, mlp_source *source,
                             mlp_deformed *deformed);
void mlp_deformed_destroy(mlp_deformed *deformed);

/** All of them on one picture, each row left of what became of it.
 *  @param sheet  a new picture
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_deformed_sheet(const mlp_deformed *deformed, mlp_image *sheet);

#endif
