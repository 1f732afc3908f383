/** @file
 *  Order statistics of columns over the rows of all ranks, exactly: values are
 *  counted by the first 11 bits of their keys (base/float_key.h), those that
 *  share these with a wanted one by the next 11, and these by the last 10. The
 *  counts are integers, so that the result is the same for any ranks.
 *
 *      MLP_TRY(mlp_selection_create(columns, wanted, &selection));
 *      mlp_selection_begin(&selection, columns);
 *      do {
 *          ... mlp_selection_count, for all values
 *          MLP_TRY(mlp_selection_sum(&selection, comm));
 *          ... the first time, mlp_selection_want, for each wanted value
 *      } while (mlp_selection_narrow(&selection));
 *      ... mlp_selection_value
 */
#ifndef MLP_SELECT_H
#define MLP_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include "comm.h"

enum {
    MLP_SELECT_BINS = 2048,  /**< values of a digit of a key */
    MLP_SELECT_VALUES = 128, /**< that are counted at a time */
};

/** A value of a column that is looked for. */
typedef struct {
    uint32_t prefix; /**< its first bits, as far as they are known */
    uint64_t before; /**< values of the same prefix that are not larger, but for
                          this one */
} mlp_selected;

/** Zero-initialize; destroy frees. */
typedef struct {
    size_t columns, wanted;
    size_t pass;
    mlp_selected *values; /**< [columns, wanted] */
    uint64_t *counts;     /**< [columns, wanted, MLP_SELECT_BINS] */
} mlp_selection;

/** MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_selection_create(size_t columns, size_t wanted,
                                mlp_selection *of);
void mlp_selection_destroy(mlp_selection *of);

/** Begin anew with these columns, at most those of create. */
void mlp_selection_begin(mlp_selection *of, size_t columns);

/** Sum what was counted over all ranks.
 *  @param comm  NULL: this process is alone
 *  Collective. */
mlp_status mlp_selection_sum(mlp_selection *of, mlp_comm *comm);

/** How many values a column has, after the first sum. */
uint64_t mlp_selection_total(const mlp_selection *of, size_t column);

/** Look for the value of a column that `before` values are sorted before: after
 *  the first sum, and of one column in ascending order. */
void mlp_selection_want(mlp_selection *of, size_t column, size_t wanted,
                        uint64_t before);

/** Count values of a column; NaNs are passed over. Several threads may, of
 *  different columns.
 *  @param values  [count], at most MLP_SELECT_VALUES */
void mlp_selection_count(mlp_selection *of, size_t column, const float *values,
                         size_t count);

/** Use the sums.
 *  @return  whether to count all values again, as not all bits are known */
bool mlp_selection_narrow(mlp_selection *of);

/** The wanted value. Of a column without values it is unspecified. */
float mlp_selection_value(const mlp_selection *of, size_t column,
                          size_t wanted);

#endif
