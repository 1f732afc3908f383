/** @file
 *  Options that are lists. An item is read and written as an option of its own
 *  kind, by text.c.
 */
#include "list.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { ITEM_BYTES = 32 }; /* of an item as text, with its NUL */

_Static_assert(offsetof(mlp_activation_list, count) == 0 &&
                   offsetof(mlp_double_list, count) == 0,
               "a list begins with its length");

/* Where a list is in the configuration, and what its items are. */
typedef struct {
    size_t *count;
    char *items;
    size_t item_bytes;
    mlp_field_kind item_kind;
    const char *like; /* what is wrong with a text that is no such list */
} list;

static list list_of(mlp_config *config, const mlp_config_field *field)
{
    char *place = (char *)config + field->offset;
    if (field->kind == MLP_FIELD_SIZES) {
        return (list){&config->hidden_count, place, sizeof *config->hidden,
                      MLP_FIELD_SIZE,
                      "is not a list of widths like 256,128, nor none"};
    }
    if (field->kind == MLP_FIELD_ENUMS) {
        return (list){(size_t *)place,
                      place + offsetof(mlp_activation_list, item),
                      sizeof(mlp_activation), MLP_FIELD_ENUM,
                      "is not a list like relu,tanh"};
    }
    return (list){(size_t *)place, place + offsetof(mlp_double_list, item),
                  sizeof(double), MLP_FIELD_DOUBLE,
                  "is not a list of numbers like 0.2,0.5"};
}

/* An option that is item i of the list. */
static mlp_config_field item_field(const mlp_config *config,
                                   const mlp_config_field *field,
                                   const list *of, size_t i)
{
    mlp_config_field item = *field;
    item.kind = of->item_kind;
    item.offset =
        (size_t)(of->items - (const char *)config) + i * of->item_bytes;
    return item;
}

static mlp_status refuse(const mlp_config_field *field, const char *text,
                         const char *why)
{
    return mlp_fail(MLP_ERROR_USAGE, "--%s: \"%.200s\" %s", field->name, text,
                    why);
}

static mlp_status parse_items(mlp_config *config, const mlp_config_field *field,
                              const char *text)
{
    list read = list_of(config, field);
    const char *rest = text;
    for (*read.count = 0; rest != NULL; (*read.count)++) {
        size_t length = strcspn(rest, ",");
        char item[ITEM_BYTES];
        if (*read.count == MLP_MAX_HIDDEN) {
            return refuse(field, text, "has more than 64 layers");
        }
        if (length == 0 || length >= sizeof item) {
            return refuse(field, text, read.like);
        }
        snprintf(item, sizeof item, "%.*s", (int)length, rest);
        mlp_config_field one = item_field(config, field, &read, *read.count);
        MLP_TRY(mlp_config_parse(config, &one, item));
        rest = rest[length] == ',' ? rest + length + 1 : NULL;
        rest = rest != NULL ? rest + strspn(rest, " ") : NULL;
    }
    return MLP_OK;
}

mlp_status mlp_config_list_parse(mlp_config *config,
                                 const mlp_config_field *field,
                                 const char *text)
{
    mlp_config read = *config; /* config stays as it is on failure */
    if (field->kind == MLP_FIELD_SIZES && strcmp(text, "none") == 0) {
        config->hidden_count = 0;
        return MLP_OK;
    }
    MLP_TRY(parse_items(&read, field, text));
    *config = read;
    return MLP_OK;
}

void mlp_config_list_print(const mlp_config *config,
                           const mlp_config_field *field,
                           char text[MLP_CONFIG_VALUE])
{
    mlp_config copy = *config;
    list of = list_of(&copy, field);
    size_t used = 0;
    snprintf(text, MLP_CONFIG_VALUE, "none");
    for (size_t i = 0; i < *of.count; i++) {
        char item[MLP_CONFIG_VALUE];
        mlp_config_field one = item_field(&copy, field, &of, i);
        mlp_config_print(&copy, &one, item);
        used += (size_t)snprintf(text + used, MLP_CONFIG_VALUE - used,
                                 "%s%.31s", i > 0 ? "," : "", item);
    }
}
