/** @file
 *  Where each fact of a checkpoint is stored in its HDF5 file. The layout is
 *  described in data/README.md, "Checkpoints". Reading trusts nothing: names,
 *  types and extents are checked, and each refusal is MLP_ERROR_DATA with a
 *  line that begins with the path.
 */
#ifndef MLP_CHECKPOINT_CONTENT_H
#define MLP_CHECKPOINT_CONTENT_H

#include <stdint.h>

#include "base/status.h"
#include "checkpoint.h"
#include "hdf5/h5file.h"

/** Attributes of the root, and /config. */
mlp_status mlp_checkpoint_facts_write(mlp_h5file *file,
                                      const mlp_checkpoint *c);
mlp_status mlp_checkpoint_facts_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c);

/** Digests of configuration and state, which are of all the content. Checking
 *  comes after reading it: are they what the file says?
 *  @param state  overwritten: the state's */
mlp_status mlp_checkpoint_identity_write(mlp_h5file *file,
                                         const mlp_checkpoint *c,
                                         unsigned char state[MLP_DIGEST_BYTES]);
mlp_status mlp_checkpoint_identity_check(mlp_h5file *file, const char *path,
                                         const mlp_checkpoint *c);

/** /model, /moments, /scaler and /history. Reading comes after the facts, which
 * the arrays must agree with, and allocates what *c then owns, also when it
 *  fails.
 *  @param file_bytes  length of the whole file: no array can be larger */
mlp_status mlp_checkpoint_arrays_write(mlp_h5file *file,
                                       const mlp_checkpoint *c);
mlp_status mlp_checkpoint_arrays_read(mlp_h5file *file, const char *path,
                                      uint64_t file_bytes, mlp_checkpoint *c);

/** A vector as GROUP/layer0/W, GROUP/layer0/b ... of the model's shapes.
 *  @param vector  [c->parameter_count] in canonical order; reading allocates
 *                 it, also when it fails */
mlp_status mlp_checkpoint_vector_write(mlp_h5file *file,
                                       const mlp_checkpoint *c,
                                       const char *group, float *vector);
mlp_status mlp_checkpoint_vector_read(mlp_h5file *file, const char *path,
                                      const mlp_checkpoint *c,
                                      const char *group, float **vector);

/** One dataset of such a group, or any, whose type and shape must be these. */
mlp_status mlp_checkpoint_tensor_read(mlp_h5file *file, const char *path,
                                      const char *name, mlp_h5_shape shape,
                                      float *values);

/** /history, a dataset for each column of its records. Reading allocates what
 *  *history then owns, also when it fails. */
mlp_status mlp_checkpoint_history_write(mlp_h5file *file,
                                        const mlp_history *history);
mlp_status mlp_checkpoint_history_read(mlp_h5file *file, const char *path,
                                       mlp_history *history);

/** /schema, of a table. Reading comes after the arrays, which it must agree
 *  with. */
mlp_status mlp_checkpoint_table_write(mlp_h5file *file,
                                      const mlp_checkpoint *c);
mlp_status mlp_checkpoint_table_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c);

/** Fill c->parameters from /model of any HDF5 file, whose W, b and slopes have
 *  the shapes that c->widths and c->config say. */
mlp_status mlp_checkpoint_weights_read(mlp_h5file *file, const char *path,
                                       mlp_checkpoint *c);

#endif
