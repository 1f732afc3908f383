/** @file
 *  The formats of picture files, one function for each. Private to image.
 */
#ifndef MLP_IMAGE_FORMATS_H
#define MLP_IMAGE_FORMATS_H

#include "image.h"

/** Whether so large a picture may be decoded. MLP_ERROR_DATA. */
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

/** How the Exif part of a JPEG file says that its picture was taken: 1 to 8,
 *  upright where it says nothing that makes sense. */
unsigned mlp_image_exif_orientation(const unsigned char *bytes, size_t count);

/** Turn a picture that was taken so upright. MLP_ERROR_INTERNAL without memory:
 *  it is as it was. */
mlp_status mlp_image_turn(unsigned orientation, mlp_image *image);

#endif
