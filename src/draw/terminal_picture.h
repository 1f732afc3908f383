/** @file
 *  Pictures and bars out of the signs of a terminal.
 */
#ifndef MLP_DRAWING_H
#define MLP_DRAWING_H

#include <stddef.h>
#include <stdio.h>

#include "image/image.h"

typedef enum {
    MLP_DRAWING_ASCII,  /**< letters from thin to thick */
    MLP_DRAWING_BLOCKS, /**< UTF-8: blocks in four shades */
    MLP_DRAWING_COLOR   /**< UTF-8: half blocks in 24 grays of 256 colors */
} mlp_drawing_style;

/** The best that the terminal behind a stream, and the locale, can show. */
mlp_drawing_style mlp_drawing_style_for(FILE *out);

/** A picture to draw: at most `columns` wide, and a small one enlarged.
 *  @param image  gray
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_drawing_fit(const mlp_image *image, size_t columns,
                           mlp_image *fitted);

/** Lines of text that a picture takes: two rows of pixels are one. */
size_t mlp_drawing_lines(const mlp_image *fitted);

/** Print a line of the picture, as many columns as it is wide; blanks below
 *  its last. */
void mlp_drawing_line(FILE *out, const mlp_image *fitted, size_t line,
                      mlp_drawing_style style);

/** Print a bar of `columns` columns, blanks included.
 *  @param part  how much of it is full, in [0, 1]; what is outside is cut */
void mlp_drawing_bar(FILE *out, double part, size_t columns,
                     mlp_drawing_style style);

#endif
