/** @file
 *  The sections of a checkpoint's HDF5 file. The layout is described in
 *  data/README.md, "Checkpoints". Files are not trusted: names, types and
 *  extents are checked, and each mismatch is MLP_ERROR_DATA with a text that
 *  begins with the path.
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

/** Digests of configuration and state, over all the content. The check compares
 *  them with those of the content that was read.
 *  @param state  overwritten: the state's digest */
mlp_status mlp_checkpoint_identity_write(mlp_h5file *file,
                                         const mlp_checkpoint *c,
                                         unsigned char state[MLP_DIGEST_BYTES]);
mlp_status mlp_checkpoint_identity_check(mlp_h5file *file, const char *path,
                                         const mlp_checkpoint *c);

/** /model, /moments, /scaler and /history. Read after the facts, which the
 *  arrays must match. Reading allocates arrays that *c owns, also after a
 *  failure.
 *  @param file_bytes  length of the whole file, which bounds every array */
mlp_status mlp_checkpoint_arrays_write(mlp_h5file *file,
                                       const mlp_checkpoint *c);
mlp_status mlp_checkpoint_arrays_read(mlp_h5file *file, const char *path,
                                      uint64_t file_bytes, mlp_checkpoint *c);

/** A vector as GROUP/layer0/W, GROUP/layer0/b ... with the model's shapes.
 *  @param vector  [c->parameter_count] in canonical order; reading allocates
 *  it, also when it fails */
mlp_status mlp_checkpoint_vector_write(mlp_h5file *file,
                                       const mlp_checkpoint *c,
                                       const char *group, float *vector);
mlp_status mlp_checkpoint_vector_read(mlp_h5file *file, const char *path,
                                      const mlp_checkpoint *c,
                                      const char *group, float **vector);

/** One dataset, which must have this type and shape. */
mlp_status mlp_checkpoint_tensor_read(mlp_h5file *file, const char *path,
                                      const char *name, mlp_h5_shape shape,
                                      float *values);

/** /history, a dataset for each column. Reading allocates what *history owns,
 *  also when it fails. */
mlp_status mlp_checkpoint_history_write(mlp_h5file *file,
                                        const mlp_history *history);
mlp_status mlp_checkpoint_history_read(mlp_h5file *file, const char *path,
                                       mlp_history *history);

/** /schema, of a table. Read after the arrays, which it must match. */
mlp_status mlp_checkpoint_table_write(mlp_h5file *file,
                                      const mlp_checkpoint *c);
mlp_status mlp_checkpoint_table_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c);

/** Fill c->parameters from /model of any HDF5 file, whose W, b and slopes must
 *  have the shapes of c->widths and c->config. */
mlp_status mlp_checkpoint_weights_read(mlp_h5file *file, const char *path,
                                       mlp_checkpoint *c);

#endif
