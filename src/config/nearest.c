/** @file
 *  Suggests a known name for a misspelled one.
 */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LETTERS_MAX = 32 };

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance: letters to insert, remove or replace to turn a into b.
 * Wagner and Fischer 1974, "The string-to-string correction problem". */
static size_t distance(const char *a, const char *b)
{
    size_t row[LETTERS_MAX + 1];
    size_t columns = strlen(b);
    for (size_t j = 0; j <= columns; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least_of(replaced, diagonal + 1, row[j] + 1);
        }
    }
    return row[columns];
}

/* A prefix of the name counts as one edit. */
static size_t distance_from(const char *typed, const char *known)
{
    size_t length = strlen(typed);
    bool is_beginning = length > 0 && strncmp(typed, known, length) == 0;
    return is_beginning ? 1 : distance(typed, known);
}

void mlp_nearest_consider(mlp_nearest *nearest, const char *known)
{
    enum { ANOTHER_WORD = 3 }; /* edits from which on it is another word */
    size_t edits = distance_from(nearest->typed, known);
    size_t least = nearest->name != NULL ? nearest->edits : ANOTHER_WORD;
    if (edits < least && edits < strlen(nearest->typed)) {
        nearest->name = known;
        nearest->edits = edits;
    }
}
