/** @file
 *  JSON values as all programs write them, made with jansson. The caller owns
 *  each; NULL without memory, which json_pack and the like pass on.
 */
#ifndef MLP_JSON_H
#define MLP_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "status.h"

/** A number that is not there, or not finite, is null: JSON has no NaN. */
json_t *mlp_json_number(double value);

/** A whole number below 2^63. */
json_t *mlp_json_whole(uint64_t value);

/** Text of any bytes: what is not UTF-8 becomes '?'. */
json_t *mlp_json_text(const char *text);

/** An array of whole numbers. */
json_t *mlp_json_sizes(const size_t *values, size_t count);

/** Add to an array or object, and take over the value. Without memory the
 *  array or object is released and becomes NULL; adding to that is allowed, so
 *  that one look at the end is enough. */
void mlp_json_append(json_t **array, json_t *value);
void mlp_json_set(json_t **object, const char *key, json_t *value);

enum {
    MLP_JSON_DOUBLE = 17, /**< digits that give back any float64 */
    MLP_JSON_FLOAT = 9    /**< and any float32 */
};

/** Write a value as one line, and release it. A write that fails is left to
 *  the stream's error indicator, as with fprintf.
 *  MLP_ERROR_INTERNAL when value is NULL, for want of memory. */
mlp_status mlp_json_print(FILE *out, json_t *value, size_t digits);

#endif
