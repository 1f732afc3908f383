/** @file
 *  The growing list of finished epochs.
 */
#include "history.h"

#include <stdlib.h>

static mlp_status grow(mlp_history *history)
{
    size_t capacity = history->capacity == 0 ? 16 : 2 * history->capacity;
    mlp_epoch_record *records =
        reallocarray(history->records, capacity, sizeof *records);
    if (records == NULL) {
        return mlp_fail_memory("the history of epochs");
    }
    history->records = records;
    history->capacity = capacity;
    return MLP_OK;
}

mlp_status mlp_history_add(mlp_history *history, const mlp_epoch_record *record)
{
    if (history->count == history->capacity) {
        MLP_TRY(grow(history));
    }
    history->records[history->count] = *record;
    history->count++;
    return MLP_OK;
}

void mlp_history_destroy(mlp_history *history)
{
    free(history->records);
    *history = (mlp_history){0};
}
