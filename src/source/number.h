/** @file
 *  Numbers of a table's cells: decimal text to float32, correctly rounded, as
 *  strtof does in the C locale, but without hexadecimal, inf and nan.
 */
#ifndef MLP_NUMBER_H
#define MLP_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

enum { MLP_NUMBER_SLACK = 16 }; /**< bytes that are read behind a number */

/** Parse the number at the beginning of a text.
 *
 *  @param text  followed by MLP_NUMBER_SLACK bytes that can be read
 *  @return  the byte behind it; NULL if there is no number, or one for
 *           mlp_number_parse: with more than 19 digits, near the limits of
 *           float32, or near the middle between two floats
 *
 *  Source: Clinger 1990, "How to read floating point numbers accurately": a
 *  number that is rounded more precisely first, and is not near the middle
 *  between two floats, can be rounded again.
 */
const char *mlp_number_take(const char *text, float *value);

/** Parse all of a text; spaces around the number are passed over.
 *
 *  @param text      [length], then one more byte, which is no part of a number:
 *                   a separator, a quote, an end of line or a NUL
 *  @param c_locale  newlocale(LC_ALL_MASK, "C", 0)
 *  @return  false if it is not a finite float32; *value is then unspecified
 */
bool mlp_number_parse(const char *text, size_t length, locale_t c_locale,
                      float *value);

#endif
