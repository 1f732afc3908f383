/** @file
 *  What the columns of a table mean: numbers are features as they are, a text
 *  becomes one feature for each of its categories (one-hot), and one column is
 *  the label: the class of a row, or the number to predict. Made from a
 *  training file, kept in checkpoints, applied to other files.
 */
#ifndef MLP_SCHEMA_H
#define MLP_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
    MLP_CATEGORIES_MOST = 4096,  /**< of a column of texts */
    MLP_CLASSES_MOST = 65536,    /**< of the label */
    MLP_NAME_BYTES_MOST = 256,   /**< of a category or column */
    MLP_TABLE_FEATURES = 1000000 /**< of a table at most */
};

/** Names without doubles, in order: whole numbers by value come first, then
 *  all others by their bytes. */
typedef struct {
    char **items;
    size_t count, room;
} mlp_names;

/** Where a name is; count when it is not there. */
size_t mlp_names_find(const mlp_names *names, const char *name);

/** Put a name into its place, if it is not there yet.
 *  MLP_ERROR_DATA when it would be more than `most`, or is too long; the line
 *  names no column. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_names_add(mlp_names *names, const char *name, size_t most);
void mlp_names_destroy(mlp_names *names);

/** As a JSON list, which the caller frees; and back: MLP_ERROR_DATA when it is
 *  none, has a name twice, or more than `most`. */
mlp_status mlp_names_print(const mlp_names *names, char **text);
mlp_status mlp_names_parse(const char *text, size_t length, size_t most,
                           mlp_names *names);

/** Make another one of the same content; of NULL an empty one. */
mlp_status mlp_names_copy(const mlp_names *names, mlp_names *copy);

typedef enum {
    MLP_COLUMN_UNKNOWN, /**< no cell seen yet */
    MLP_COLUMN_NUMBER,
    MLP_COLUMN_TEXT,
    MLP_COLUMN_IGNORED
} mlp_column_kind;

typedef struct {
    char *name;
    mlp_column_kind kind;
    mlp_names categories; /**< of a text */
} mlp_column;

/** Zero-initialize; destroy frees. */
typedef struct {
    mlp_column *columns; /**< [count], in the order of the file */
    size_t count;
    size_t label; /**< which column that is; its kind is NUMBER in a regression,
                       else TEXT, and its categories are the classes */
    bool is_regression;
} mlp_schema;

void mlp_schema_destroy(mlp_schema *schema);

/** Make another one of the same content. */
mlp_status mlp_schema_copy(const mlp_schema *schema, mlp_schema *copy);

/** Features of a row: one for a number, one for each category of a text. */
size_t mlp_schema_features(const mlp_schema *schema);

/** Which features are categories, 0 or 1, and are left alone by scaling.
 *  @param is_indicator  [features], overwritten */
void mlp_schema_indicators(const mlp_schema *schema, bool *is_indicator);

/** Names of the classes; NULL in a regression, or of no schema (NULL). */
const mlp_names *mlp_schema_classes(const mlp_schema *schema);

/** As JSON, which the caller frees; and back. What is read may be hostile:
 *  MLP_ERROR_DATA when it is no schema. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_schema_print(const mlp_schema *schema, char **text);
mlp_status mlp_schema_parse(const char *text, size_t length,
                            mlp_schema *schema);

#endif
