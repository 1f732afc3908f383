/** @file
 *  Write and read one checkpoint file.
 */
#include "checkpoint_file.h"

#include "checkpoint_content.h"
#include "checkpoint_seal.h"
#include "mlp/h5file.h"

mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint)
{
    mlp_h5file *file = NULL;
    MLP_TRY(mlp_h5file_create(path, MLP_SEAL_BYTES, &file));
    mlp_status status = mlp_checkpoint_facts_write(file, checkpoint);
    if (status == MLP_OK) {
        status = mlp_checkpoint_arrays_write(file, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_table_write(file, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_identity_write(file, checkpoint);
    }
    if (status != MLP_OK) {
        mlp_h5file_abandon(&file);
        return status;
    }
    MLP_TRY(mlp_h5file_close(&file));
    return mlp_seal_write(path);
}

mlp_status mlp_checkpoint_load(const char *path, mlp_checkpoint *checkpoint)
{
    mlp_h5file *file = NULL;
    uint64_t bytes;
    *checkpoint = (mlp_checkpoint){0};
    MLP_TRY(mlp_seal_verify(path, &bytes)); /* before HDF5 sees the file */
    MLP_TRY(mlp_h5file_open(path, &file));
    mlp_status status = mlp_checkpoint_facts_read(file, path, checkpoint);
    if (status == MLP_OK) {
        status = mlp_checkpoint_arrays_read(file, path, bytes, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_table_read(file, path, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_identity_check(file, path, checkpoint);
    }
    mlp_h5file_abandon(&file);
    if (status != MLP_OK) {
        mlp_checkpoint_destroy(checkpoint);
    }
    return status;
}
