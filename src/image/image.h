/** @file
 *  PNG and JPEG files in, 8-bit pixels out, on the grid that a model needs.
 *  Files are not trusted: memory and time are bounded before anything is
 *  decoded.
 */
#ifndef MLP_IMAGE_H
#define MLP_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
    MLP_IMAGE_SIDE_MAX = 65535,      /**< pixels along a side */
    MLP_IMAGE_PIXELS_MAX = 50000000, /**< per picture: 150 MB in color */
    MLP_IMAGE_BYTES_MAX = 256 << 20  /**< per file */
};

/** Owned by the caller of create, read or resize. */
typedef struct {
    size_t height, width;
    size_t channels;       /**< 1: gray, 3: red, green, blue */
    unsigned char *pixels; /**< [height, width, channels] */
} mlp_image;

/** Black pixels. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_create(size_t height, size_t width, size_t channels,
                            mlp_image *image);
void mlp_image_destroy(mlp_image *image);

/** Whether a file's name ends like that of a PNG or JPEG file. */
bool mlp_image_has_name(const char *path);

/** Read a PNG or JPEG file, which its first bytes distinguish.
 *
 *  Gray is the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as in JPEG and
 *  Pillow). Transparent pixels are blended with white. 16 bits become 8. A JPEG
 *  with an Exif orientation is turned upright.
 *
 *  @param channels  1 or 3: converted from what the file has
 *  @param image     empty on failure
 *
 *  MLP_ERROR_MISSING; MLP_ERROR_IO; MLP_ERROR_DATA when it is not such a file,
 *  damaged, truncated, too large, or in CMYK; MLP_ERROR_INTERNAL without
 *  memory.
 */
mlp_status mlp_image_read(const char *path, size_t channels, mlp_image *image);

/** The same from memory.
 *  @param name  for messages */
mlp_status mlp_image_decode(const char *name, const unsigned char *bytes,
                            size_t count, size_t channels, mlp_image *image);

/** Resize with a triangle filter as wide as the coarser of the two grids
 *  (Pillow's BILINEAR). The same bits on every machine.
 *  @param resized  a new picture
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_resize(const mlp_image *image, size_t height, size_t width,
                            mlp_image *resized);

/** Crop to what is drawn, light on dark, and put it on a new grid as MNIST
 *  does: scaled without distortion to 5/7 of the grid, its center of mass in
 *  the middle. An empty picture stays black.
 *  Source: LeCun et al. 1998, "Gradient-Based Learning Applied to Document
 *  Recognition", section III.A.
 *  @param image  gray
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_center(const mlp_image *image, size_t height, size_t width,
                            mlp_image *centered);

/** Swap light and dark. */
void mlp_image_invert(mlp_image *image);

/** The picture as a PNG file in memory.
 *  @param alpha  [height, width], opacity of each pixel; NULL: opaque
 *  @param bytes  the caller frees
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_image_encode(const mlp_image *image, const unsigned char *alpha,
                            unsigned char **bytes, size_t *count);

#endif
