/** @file
 *  The meaning of a table's columns: a number is a feature as it is, a text
 *  becomes one feature per category (one-hot), and one column is the label, a
 *  class or a number to predict. A schema is fitted to training rows, stored in
 *  checkpoints, and applied to other rows.
 */
#ifndef MLP_SCHEMA_H
#define MLP_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/config.h"

enum {
    MLP_CATEGORIES_MOST = 4096,  /**< of a text column */
    MLP_CLASSES_MOST = 65536,    /**< of the label column */
    MLP_NAME_BYTES_MOST = 256,   /**< of a category or column */
    MLP_TABLE_FEATURES = 1000000 /**< of a table */
};

/** Distinct names, sorted: integers by value first, then all others by their
 *  bytes. */
typedef struct {
    char **items;
    size_t count, room;
} mlp_names;

/** The index of a name; count when absent. */
size_t mlp_names_find(const mlp_names *names, const char *name);

/** Insert a name, unless it is present. MLP_ERROR_DATA when there would be more
 *  than `most`, or it is too long; the text does not name the column.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_names_add(mlp_names *names, const char *name, size_t most);
void mlp_names_destroy(mlp_names *names);

/** Print as a JSON list, which the caller frees; and parse: MLP_ERROR_DATA when
 *  it is not such a list, has a duplicate, or more than `most` names. */
mlp_status mlp_names_print(const mlp_names *names, char **text);
mlp_status mlp_names_parse(const char *text, size_t length, size_t most,
                           mlp_names *names);

/** Make a copy; of NULL, an empty list. */
mlp_status mlp_names_copy(const mlp_names *names, mlp_names *copy);

typedef enum {
    MLP_COLUMN_UNKNOWN, /**< no cell seen yet */
    MLP_COLUMN_NUMBER,
    MLP_COLUMN_TEXT,
    MLP_COLUMN_IGNORED,
    MLP_COLUMN_WEIGHT /**< the rows' weights; a number, and no feature */
} mlp_column_kind;

typedef struct {
    char *name;
    mlp_column_kind kind;
    mlp_names categories; /**< if it is a text */
    float fill;    /**< of a number: stands for a missing one; the median of the
                        training rows */
    bool has_gaps; /**< training rows lack it. A number has a feature behind
                        it: +1 if missing, else -1. A text has a category
                        "missing" behind the named ones */
    bool has_other; /**< a text's last category is for all other texts */
    bool is_pair;   /**< a text's two categories are one feature, +1 for the
                         first and -1 for the second; 0 for neither */
} mlp_column;

/** Categories of a text column with "missing" and "other", and a column's
 *  features: 1 for a number, one per category of a text. */
size_t mlp_column_categories(const mlp_column *column);
size_t mlp_column_features(const mlp_column *column);

/** Zero-initialize; destroy frees. */
typedef struct {
    mlp_column *columns; /**< [count], in the order of the file */
    size_t count;
    size_t
        label; /**< index of the label column; its kind is NUMBER for
                       regression, else TEXT with the classes as categories */
    bool is_regression;
    mlp_missing missing;            /**< what is done about a missing cell */
    mlp_unseen unseen;              /**< about a text that is no category */
    char na[MLP_NA_BYTES_MOST + 1]; /**< words for a missing cell, "NA,?" */
} mlp_schema;

void mlp_schema_destroy(mlp_schema *schema);

/** Make a copy. */
mlp_status mlp_schema_copy(const mlp_schema *schema, mlp_schema *copy);

/** Features of a row, in the order of the columns. */
size_t mlp_schema_features(const mlp_schema *schema);

/** Which features are indicators, 0, +1 or -1, which scaling leaves
 *  unchanged.
 *  @param is_indicator  [features], overwritten */
void mlp_schema_indicators(const mlp_schema *schema, bool *is_indicator);

/** Names of the classes; NULL for regression, or without a schema (NULL). */
const mlp_names *mlp_schema_classes(const mlp_schema *schema);

/** Print as JSON, which the caller frees; and parse. The text is not trusted:
 *  MLP_ERROR_DATA when it is not a schema. MLP_ERROR_INTERNAL without
 *  memory. */
mlp_status mlp_schema_print(const mlp_schema *schema, char **text);
mlp_status mlp_schema_parse(const char *text, size_t length,
                            mlp_schema *schema);

#endif
