/** @file
 *  For fuzz targets of other programs' nets: a net is converted to a
 *  checkpoint, or refused.
 */
#ifndef MLP_FUZZ_IMPORT_H
#define MLP_FUZZ_IMPORT_H

#include "convert/import.h"
#include "fuzz.h"

/** Read a file by `read`, and make a checkpoint of it. */
static inline void fuzz_import(const char *path,
                               mlp_status (*read)(const char *path,
                                                  mlp_import_model *model))
{
    mlp_import_model model = {0};
    mlp_checkpoint checkpoint = {0};
    mlp_config_init(&checkpoint.config);
    mlp_status status = read(path, &model);
    if (status == MLP_OK) {
        status = mlp_import_finish(&model, path, &checkpoint);
    }
    fuzz_expect(status == MLP_OK || mlp_failure()[0] != '\0',
                "a refusal has a reason");
    fuzz_expect(status != MLP_OK || checkpoint.parameters != NULL,
                "a net that was read has weights");
    mlp_import_destroy(&model);
    mlp_checkpoint_destroy(&checkpoint);
}

#endif
