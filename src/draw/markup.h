/** @file
 *  Writing HTML and SVG: what is opened is closed, and no text or attribute
 *  can break out of its place, wherever it comes from.
 */
#ifndef MLP_MARKUP_H
#define MLP_MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { MLP_MARKUP_DEPTH = 24 }; /**< elements within each other */

/** Zero-initialize but for `out`. Write errors stay with the stream. */
typedef struct {
    FILE *out;
    const char *open[MLP_MARKUP_DEPTH]; /**< names, not copied */
    size_t depth;
    bool is_in_tag; /**< attributes may follow */
} mlp_markup;

/** <name; attributes and content may follow. */
void mlp_markup_open(mlp_markup *m, const char *name);

/** An attribute of the element just opened. */
void mlp_markup_attribute(mlp_markup *m, const char *name, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));

/** Text, with &, <, > and quotes escaped; what is no UTF-8, or a control
 *  character that XML does not allow, becomes U+FFFD. */
void mlp_markup_text(mlp_markup *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The end of the element opened last. */
void mlp_markup_close(mlp_markup *m);

/** The end of an element that has no content: HTML's meta, link, img, col. */
void mlp_markup_close_empty(mlp_markup *m);

/** An element with a class (or NULL) and text. */
void mlp_markup_element(mlp_markup *m, const char *name, const char *class_name,
                        const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Our own text as it is: a style sheet. Nothing from outside. */
void mlp_markup_raw(mlp_markup *m, const char *text);

/** An attribute that holds a file: data:TYPE;base64,... */
void mlp_markup_data(mlp_markup *m, const char *name, const char *type,
                     const unsigned char *bytes, size_t count);

#endif
