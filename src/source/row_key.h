/** @file
 *  A table's cell as a number by which rows are held out: the same for equal
 *  texts, or ordered as time is. Private to the table source.
 */
#ifndef MLP_ROW_KEY_H
#define MLP_ROW_KEY_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "csv.h"

/** @param cell      not empty
 *  @param is_time   a number; or a date as 2024-01-31, maybe with a time of day
 *                   (T12:00, 12:00:59.5, or with Z at the end), as ISO 8601
 *                   has them; these are seconds since 1970. False: any text
 *  @param c_locale  newlocale(LC_ALL_MASK, "C", 0)
 *  @param key       overwritten. Of texts, a hash (FNV-1a): two texts of one
 *                   hash, of which there are none in practice, are one group
 *  @return  false if it is no time */
bool mlp_row_key(const mlp_csv_cell *cell, bool is_time, locale_t c_locale,
                 uint64_t *key);

#endif
