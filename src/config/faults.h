/** @file
 *  Several faults of one configuration, in one line: nobody wants to correct
 *  one only to see the next.
 */
#ifndef MLP_FAULTS_H
#define MLP_FAULTS_H

#include "base/status.h"

/** Zero-initialize. */
typedef struct {
    mlp_status first;           /**< status of the first fault; 0: none yet */
    char text[MLP_FAILURE_MAX]; /**< of all, separated by "; " */
} mlp_faults;

/** Add what just failed, whose text mlp_failure has; MLP_OK adds nothing, and
 *  so does a text that is there already. */
void mlp_faults_add(mlp_faults *faults, mlp_status status);

/** MLP_OK without a fault; else fail with the status of the first and the text
 *  of all. */
mlp_status mlp_faults_end(const mlp_faults *faults);

#endif
