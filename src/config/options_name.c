/** @file
 *  The answer to a misspelled name.
 */
#include <string.h>

#include "options_file.h"
#include "options_words.h"

enum { LETTERS_MAX = 32 };

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters must be put in, taken out or replaced to turn a into b:
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

/* A beginning of the name is as near as one slip. */
static size_t distance_from(const char *typed, const char *known)
{
    size_t length = strlen(typed);
    bool is_beginning = length > 0 && strncmp(typed, known, length) == 0;
    return is_beginning ? 1 : distance(typed, known);
}

void mlp_nearest_consider(mlp_nearest *nearest, const char *known)
{
    enum { ANOTHER_WORD = 3 }; /* so many slips, or all letters, make one */
    size_t slips = distance_from(nearest->typed, known);
    size_t least = nearest->name != NULL ? nearest->slips : ANOTHER_WORD;
    if (slips < least && slips < strlen(nearest->typed)) {
        nearest->name = known;
        nearest->slips = slips;
    }
}

mlp_status mlp_options_unknown(const char *before, const char *name)
{
    static const char *const others[] = {"config", "help", "version"};
    mlp_nearest nearest = {.typed = name};
    size_t count = 0;
    const mlp_config_field *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        mlp_nearest_consider(&nearest, fields[i].name);
    }
    bool is_argument = strcmp(before, "--") == 0;
    for (size_t i = 0; is_argument && i < sizeof others / sizeof others[0];
         i++) {
        mlp_nearest_consider(&nearest, others[i]);
    }
    if (nearest.name == NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "%s%.200s: no such option", before,
                        name);
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "%s%.200s: no such option; did you mean %s%s?", before,
                    name, is_argument ? before : "", nearest.name);
}
