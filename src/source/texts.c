/** @file
 *  Distinct texts in a hash table with open addressing, at most half full.
 */
#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/fnv1a.h"

enum { SLOTS_FIRST = 64 };

void mlp_texts_destroy(mlp_texts *texts)
{
    free(texts->bytes);
    free(texts->starts);
    free(texts->slots);
    *texts = (mlp_texts){0};
}

static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = mlp_fnv1a(MLP_FNV1A, text, length);
    return hash ^ hash >> 32;
}

/* The slot that has this text, or where it belongs. */
static size_t slot_of(const mlp_texts *texts, const char *text, size_t length)
{
    size_t slot = (size_t)hash_of(text, length) & (texts->slot_count - 1);
    while (texts->slots[slot] != 0) {
        const char *item = mlp_texts_item(texts, texts->slots[slot] - 1);
        if (strncmp(item, text, length) == 0 && item[length] == '\0') {
            break;
        }
        slot = (slot + 1) & (texts->slot_count - 1);
    }
    return slot;
}

size_t mlp_texts_find(const mlp_texts *texts, const char *text, size_t length)
{
    if (texts->count == 0) {
        return 0;
    }
    uint32_t code = texts->slots[slot_of(texts, text, length)];
    return code == 0 ? texts->count : code - 1;
}

static mlp_status grow_slots(mlp_texts *texts)
{
    size_t count = texts->slot_count == 0 ? SLOTS_FIRST : 2 * texts->slot_count;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL) {
        return mlp_fail_memory("the texts of a column");
    }
    free(texts->slots);
    texts->slots = slots;
    texts->slot_count = count;
    for (size_t code = 0; code < texts->count; code++) {
        const char *item = mlp_texts_item(texts, code);
        slots[slot_of(texts, item, strlen(item))] = (uint32_t)code + 1;
    }
    return MLP_OK;
}

static mlp_status grow_items(mlp_texts *texts, size_t length)
{
    if (texts->count == texts->starts_room) {
        size_t room = texts->count == 0 ? SLOTS_FIRST : 2 * texts->count;
        size_t *starts = reallocarray(texts->starts, room, sizeof *starts);
        if (starts == NULL) {
            return mlp_fail_memory("the texts of a column");
        }
        texts->starts = starts;
        texts->starts_room = room;
    }
    if (texts->room - texts->used <= length) {
        size_t room = 2 * texts->room + length + SLOTS_FIRST;
        char *bytes = realloc(texts->bytes, room);
        if (bytes == NULL) {
            return mlp_fail_memory("the texts of a column");
        }
        texts->bytes = bytes;
        texts->room = room;
    }
    return MLP_OK;
}

mlp_status mlp_texts_add(mlp_texts *texts, const char *text, size_t length,
                         size_t *code)
{
    *code = mlp_texts_find(texts, text, length);
    if (*code < texts->count) {
        return MLP_OK;
    }
    if (2 * (texts->count + 1) > texts->slot_count) {
        MLP_TRY(grow_slots(texts));
    }
    MLP_TRY(grow_items(texts, length));
    size_t slot = slot_of(texts, text, length);
    memcpy(texts->bytes + texts->used, text, length);
    texts->bytes[texts->used + length] = '\0';
    texts->starts[texts->count] = texts->used;
    texts->used += length + 1;
    texts->slots[slot] = (uint32_t)++texts->count;
    return MLP_OK;
}
