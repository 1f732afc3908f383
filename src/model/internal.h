/** @file
 *  A pass's insides, for the files of this room.
 */
#ifndef MLP_MODEL_INTERNAL_H
#define MLP_MODEL_INTERNAL_H

#include "pass.h"

struct mlp_pass {
    const mlp_model *model;
    const mlp_model *held; /* whose vector has the parameters */
    const mlp_kernels *kernels;
    float **activations;    /* [layers], each [rows, stride(out)] */
    float **preactivations; /* the same; NULL in a layer without */
    float **masks;          /* the same; NULL in a layer without dropout */
    float **dz;             /* the same shapes */
    float **scratch;        /* [threads], each mlp_scratch_bytes */
    size_t threads;
    double *losses;        /* [rows] */
    uint32_t *predictions; /* [rows] */
    void *own;             /* memory of these arrays, or NULL if the caller's */
    /* of the current pass */
    const float *vector;
    const mlp_batch *batch;
    const uint16_t *labels;
    const float *targets;
    const float *weights; /* of the rows, or NULL */
    mlp_dropout dropout;
    bool drops;
    /* of evaluations */
    bool is_clipped;
    float limits[2];
    /* of training */
    double label_smoothing;
    const float *class_weights;
    void (*pause)(void *context); /* NULL: none */
    void *pause_context;
    size_t pauser; /* index of the thread that calls pause */
};

/** Layer l as the kernels see it, and its units. Where columns belong to nodes
 *  layer 0 has no parameters here. */
mlp_dense mlp_pass_dense(const mlp_pass *pass, size_t l);
mlp_units mlp_pass_units(const mlp_pass *pass, size_t l);

/** A tile of layer l's activations; of dz of layer l - 1. */
void mlp_pass_forward_tile(mlp_pass *pass, size_t l, mlp_tile own);
void mlp_pass_backward_tile(mlp_pass *pass, size_t l, mlp_tile own,
                            mlp_thread self);

/** Draw the dropout mask of layer l for these rows and panels, if it has one.
 */
void mlp_pass_draw_mask(const mlp_pass *pass, size_t l, mlp_tile own);

#endif
