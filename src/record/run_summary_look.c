/** @file
 *  Values derived from a run.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_summary.h"

double *mlp_run_summary_curve(const mlp_run_summary *run, size_t member)
{
    double *values = calloc(run->epoch_count, sizeof *values);
    for (size_t i = 0; values != NULL && i < run->epoch_count; i++) {
        memcpy(&values[i], (const char *)&run->epochs[i] + member,
               sizeof *values);
    }
    return values;
}

/* The metric of the best available split, negated for losses. */
static double metric(const mlp_run_summary_epoch *e)
{
    const double merits[] = {e->validation_accuracy, e->test_accuracy,
                             -e->validation_loss,    -e->test_loss,
                             e->train_accuracy,      -e->train_loss};
    for (size_t i = 0; i < sizeof merits / sizeof merits[0]; i++) {
        if (!isnan(merits[i])) {
            return merits[i];
        }
    }
    return -(double)INFINITY;
}

size_t mlp_run_summary_best(const mlp_run_summary *run)
{
    size_t best = 0;
    for (size_t i = 1; i < run->epoch_count; i++) {
        if (metric(&run->epochs[i]) > metric(&run->epochs[best])) {
            best = i;
        }
    }
    return best;
}

void mlp_run_summary_text(const json_t *record, const char *path, char *text,
                          size_t room)
{
    const json_t *value = record;
    char key[64];
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        value = json_object_get(value, key);
        path += length + (path[length] == '.');
    }
    text[0] = '\0';
    if (json_is_string(value)) {
        snprintf(text, room, "%s", json_string_value(value));
    } else if (value != NULL && !json_is_null(value)) {
        char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
                                             JSON_REAL_PRECISION(15));
        snprintf(text, room, "%s", dumped != NULL ? dumped : "");
        free(dumped);
    }
}
