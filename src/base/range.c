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
    if (parts == 1) { /* as for rows of which each is a batch: no divisions */
        return (mlp_range){0, total};
    }
    size_t first = part_begin(total, parts, index);
    return (mlp_range){first, part_begin(total, parts, index + 1) - first};
}

mlp_range mlp_range_parts(size_t total, size_t parts, mlp_range of)
{
    size_t first = part_begin(total, parts, of.first);
    return (mlp_range){first,
                       part_begin(total, parts, of.first + of.count) - first};
}

mlp_range mlp_range_overlap(mlp_range a, mlp_range b)
{
    size_t first = a.first > b.first ? a.first : b.first;
    size_t a_end = a.first + a.count, b_end = b.first + b.count;
    size_t end = a_end < b_end ? a_end : b_end;
    return (mlp_range){first, end > first ? end - first : 0};
}
