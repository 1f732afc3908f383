/** @file
 *  Suggests a known name for a misspelled one, or for that of another program.
 */
#ifndef MLP_NEAREST_H
#define MLP_NEAREST_H

#include <stddef.h>

/** The search for the intended name. Set typed, call consider for all known
 *  names; then name is the nearest, or NULL when none is near. */
typedef struct {
    const char *typed, *name;
    size_t edits; /**< letters to insert, remove or replace */
} mlp_nearest;

/** @param known  of at most 32 letters */
void mlp_nearest_consider(mlp_nearest *nearest, const char *known);

#endif
