/** @file
 *  JSON values.
 */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    json_t *value = json_string(text);
    if (value != NULL) {
        return value;
    }
    char *ascii = strdup(text);
    for (char *c = ascii; c != NULL && *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
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
