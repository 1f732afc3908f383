/** @file
 *  HDF5 files, the little of them that this project needs: groups one level
 *  deep, numeric datasets, and scalar attributes. Serial driver; the caller
 *  is one rank.
 *
 *  Written files use format bounds (V18, LATEST) and chunks with fletcher32,
 *  so that headers and data carry checksums; the same content gives the same
 *  bytes, but for the times in the root group's header. They are built in
 *  memory and written at close, so that a full disk cannot hurt HDF5. Reading
 *  refuses what we never write: soft and external links, virtual and external
 *  storage, filters other than fletcher32, deflate and shuffle, and extents
 *  that the file has no bytes for.
 *
 *  Any thread may call: one call at a time is in the library (lock.h), whose
 *  settings are afterwards what they were before.
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

/** What a dataset is, without its values. Little endian in memory. */
typedef struct {
    mlp_h5_type type;
    size_t rank;
    uint64_t dims[MLP_H5_RANK_MAX];
} mlp_h5_shape;

/** Make a file that must not exist, with `user_block` bytes (0, or a power of
 *  two from 512) left zero at its start. MLP_ERROR_IO with errno's text. */
mlp_status mlp_h5file_create(const char *path, size_t user_block,
                             mlp_h5file **file);

/** Make a file that goes to a stream when it is closed. Errors of that write
 *  are left to the stream's error indicator. */
mlp_status mlp_h5file_create_stream(FILE *stream, size_t user_block,
                                    mlp_h5file **file);

/** Open for reading. MLP_ERROR_MISSING, MLP_ERROR_DATA if no HDF5,
 *  MLP_ERROR_IO, as of all that reads, when the disk fails or another program
 *  is writing. */
mlp_status mlp_h5file_open(const char *path, mlp_h5file **file);

/** Open a file that is in memory, for reading.
 *  @param path   what messages call it
 *  @param bytes  [size]; must stay until the file is closed
 *  MLP_ERROR_DATA if no HDF5. */
mlp_status mlp_h5file_open_image(const char *path, unsigned char *bytes,
                                 size_t size, mlp_h5file **file);

/** Close. A file being made is written now: MLP_ERROR_IO with errno's text
 *  when the disk is full, and what is left of the file is of no use. */
mlp_status mlp_h5file_close(mlp_h5file **file);

/** What fills in the user block of a file that is otherwise complete.
 *  @param bytes  [size] of the whole file, user block first */
typedef mlp_status (*mlp_h5file_seal)(unsigned char *bytes, size_t size);

/** Close a file being made, as close does, but let `seal` fill in the user
 *  block before anything is written, and make the file durable (fsync). */
mlp_status mlp_h5file_close_sealed(mlp_h5file **file, mlp_h5file_seal seal);

/** Close after a failure; the failure already remembered stays. */
void mlp_h5file_abandon(mlp_h5file **file);

/** Create the group NAME at the root, or below it ("a/b" when "a" exists).
 *  This and all other writing goes to memory; what can fail is memory, or a
 *  name that is taken or has no parent: MLP_ERROR_INTERNAL. */
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

/** Whether a dataset or group of this name is there, reached by hard links.
 *  True, too, of a file that cannot be read any more: whoever goes on to read
 *  the object is told why. */
bool mlp_h5file_has(mlp_h5file *file, const char *name);

/** Whether an object has an attribute of this name. True, too, as above, and
 *  when there is no such object. */
bool mlp_h5file_has_attribute(mlp_h5file *file, const char *object,
                              const char *name);

/** Type and extents, which are no larger than the file can hold. Names have no
 *  leading slash. MLP_ERROR_DATA when absent, rank above 4, or stored in a way
 *  that is refused. */
mlp_status mlp_h5file_shape(mlp_h5file *file, const char *name,
                            mlp_h5_shape *shape);

/** Read rows first .. first + rows - 1 of the leading dimension, as they are
 *  stored (no conversion but byte order) or, for integers, widened.
 *
 *  @param type    wanted in memory: the stored type, or a wider unsigned
 *                 integer, or MLP_H5_OTHER's signed integers into MLP_H5_U64
 *                 when none is negative (else MLP_ERROR_DATA)
 *  @param values  [rows, dims[1], ...], overwritten
 */
mlp_status mlp_h5file_read_rows(mlp_h5file *file, const char *name,
                                uint64_t first, uint64_t rows, mlp_h5_type type,
                                void *values);

/** Whether rows lie in the file one behind the other as they are in memory of
 *  this type: in one piece, neither packed nor of the other byte order, and
 *  within the file.
 *  @param offset  of row 0 in the file, if so
 *  @param grain   rows that HDF5 reads and unpacks together, else */
bool mlp_h5file_locate(mlp_h5file *file, const char *name, mlp_h5_type type,
                       uint64_t *offset, size_t *grain);

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
