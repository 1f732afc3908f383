/** @file
 *  Pictures and bars in terminal characters.
 */
#ifndef MLP_DRAWING_H
#define MLP_DRAWING_H

#include <stddef.h>
#include <stdio.h>

#include "image/image.h"

typedef enum {
    MLP_DRAWING_ASCII,  /**< letters, from light to dense */
    MLP_DRAWING_BLOCKS, /**< UTF-8: block characters in four shades */
    MLP_DRAWING_COLOR   /**< UTF-8: half blocks in 24 grays of 256 colors */
} mlp_drawing_style;

/** The best style that the stream's terminal and the locale support. */
mlp_drawing_style mlp_drawing_style_for(FILE *out);

/** Scale a picture to at most `columns` columns; small ones are enlarged.
 *  @param image  gray
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_drawing_fit(const mlp_image *image, size_t columns,
                           mlp_image *fitted);

/** Text lines of a picture: one for two rows of pixels. */
size_t mlp_drawing_lines(const mlp_image *fitted);

/** Print one line of the picture over its full width; blanks below its last
 *  line. */
void mlp_drawing_line(FILE *out, const mlp_image *fitted, size_t line,
                      mlp_drawing_style style);

/** Print a bar of `columns` columns, blanks included.
 *  @param part  filled fraction, clamped to [0, 1] */
void mlp_drawing_bar(FILE *out, double part, size_t columns,
                     mlp_drawing_style style);

#endif
