/** @file
 *  Norms of layers, bitwise the same for every number of ranks and threads:
 *  each layer's parameters, in the order of the vector, form blocks of
 *  MLP_NORM_BLOCK floats; a block's sum of squares is added in a fixed order in
 *  float64, and the blocks are summed in the tree of base/tree.h. So blocks may
 *  be distributed over ranks and threads in any way.
 */
#ifndef MLP_NORMS_H
#define MLP_NORMS_H

#include <stddef.h>

#include "base/range.h"
#include "kernels/kernels.h"
#include "model/model.h"

enum { MLP_NORM_BLOCK = 256 };

/** Number of blocks of a model's vector. */
size_t mlp_norms_blocks(const mlp_model *model);

/** Sums of squares of elements first .. first + count - 1, which lie in layer l
 *  and are whole blocks, or end with the layer.
 *  @param values  [count]
 *  @param sums    [mlp_norms_blocks], overwritten for these blocks */
void mlp_norms_measure(const mlp_model *model, const mlp_kernels *kernels,
                       size_t l, mlp_range elements, const float *values,
                       double *sums);

/** Sum of squares of one layer, or of all, after all blocks are measured. */
double mlp_norms_layer(const mlp_model *model, size_t l, const double *sums);
double mlp_norms_all(const mlp_model *model, const double *sums);

/** Number of panels of the first layers' weights. */
size_t mlp_norms_panels(const mlp_model *model, size_t layers);

/** Max-norm: scale the incoming weights w of each unit in one panel down to |w|
 *  = limit where |w| is larger. Source: Srivastava et al. 2014,
 *  "Dropout: a simple way to prevent neural networks from overfitting",
 *  section 5.1.
 *  @param panel   below mlp_norms_panels of all layers
 *  @param vector  the model's parameters */
void mlp_norms_limit(const mlp_model *model, size_t panel, double limit,
                     float *vector);

#endif
