/** @file
 *  The texts of several faults.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

void mlp_faults_add(mlp_faults *faults, mlp_status status)
{
    size_t used = strlen(faults->text);
    if (status == MLP_OK || strstr(faults->text, mlp_failure()) != NULL) {
        return;
    }
    faults->first = faults->first == MLP_OK ? status : faults->first;
    snprintf(faults->text + used, sizeof faults->text - used, "%s%s",
             used > 0 ? "; " : "", mlp_failure());
}

mlp_status mlp_faults_end(const mlp_faults *faults)
{
    return faults->first == MLP_OK
               ? MLP_OK
               : mlp_fail(faults->first, "%s", faults->text);
}
