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

/* What the options are called elsewhere: in Keras, scikit-learn, PyTorch. */
static const struct {
    const char *theirs, *ours;
} synonyms[] = {{"batch-size", "batch"},
                {"batch_size", "batch"},
                {"learning-rate", "lr"},
                {"learning_rate", "lr"},
                {"eta", "lr"},
                {"hidden-layers", "hidden"},
                {"hidden-layer-sizes", "hidden"},
                {"layers", "hidden"},
                {"units", "hidden"},
                {"max-iter", "epochs"},
                {"iterations", "epochs"},
                {"num-epochs", "epochs"},
                {"solver", "optimizer"},
                {"optim", "optimizer"},
                {"alpha", "l2"},
                {"decay", "weight-decay"},
                {"random-state", "seed"},
                {"random-seed", "seed"},
                {"early-stopping", "patience"},
                {"n-iter-no-change", "patience"},
                {"validation-split", "validation"},
                {"validation-fraction", "validation"},
                {"test-size", "test-fraction"},
                {"target", "label"},
                {"y", "label"},
                {"dataset", "data"},
                {"input", "data"},
                {"file", "data"},
                {"train", "data"},
                {"save", "run"},
                {"output-dir", "run"},
                {"out", "output"},
                {"n-jobs", "threads"},
                {"workers", "threads"},
                {"dropout-rate", "dropout"},
                {"num-classes", "classes"},
                {"pretrained", "start-from"},
                {"init-model", "start-from"},
                {"finetune", "start-from"},
                {"metric", "monitor"}};

static bool is_synonym(const char *typed, const char *known)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++) {
        if (strcmp(synonyms[i].theirs, typed) == 0 &&
            strcmp(synonyms[i].ours, known) == 0) {
            return true;
        }
    }
    return false;
}

void mlp_nearest_consider(mlp_nearest *nearest, const char *known)
{
    enum { ANOTHER_WORD = 3 }; /* edits from which on it is another word */
    size_t edits = is_synonym(nearest->typed, known)
                       ? 0
                       : distance_from(nearest->typed, known);
    size_t least = nearest->name != NULL ? nearest->edits : ANOTHER_WORD;
    if (edits < least && edits < strlen(nearest->typed)) {
        nearest->name = known;
        nearest->edits = edits;
    }
}
