/** @file
 *  Pictures as people have them: PNG and JPEG files in, 8-bit pixels out, on
 *  the grid that a model wants. Files are not trusted: what a picture may take
 *  in memory and time is bounded before a byte of it is decoded.
 */
#ifndef MLP_IMAGE_H
#define MLP_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
    MLP_IMAGE_SIDE_MAX = 65535,      /**< pixels along a side */
    MLP_IMAGE_PIXELS_MAX = 50000000, /**< of a picture: 150 MB in color */
    MLP_IMAGE_BYTES_MAX = 256 << 20  /**< of a file */
};

/** Owned by whoever read, resized or created it. */
typedef struct {
    size_t height, width;
    size_t channels;       /**< 1: gray, 3: red, green, blue */
    unsigned char *pixels; /**< [height, width, channels] */
} mlp_image;

/** Black pixels. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_create(size_t height, size_t width, size_t channels,
                            mlp_image *image);
void mlp_image_destroy(mlp_image *image);

/** Whether a file's name ends as that of a PNG or JPEG file. */
bool mlp_image_has_name(const char *path);

/** Read a PNG or JPEG file; its first bytes tell which it is.
 *
 *  Gray of color is luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as JPEG
 *  and Pillow have it). What is transparent is seen on white. 16 bits become 8.
 * A JPEG whose Exif part says so is turned upright.
 *
 *  @param channels  1 or 3: what is wanted, whatever the file has
 *  @param image     on failure it holds nothing
 *
 *  MLP_ERROR_MISSING; MLP_ERROR_IO; MLP_ERROR_DATA when it is no such file,
 * damaged, cut short, too large, or in CMYK; MLP_ERROR_INTERNAL without memory.
 */
mlp_status mlp_image_read(const char *path, size_t channels, mlp_image *image);

/** The same from memory.
 *  @param name  for messages */
mlp_status mlp_image_decode(const char *name, const unsigned char *bytes,
                            size_t count, size_t channels, mlp_image *image);

/** Stretch or shrink to a size, with a triangle filter as wide as the coarser
 *  of the two grids (Pillow's BILINEAR). The same bits on every machine.
 *  @param resized  a new picture
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_resize(const mlp_image *image, size_t height, size_t width,
                            mlp_image *resized);

/** Cut out what is drawn, light on dark, and put it on a new grid as the digits
 *  of MNIST are: shrunk or enlarged without stretching to 5/7 of the grid, its
 *  center of mass in the middle. A picture without anything stays black.
 *  Source: LeCun et al. 1998, "Gradient-Based Learning Applied to Document
 *  Recognition", section III.A.
 *  @param image  gray
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_center(const mlp_image *image, size_t height, size_t width,
                            mlp_image *centered);

/** Light to dark and dark to light. */
void mlp_image_invert(mlp_image *image);

/** The picture as a PNG file in memory.
 *  @param alpha  [height, width], opacity of each pixel; NULL: opaque
 *  @param bytes  the caller frees
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_encode(const mlp_image *image, const unsigned char *alpha,
                            unsigned char **bytes, size_t *count);

#endif
