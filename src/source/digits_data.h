/** @file
 *  The built-in digits, data/digits.csv.gz, as bytes. The definitions are
 *  generated at build time by data/embed.cmake.
 */
#ifndef MLP_DIGITS_DATA_H
#define MLP_DIGITS_DATA_H

#include <stddef.h>

extern const unsigned char mlp_digits_csv_gz[];
extern const size_t mlp_digits_csv_gz_size;

#endif
