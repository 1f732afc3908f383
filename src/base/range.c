/** @file
 *  Half-open ranges of indices.
 */
#include "range.h"

/* index * total / parts without overflow: total = whole * parts + rest. */
static size_t part_begin(size_t total, size_t parts, size_t index)
{
    size_t whole = total / parts;
    size_t rest = total % parts;
    return index * whole + index * rest / parts;
}

mlp_range mlp_range_part(size_t total, size_t parts, size_t index)
{
    size_t first = part_begin(total, parts, index);
    return (mlp_range){first, part_begin(total, parts, index + 1) - first};
}
