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

/* The metric of the validation rows, negated for losses. Without them the last
 * epoch is the best: other rows choose nothing. */
static double metric(const mlp_run_summary_epoch *e)
{
    return !isnan(e->validation_accuracy) ? e->validation_accuracy
           : !isnan(e->validation_loss)   ? -e->validation_loss
                                          : e->epoch;
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
