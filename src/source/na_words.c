/** @file
 *  The words of --na, which stand for a missing cell.
 */
#include "na_words.h"

#include <stdint.h>
#include <string.h>

void mlp_na_words_list(const char *list, mlp_na_words *na)
{
    while (*list != '\0' && na->count < MLP_NA_WORDS_MOST) {
        size_t length = strcspn(list, ",");
        if (length > 0) {
            na->begins[(unsigned char)*list] = true;
            na->words[na->count++] =
                (mlp_csv_cell){.text = list, .length = (uint32_t)length};
        }
        list += length + (list[length] == ',');
    }
}

bool mlp_na_words_have_number(const mlp_na_words *na)
{
    for (const char *first = "0123456789+-."; *first != '\0'; first++) {
        if (na->begins[(unsigned char)*first]) {
            return true;
        }
    }
    return false;
}

bool mlp_na_words_list_has(const mlp_na_words *na, const mlp_csv_cell *cell)
{
    for (size_t i = 0; i < na->count; i++) {
        if (na->words[i].length == cell->length &&
            memcmp(na->words[i].text, cell->text, cell->length) == 0) {
            return true;
        }
    }
    return false;
}
