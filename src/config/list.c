/** @file
 *  Options that are lists. Each item is read and written by text.c, as an
 *  option of the item's kind.
 */
#include "list.h"

#include <stdio.h>
#include <string.h>

enum { ITEM_BYTES = 32 }; /* an item as text, with its NUL */

/* Any of the lists. */
typedef struct {
    size_t count;
    union {
        size_t sizes[MLP_LIST_MAX];
        double doubles[MLP_LIST_MAX];
        unsigned choices[MLP_LIST_MAX];
    } item;
} list;

_Static_assert(offsetof(list, item) == offsetof(mlp_double_list, item),
               "a list begins with its length");

/* The type of a list's items. */
typedef struct {
    mlp_option row; /* to read and write an item */
    size_t bytes;   /* of an item */
    const char *wanted;
} item_kind;

static item_kind item_of(const mlp_option *row)
{
    item_kind item = {.row = *row};
    item.row.offset = 0;
    if (row->kind == MLP_FIELD_SIZES) {
        item.row.kind = MLP_FIELD_SIZE;
        item.bytes = sizeof(size_t);
        item.wanted = "a list of whole numbers like 256,128, or none";
    } else if (row->kind == MLP_FIELD_ENUMS) {
        item.row.kind = MLP_FIELD_ENUM;
        item.bytes = sizeof(unsigned);
        item.wanted = "a list like relu,tanh";
    } else {
        item.row.kind = MLP_FIELD_DOUBLE;
        item.bytes = sizeof(double);
        item.wanted = "a list of numbers like 0.2,0.5";
    }
    return item;
}

static mlp_status parse_items(const item_kind *item, const char *text,
                              list *read)
{
    const char *rest = text;
    for (read->count = 0; rest != NULL; read->count++) {
        size_t length = strcspn(rest, ",");
        char one[ITEM_BYTES];
        if (read->count == MLP_LIST_MAX) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--%s: \"%.200s\" has more than %d items",
                            item->row.name, text, MLP_LIST_MAX);
        }
        if (length == 0 || length >= sizeof one) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s: \"%.200s\" is not %s",
                            item->row.name, text, item->wanted);
        }
        snprintf(one, sizeof one, "%.*s", (int)length, rest);
        MLP_TRY(mlp_option_parse(
            (char *)&read->item + read->count * item->bytes, &item->row, one));
        rest = rest[length] == ',' ? rest + length + 1 : NULL;
        rest = rest != NULL ? rest + strspn(rest, " ") : NULL;
    }
    return MLP_OK;
}

mlp_status mlp_list_parse(void *place, const mlp_option *row, const char *text)
{
    const item_kind item = item_of(row);
    list read = {.count = 0}; /* leaves the field unchanged on failure */
    if (row->kind != MLP_FIELD_SIZES || strcmp(text, "none") != 0) {
        MLP_TRY(parse_items(&item, text, &read));
    }
    memcpy(place, &read, offsetof(list, item) + read.count * item.bytes);
    return MLP_OK;
}

void mlp_list_print(const void *place, const mlp_option *row,
                    char text[MLP_CONFIG_VALUE])
{
    const item_kind item = item_of(row);
    const char *items = (const char *)place + offsetof(list, item);
    size_t used = 0;
    snprintf(text, MLP_CONFIG_VALUE, "none");
    for (size_t i = 0; i < *(const size_t *)place; i++) {
        char one[MLP_CONFIG_VALUE];
        mlp_option_print(items + i * item.bytes, &item.row, one);
        used += (size_t)snprintf(text + used, MLP_CONFIG_VALUE - used,
                                 "%s%.31s", i > 0 ? "," : "", one);
    }
}
