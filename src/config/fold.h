/** @file
 *  Folds of a cross-validation: --folds and --fold.
 */
#ifndef MLP_CONFIG_FOLD_H
#define MLP_CONFIG_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

enum { MLP_FOLDS_MOST = 1000 }; /**< limit of --folds */

/** The folder of a fold's run in that of a run of several models, by the number
 *  of the fold from 1. */
#define MLP_FOLD_NAME "fold-%zu"

/** The fold to test (--fold), counted from 0, and how many there are; false
 *  with 0 folds if there is none, or the text, which mlp_config_check refuses,
 *  is no fold. */
bool mlp_config_fold(const mlp_config *config, size_t *fold, size_t *folds);

#endif
