/** @file
 *  Writing HTML and SVG: every element is closed, and all text and attributes
 *  are escaped.
 */
#ifndef MLP_MARKUP_H
#define MLP_MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { MLP_MARKUP_DEPTH = 24 }; /**< nested elements */

/** Zero-initialize all but `out`. Write errors are left to the stream's error
 *  indicator. */
typedef struct {
    FILE *out;
    const char *open[MLP_MARKUP_DEPTH]; /**< names, not copied */
    size_t depth;
    bool is_in_tag; /**< attributes may follow */
} mlp_markup;

/** Open an element; attributes and content may follow. */
void mlp_markup_open(mlp_markup *m, const char *name);

/** An attribute of the element just opened. */
void mlp_markup_attribute(mlp_markup *m, const char *name, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));

/** Text, with &, <, > and quotes escaped; invalid UTF-8, and control characters
 *  that XML does not allow, become U+FFFD. */
void mlp_markup_text(mlp_markup *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Close the element opened last. */
void mlp_markup_close(mlp_markup *m);

/** Close an element that has no content: HTML's meta, link, img, col. */
void mlp_markup_close_empty(mlp_markup *m);

/** A complete element with text, and a class unless it is NULL. */
void mlp_markup_element(mlp_markup *m, const char *name, const char *class_name,
                        const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Trusted text without escaping, such as a style sheet. */
void mlp_markup_raw(mlp_markup *m, const char *text);

/** An attribute that holds a file: data:TYPE;base64,... */
void mlp_markup_data(mlp_markup *m, const char *name, const char *type,
                     const unsigned char *bytes, size_t count);

/** Bytes as base64 (RFC 4648, section 4), in one line. */
void mlp_markup_base64(FILE *out, const void *data, size_t count);

#endif
