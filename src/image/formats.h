/** @file
 *  One decoder per file format. Private to this room.
 */
#ifndef MLP_IMAGE_FORMATS_H
#define MLP_IMAGE_FORMATS_H

#include "image.h"

/** Refuse pictures that are too large to decode: MLP_ERROR_DATA. */
mlp_status mlp_image_check_extents(const char *name, size_t height,
                                   size_t width);

/** As mlp_image_decode, but on failure the caller destroys the image. */
mlp_status mlp_image_decode_png(const char *name, const unsigned char *bytes,
                                size_t count, size_t channels,
                                mlp_image *image);
mlp_status mlp_image_decode_jpeg(const char *name, const unsigned char *bytes,
                                 size_t count, size_t channels,
                                 mlp_image *image);

enum { MLP_IMAGE_UPRIGHT = 1 };

/** The Exif orientation of a JPEG file, 1 to 8; upright where absent or
 *  invalid. */
unsigned mlp_image_exif_orientation(const unsigned char *bytes, size_t count);

/** Turn a picture of this orientation upright. MLP_ERROR_INTERNAL without
 *  memory; the picture is then unchanged. */
mlp_status mlp_image_turn(unsigned orientation, mlp_image *image);

#endif
