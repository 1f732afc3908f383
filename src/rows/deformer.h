/** @file
 *  Deformed images (--augment): what training makes of an image in an epoch, as
 *  a function of (seed, epoch, row) and of nothing else.
 *
 *  Images are rotated, sheared, scaled in width and in height, shifted, and
 *  moved by an elastic field, all in one look-up (kernels/deform.h). With
 *  numbers a .. f that are uniform in [-1, 1) and drawn for each image anew,
 *  its linear map is
 *
 *      [xx xy]   [1/sx   0 ]   [cos r  -sin r]   [1  tan q]
 *      [yx yy] = [ 0   1/sy] * [sin r   cos r] * [0    1  ]
 *
 *      r = a rotation, q = b shear, sx = 1 + c scale, sy = 1 + d scale
 *      shift_x = e shift, shift_y = f shift
 *
 *  a .. d are the words of unit 0 of the row's random numbers, e and f are the
 *  first two of unit 1. Rotation and shear are halved for classes that they
 *  would confuse (--augment-soft). Source: Ciresan et al. 2010, "Deep, big,
 *  simple neural nets for handwritten digit recognition", section 3.
 */
#ifndef MLP_DEFORMER_H
#define MLP_DEFORMER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"
#include "kernels/deform.h"
#include "source/source.h"

typedef struct mlp_deformer mlp_deformer;

/** MLP_ERROR_USAGE with --augment if the rows of the source are not images:
 *  names the source. */
mlp_status mlp_deformer_check(const mlp_config *config,
                              const mlp_source_info *info);

/** @param config   with the strengths; copied
 *  @param info     of a source of images (mlp_deformer_check)
 *  @param threads  that may deform at once
 *  @param deformer  NULL after --augment none
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_deformer_create(const mlp_config *config,
                               const mlp_source_info *info, size_t threads,
                               mlp_deformer **deformer);
void mlp_deformer_destroy(mlp_deformer **deformer);

/** An image of a data set. */
typedef struct {
    const void *from; /**< as stored */
    void *to;         /**< of the same type and extents, overwritten */
    uint64_t number;  /**< of the row, in its split */
    uint16_t label;
} mlp_deformer_row;

/** Deform an image.
 *  @param thread  below `threads`; another one for each concurrent call */
void mlp_deformer_run(const mlp_deformer *deformer, const mlp_kernels *kernels,
                      size_t thread, uint64_t epoch,
                      const mlp_deformer_row *row);

#endif
