/** @file
 *  JSON values, made with jansson. The caller owns each value. Without memory
 *  the result is NULL, which json_pack and the other functions pass on.
 */
#ifndef MLP_JSON_H
#define MLP_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "status.h"

/** A number; null where it is not finite, as JSON has no NaN. */
json_t *mlp_json_number(double value);

/** A whole number below 2^63. */
json_t *mlp_json_whole(uint64_t value);

/** Text of any bytes: bytes that are not UTF-8 become '?'. */
json_t *mlp_json_text(const char *text);

/** An array of whole numbers. */
json_t *mlp_json_sizes(const size_t *values, size_t count);

/** Add to an array or object, which takes ownership of the value. Without
 *  memory the array or object is released and becomes NULL; adding to NULL is
 *  allowed, so that callers check once at the end. */
void mlp_json_append(json_t **array, json_t *value);
void mlp_json_set(json_t **object, const char *key, json_t *value);

enum {
    MLP_JSON_DOUBLE = 17, /**< digits that round-trip a float64 */
    MLP_JSON_FLOAT = 9    /**< and a float32 */
};

/** Write a value as one line, and release it. Write errors are left to the
 *  stream's error indicator, as with fprintf. MLP_ERROR_INTERNAL when value is
 *  NULL, which means no memory. */
mlp_status mlp_json_print(FILE *out, json_t *value, size_t digits);

#endif
