/** @file
 *  The deformation of one image: a linear map, a shift and an elastic field are
 *  one field of displacements, and each pixel one bilinear look-up.
 *
 *  Pixel (y, x) of the result, in an image of h rows and w columns with its
 *  centre at cy = (h - 1) / 2, cx = (w - 1) / 2, is what the stored image has
 *  at (v, u):
 *
 *      u = cx + shift_x + xx (x - cx) + xy (y - cy) + alpha f(y, x)
 *      v = cy + shift_y + yx (x - cx) + yy (y - cy) + alpha g(y, x)
 *
 *      f = B_h n B_w, n [h, w] uniform in (-1, 1), and g likewise
 *
 *  where the band matrices B blur: B[i, j] = G(i - j), a Gaussian cut off at
 *  three standard deviations whose values add up to 1. Beyond the edges noise
 *  and image are 0. The look-up with t = u - floor(u), s = v - floor(v) is
 *
 *      (1 - s) ((1 - t) p00 + t p01) + s ((1 - t) p10 + t p11)
 *
 *  Order of operations: each element of B_h n is one chain of fused
 *  multiply-adds over rows of n, each of (B_h n) B_w one over columns, both
 *  rising; u = fma(alpha, f, fma(xx, x - cx, fma(xy, y - cy, cx + 1 +
 *  shift_x))), counted from the 0 that is put around the image, and v likewise;
 *  (1 - t) a + t b = fma(t, b, (1 - t) a). So every instruction set gives the
 *  same bits, four zeros give a zero, and without displacement the result is
 *  the image. Bytes are rounded to the nearest.
 *
 *  Noise is a function of (seed, epoch, row, pixel): pixel 32 p + 8 k + i of
 *  image row y takes its two numbers from the halves of word k of the block of
 *  unit MLP_DEFORM_UNITS + 8 (y panels + p) + i (base/rng.h), a half m as
 *  (2 m - 65535) / 65536.
 *
 *  Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional
 *  neural networks applied to visual document analysis", section 2; Ciresan et
 *  al. 2010, "Deep, big, simple neural nets for handwritten digit recognition",
 *  section 3, for all of them together.
 */
#ifndef MLP_KERNELS_DEFORM_H
#define MLP_KERNELS_DEFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

/** Units of a row's random numbers that the caller may use for the map. */
enum { MLP_DEFORM_UNITS = 2 };

/** What the deformations of all images of a data set share. */
typedef struct mlp_image_shape {
    size_t height, width, channels; /**< stored [height, width, channels] */
    bool is_f32;                    /**< float32, else uint8 */
    float alpha;                    /**< in pixels; 0: no elastic field */
    size_t radius;                  /**< of the Gaussian, in pixels */
    const float *blur_rows;         /**< B_h [height, height] */
    const float *blur_columns;      /**< B_w [width, mlp_padded(width)] */
} mlp_image_shape;

/** One image and what becomes of it. */
typedef struct mlp_image_map {
    const void *from;       /**< as stored */
    void *to;               /**< of the same type and extents, overwritten */
    float xx, xy, yx, yy;   /**< the linear map */
    float shift_x, shift_y; /**< in pixels */
    uint64_t seed, row;     /**< of the noise; row < 2^56 */
    uint32_t epoch;
} mlp_image_map;

/** Floats of an elastic field, both directions: [height, 2, padded(width)]. */
static inline size_t mlp_field_floats(const mlp_image_shape *shape)
{
    return shape->height * 2 * mlp_padded(shape->width);
}

/** Row length and floats of an image with a 0 before it and two after it, in
 *  both directions: where u and v end up when they are held to that. */
static inline size_t mlp_framed_stride(const mlp_image_shape *shape)
{
    return (shape->width + 3) * shape->channels;
}

static inline size_t mlp_framed_floats(const mlp_image_shape *shape)
{
    size_t floats = (shape->height + 3) * mlp_framed_stride(shape);
    return mlp_padded(floats);
}

/** Bytes of memory of its own, 64-byte aligned, that a thread needs to deform:
 *  two fields, the framed image, and seven numbers for each pixel of a row. */
static inline size_t mlp_deform_bytes(const mlp_image_shape *shape)
{
    return (2 * mlp_field_floats(shape) + mlp_framed_floats(shape) +
            7 * mlp_padded(shape->width)) *
           sizeof(float);
}

#endif
