/** @file
 *  Numbers of a table's cells: decimal text to float32, correctly rounded, as
 *  strtof does in the C locale, but without hexadecimal, inf and nan.
 */
#ifndef MLP_NUMBER_H
#define MLP_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

/** Parse all of a text; spaces around the number are passed over.
 *
 *  @param text      [length], then one more byte, which is no part of a number:
 *                   a separator, a quote, an end of line or a NUL
 *  @param c_locale  newlocale(LC_ALL_MASK, "C", 0)
 *  @return  false if it is not a finite float32; *value is then unspecified
 *
 *  Source of the fast path: Clinger 1990, "How to read floating point numbers
 *  accurately": a quotient or product of two exact doubles is rounded once.
 */
bool mlp_number_parse(const char *text, size_t length, locale_t c_locale,
                      float *value);

#endif
