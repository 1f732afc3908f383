/** @file
 *  The number of processes that the launcher started, from its environment
 *  variables.
 */
#include <stdlib.h>

#include "comm_internal.h"

mlp_status mlp_comm_check_launcher(size_t size, const char *fault)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                        "MV2_COMM_WORLD_SIZE",
                                        "SLURM_STEP_NUM_TASKS"};
    const char *started = NULL;
    size_t i = 0;
    for (; i < sizeof names / sizeof names[0] && started == NULL; i++) {
        started = getenv(names[i]);
    }
    if (started == NULL || size > 1 || strtoul(started, NULL, 10) <= 1) {
        return MLP_OK;
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "started as one of %.20s processes (%s), but %s", started,
                    names[i - 1], fault);
}
