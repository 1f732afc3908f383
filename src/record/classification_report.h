/** @file
 *  The classification report and the confusion matrix as text, in the layout of
 *  scikit-learn's classification_report.
 */
#ifndef MLP_REPORT_H
#define MLP_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/metrics.h"
#include "base/status.h"
#include "source/schema.h"

enum { MLP_REPORT_CLASSES_MAX = 2048 }; /**< its matrix takes 32 MiB */

/** Precision, recall, F1 and support per class, accuracy, macro and weighted
 *  averages; then the confusion matrix (above 30 classes only the 20 largest
 *  confusions, as a list).
 *
 *  Columns of the matrix are headed by class names; if these don't fit into 80
 *  columns, by numbers, which the rows then show after their names.
 *
 *  @param names      of the classes; NULL: classes are numbered
 *  @param confusion  [classes, classes]: row = truth, column = prediction
 *  MLP_ERROR_INTERNAL without memory.
 */
mlp_status mlp_report_print(FILE *out, const uint64_t *confusion,
                            size_t classes, const mlp_names *names);

#endif
