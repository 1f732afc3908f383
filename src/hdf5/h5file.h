/** @file
 *  The subset of HDF5 that this project needs: groups one level deep, numeric
 *  datasets, and scalar attributes. Serial driver: each rank opens files by
 *  itself.
 *
 *  Written files use format bounds (V18, LATEST) and chunks with fletcher32, so
 *  that headers and data carry checksums; equal content gives equal bytes,
 *  except for the times in the root group's header. Files are built in memory
 *  and written at close, so that HDF5 never meets a full disk. Reading refuses
 *  what is never written: soft and external links, virtual and external
 *  storage, filters other than fletcher32, deflate and shuffle, and extents
 *  larger than the file.
 *
 *  Thread-safe: calls are serialized by one lock (lock.h), and the library's
 *  global settings are restored after each call.
 */
#ifndef MLP_H5FILE_H
#define MLP_H5FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

typedef struct mlp_h5file mlp_h5file;

typedef enum {
    MLP_H5_U8,
    MLP_H5_U16,
    MLP_H5_U32,
    MLP_H5_U64,
    MLP_H5_F32,
    MLP_H5_F64,
    MLP_H5_OTHER /**< anything else: signed, text, compound ... */
} mlp_h5_type;

enum { MLP_H5_RANK_MAX = 4 };

/** Shape and type of a dataset. Little endian in memory. */
typedef struct {
    mlp_h5_type type;
    size_t rank;
    uint64_t dims[MLP_H5_RANK_MAX];
} mlp_h5_shape;

/** Create a file, which must not exist, with a user block of `user_block` bytes
 *  (0, or a power of two from 512), which are 0. MLP_ERROR_IO with errno's
 *  text. */
mlp_status mlp_h5file_create(const char *path, size_t user_block,
                             mlp_h5file **file);

/** Create a file that is written to a stream when it is closed. Write errors
 *  are left to the stream's error indicator. */
mlp_status mlp_h5file_create_stream(FILE *stream, size_t user_block,
                                    mlp_h5file **file);

/** Open for reading. MLP_ERROR_MISSING; MLP_ERROR_DATA if it is not an HDF5
 *  file; MLP_ERROR_IO, also from all functions that read, when the disk fails
 *  or another program is writing. */
mlp_status mlp_h5file_open(const char *path, mlp_h5file **file);

/** Open a file in memory for reading.
 *  @param path   the file's name in messages
 *  @param bytes  [size]; must stay until the file is closed
 *  MLP_ERROR_DATA if it is not an HDF5 file. */
mlp_status mlp_h5file_open_image(const char *path, unsigned char *bytes,
                                 size_t size, mlp_h5file **file);

/** Close. A new file is written now: MLP_ERROR_IO with errno's text when that
 *  fails, and the partly written file is useless. */
mlp_status mlp_h5file_close(mlp_h5file **file);

/** Fills in the user block of a file that is otherwise complete.
 *  @param bytes  [size] of the whole file, user block first */
typedef mlp_status (*mlp_h5file_seal)(unsigned char *bytes, size_t size);

/** Close a new file as mlp_h5file_close does, but let `seal` fill in the user
 *  block before anything is written, and make the file durable (fsync). */
mlp_status mlp_h5file_close_sealed(mlp_h5file **file, mlp_h5file_seal seal);

/** Close after a failure, whose text is preserved. */
void mlp_h5file_abandon(mlp_h5file **file);

/** Create group `name` at the root, or below it ("a/b" when "a" exists). This
 *  and all other writing goes to memory; it fails without memory, or when the
 *  name is taken or has no parent: MLP_ERROR_INTERNAL. */
mlp_status mlp_h5file_write_group(mlp_h5file *file, const char *name);

/** Write a whole dataset. values is [dims[0], ..., dims[rank - 1]]. */
mlp_status mlp_h5file_write(mlp_h5file *file, const char *name,
                            mlp_h5_shape shape, const void *values);

/** Scalar attributes of an object ("/" for the file's own). */
mlp_status mlp_h5file_write_text(mlp_h5file *file, const char *object,
                                 const char *name, const char *text);
/** An attribute that is a list of texts, [count]; count may be 0. */
mlp_status mlp_h5file_write_texts(mlp_h5file *file, const char *object,
                                  const char *name, const char *const *texts,
                                  size_t count);
mlp_status mlp_h5file_write_u64(mlp_h5file *file, const char *object,
                                const char *name, uint64_t value);
mlp_status mlp_h5file_write_f64(mlp_h5file *file, const char *object,
                                const char *name, double value);

/** Whether a dataset or group of this name exists, reached by hard links. Also
 *  true when the file cannot be read any more: reading the object then returns
 *  the cause. */
bool mlp_h5file_has(mlp_h5file *file, const char *name);

/** Whether an object has an attribute of this name. Also true as above, and
 *  when there is no such object. */
bool mlp_h5file_has_attribute(mlp_h5file *file, const char *object,
                              const char *name);

/** Type and extents, which are checked against the file's size. Names have no
 *  leading slash. MLP_ERROR_DATA when the dataset is absent, has rank above 4,
 *  or is stored in a way that is refused. */
mlp_status mlp_h5file_shape(mlp_h5file *file, const char *name,
                            mlp_h5_shape *shape);

/** Read rows first .. first + rows - 1 of the leading dimension, converting
 *  byte order only; integers may be widened.
 *
 *  @param type    type in memory: the stored type, or a wider unsigned integer,
 *                 or MLP_H5_U64 for signed integers (MLP_H5_OTHER) when none is
 *                 negative (else MLP_ERROR_DATA)
 *  @param values  [rows, dims[1], ...], overwritten
 */
mlp_status mlp_h5file_read_rows(mlp_h5file *file, const char *name,
                                uint64_t first, uint64_t rows, mlp_h5_type type,
                                void *values);

/** Whether rows are stored in the file exactly as they are in memory of this
 *  type: contiguous, neither compressed nor of the other byte order, and within
 *  the file.
 *  @param offset  of row 0 in the file, if true
 *  @param chunk_rows   rows that HDF5 reads and decompresses together,
 * otherwise */
bool mlp_h5file_locate(mlp_h5file *file, const char *name, mlp_h5_type type,
                       uint64_t *offset, size_t *chunk_rows);

/** Read attributes. text gets at most size - 1 bytes and a NUL; a longer,
 *  absent or differently typed attribute is MLP_ERROR_DATA. */
mlp_status mlp_h5file_read_text(mlp_h5file *file, const char *object,
                                const char *name, char *text, size_t size);

/** Read an attribute that is a list of texts of fixed width.
 *  @param texts  [count, width], each text with a NUL; the caller frees
 *  MLP_ERROR_DATA as above, and when it has more than 2^20 bytes. */
mlp_status mlp_h5file_read_texts(mlp_h5file *file, const char *object,
                                 const char *name, char **texts, size_t *count,
                                 size_t *width);
mlp_status mlp_h5file_read_u64(mlp_h5file *file, const char *object,
                               const char *name, uint64_t *value);
mlp_status mlp_h5file_read_f64(mlp_h5file *file, const char *object,
                               const char *name, double *value);

#endif
