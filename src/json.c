/** @file
 *  JSON values as all programs write them.
 */
#include "json.h"

#include <math.h>
#include <stdio.h>

json_t *mlp_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *mlp_json_whole(uint64_t value)
{
    return json_integer((json_int_t)value);
}

json_t *mlp_json_text(const char *text)
{
    char ascii[MLP_CONFIG_VALUE];
    json_t *value = json_string(text);
    if (value != NULL) {
        return value;
    }
    snprintf(ascii, sizeof ascii, "%s", text);
    for (char *c = ascii; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    return json_string(ascii);
}

/* Numbers, lists and switches are JSON already, once the list has brackets.
 * A seed above 2^63 - 1 does not fit jansson's integers and stays text. */
json_t *mlp_json_field(const mlp_config *config, const mlp_config_field *field)
{
    char text[MLP_CONFIG_VALUE];
    char list[MLP_CONFIG_VALUE + 2];
    json_t *value = NULL;
    mlp_config_get_stored(config, field, text);
    switch (field->kind) {
    case MLP_FIELD_SIZES:
        snprintf(list, sizeof list, "[%s]",
                 config->hidden_count > 0 ? text : "");
        return json_loads(list, 0, NULL);
    case MLP_FIELD_SIZE:
    case MLP_FIELD_U64:
    case MLP_FIELD_BOOL:
    case MLP_FIELD_BOOL_OR: /* a choice is none, and becomes text */
        value = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    case MLP_FIELD_DOUBLE:
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
        break;
    }
    return value != NULL ? value : mlp_json_text(text);
}

static void drop(json_t **value)
{
    json_decref(*value);
    *value = NULL;
}

void mlp_json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) != 0) {
        drop(array);
    }
}

void mlp_json_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) != 0) {
        drop(object);
    }
}

json_t *mlp_json_sizes(const size_t *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        mlp_json_append(&array, mlp_json_whole(values[i]));
    }
    return array;
}

mlp_status mlp_json_print(FILE *out, json_t *value, size_t digits)
{
    if (value == NULL) {
        return mlp_fail_memory("JSON values");
    }
    int failed = json_dumpf(value, out,
                            JSON_COMPACT | JSON_ENCODE_ANY |
                                JSON_REAL_PRECISION(digits));
    json_decref(value);
    fputc('\n', out);
    return failed != 0 && !ferror(out) ? mlp_fail_memory("JSON text") : MLP_OK;
}
