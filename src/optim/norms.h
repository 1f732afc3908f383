/** @file
 *  Norms of layers, the same bits whoever measures: each layer's parameters,
 *  in the order of the vector, are cut into blocks of MLP_NORM_BLOCK floats; a
 *  block's sum of squares is one fixed order of additions in float64, and the
 *  blocks are summed in the tree of base/tree.h. So ranks and threads may share
 * the blocks in any way.
 */
#ifndef MLP_NORMS_H
#define MLP_NORMS_H

#include <stddef.h>

#include "base/range.h"
#include "kernels/kernels.h"
#include "model/model.h"

enum { MLP_NORM_BLOCK = 256 };

/** Sums of squares that a model's vector takes. */
size_t mlp_norms_blocks(const mlp_model *model);

/** Measure elements first .. first + count - 1, which lie in layer l, begin
 *  with a block and end with one or with the layer.
 *  @param values  [count]
 *  @param sums    [mlp_norms_blocks], those of these blocks are overwritten */
void mlp_norms_measure(const mlp_model *model, const mlp_kernels *kernels,
                       size_t l, mlp_range elements, const float *values,
                       double *sums);

/** Sum of squares of a layer, or of all, when all blocks are measured. */
double mlp_norms_layer(const mlp_model *model, size_t l, const double *sums);
double mlp_norms_all(const mlp_model *model, const double *sums);

/** Panels of all layers' weights. */
size_t mlp_norms_panels(const mlp_model *model);

/** Max-norm: scale each unit's incoming weights w in one panel down to
 *  |w| = limit where they are longer. Source: Srivastava et al. 2014,
 *  "Dropout: a simple way to prevent neural networks from overfitting",
 *  section 5.1.
 *  @param panel   below mlp_norms_panels
 *  @param vector  the model's parameters */
void mlp_norms_limit(const mlp_model *model, size_t panel, double limit,
                     float *vector);

#endif
