/** @file
 *  Some columns of a model's first layer, where each node holds only those of
 *  its own (exchange/exchange.h): its parameters, and the way of values from
 *  and to nodes. The first layer is the only one whose columns can be computed
 *  apart without adding anything up between nodes: its input is data.
 *
 *  Source: Krizhevsky 2014, "One weird trick for parallelizing convolutional
 *  neural networks"; Gholami et al. 2018, "Integrated model, batch, and domain
 *  parallelism in training neural networks", section 2.
 */
#ifndef MLP_COLUMNS_H
#define MLP_COLUMNS_H

#include "model.h"
#include "pass.h"

/** The columns of the first layer that a node of `nodes` holds: whole cache
 *  lines of weights. Count 0 if there are fewer of them than nodes. */
mlp_range mlp_columns_of_node(const mlp_model *model, size_t nodes,
                              size_t node);

/** A model whose first layer has only these columns and no activation; its
 *  other layers are those of `model`. What a node holds. The caller destroys
 *  it. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_columns_narrow(const mlp_model *model, mlp_range columns,
                              mlp_model **held);

/** Floats of so many columns of the first layer, and the copies of them from
 *  and to a whole model's vector.
 *  @param vector  of the whole model, [vector_size]
 *  @param layer   [mlp_columns_size], laid out as a layer of these columns */
size_t mlp_columns_size(const mlp_model *model, size_t columns);
void mlp_columns_take(const mlp_model *model, const float *vector,
                      mlp_range columns, float *layer);
void mlp_columns_put(const mlp_model *model, float *vector, mlp_range columns,
                     const float *layer);

/* Values of the first layer between passes and messages, without padding. Two
 * passes are under way: one over the node's columns and all rows of the batch,
 * and one over the node's rows and all columns, which holds that model
 * (mlp_pass_hold). Every thread calls; no barrier within. */

/** Compute this thread's outputs z of some rows of the columns' pass, and copy
 *  them.
 *  @param block  [rows, columns] */
void mlp_columns_send_sums(mlp_pass *pass, mlp_range rows, float *block,
                           mlp_thread self);

/** Layer 0's forward, in place of mlp_pass_forward, from the z of all nodes: of
 *  this thread's share of rows.
 *  @param columns  [nodes]
 *  @param blocks   for each node [batch rows, its columns] */
void mlp_columns_receive_sums(mlp_pass *pass, const mlp_range *columns,
                              size_t nodes, const float *blocks,
                              mlp_thread self);

/** Backward of layer 1, of this thread's dz of one node's columns, and copy
 *  them. Panels that lie on two nodes are computed for the one that comes
 *  first: node `here` - 1 down to 0, then the last node down to `here`.
 *  @param columns  [nodes]
 *  @param block    [batch rows, the node's columns] */
void mlp_columns_send_dz(mlp_pass *pass, const mlp_range *columns, size_t nodes,
                         size_t node, size_t here, float *block,
                         mlp_thread self);

/** Set dz of the columns' pass: this thread's share of rows. Barrier after.
 *  @param rows  [batch rows, columns] */
void mlp_columns_receive_dz(mlp_pass *pass, const float *rows, mlp_thread self);

#endif
