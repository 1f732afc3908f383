/** @file
 *  The configuration as JSON.
 */
#include "json.h"

#include <stdio.h>
#include <string.h>

/* Numbers and switches are JSON as they are, lists need brackets.
 * A seed above 2^63 - 1 does not fit jansson's integers and stays text. */
json_t *mlp_json_field(const mlp_config *config, const mlp_option *field)
{
    char text[MLP_CONFIG_VALUE];
    char list[MLP_CONFIG_VALUE + 2];
    json_t *value = NULL;
    mlp_config_get_stored(config, field, text);
    switch (field->kind) {
    case MLP_FIELD_SIZES:
        snprintf(list, sizeof list, "[%s]",
                 strcmp(text, "none") != 0 ? text : "");
        return json_loads(list, 0, NULL);
    case MLP_FIELD_SIZE:
    case MLP_FIELD_U64:
    case MLP_FIELD_BOOL:
    case MLP_FIELD_BOOL_OR: /* a choice is no JSON value: text */
        value = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    case MLP_FIELD_DOUBLE:
    case MLP_FIELD_SECONDS:
        value =
            json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
        break;
    case MLP_FIELD_STRING:
    case MLP_FIELD_ENUM:
    case MLP_FIELD_ENUMS:
    case MLP_FIELD_DOUBLES:
    case MLP_FIELD_INTERVAL:
    case MLP_FIELD_DURATION:
    case MLP_FIELD_BYTES:
    case MLP_FIELD_BORROWED:
    case MLP_FIELD_EXTENT:
        break;
    }
    return value != NULL ? value : mlp_json_text(text);
}
