/** @file
 *  Distinct texts, numbered in the order in which they were added.
 */
#ifndef MLP_TEXTS_H
#define MLP_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** Zero-initialize; destroy frees. */
typedef struct {
    char *bytes; /**< the texts, each with its NUL */
    size_t used, room;
    size_t *starts; /**< [count], into bytes */
    size_t count, starts_room;
    uint32_t *slots; /**< [slot_count], a hash table of code + 1; 0: free */
    size_t slot_count;
} mlp_texts;

void mlp_texts_destroy(mlp_texts *texts);

/** The code of a text; count when absent. */
size_t mlp_texts_find(const mlp_texts *texts, const char *text, size_t length);

/** The code of a text, which is added unless it is present.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_texts_add(mlp_texts *texts, const char *text, size_t length,
                         size_t *code);

/** The text of a code; valid until the next add. */
static inline const char *mlp_texts_item(const mlp_texts *texts, size_t code)
{
    return texts->bytes + texts->starts[code];
}

#endif
