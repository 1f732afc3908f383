/** @file
 *  The words of --na, which stand for a missing cell.
 */
#ifndef MLP_NA_WORDS_H
#define MLP_NA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "csv.h"

enum { MLP_NA_WORDS_MOST = 64 };

typedef struct {
    mlp_csv_cell words[MLP_NA_WORDS_MOST];
    size_t count;
    bool begins[256]; /**< by byte: some word begins with it */
} mlp_na_words;

/** List words; those behind MLP_NA_WORDS_MOST are left out.
 *  @param list  "NA,?", which must outlive the words
 *  @param na    zeroed */
void mlp_na_words_list(const char *list, mlp_na_words *na);

/** Whether some word may be a number: it begins like one. */
bool mlp_na_words_have_number(const mlp_na_words *na);

/** Whether a cell is one of the words. */
bool mlp_na_words_list_has(const mlp_na_words *na, const mlp_csv_cell *cell);

/** Whether a cell is missing: it is empty, or one of the words. */
static inline bool mlp_na_words_have(const mlp_na_words *na,
                                     const mlp_csv_cell *cell)
{
    return cell->length == 0 || (na->begins[(unsigned char)*cell->text] &&
                                 mlp_na_words_list_has(na, cell));
}

#endif
