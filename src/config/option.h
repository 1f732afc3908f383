/** @file
 *  Tables of options, for all programs: a row describes a field of a struct,
 *  how it is read from text, written as text, and its help.
 */
#ifndef MLP_OPTION_H
#define MLP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/path.h"
#include "base/status.h"

enum {
    MLP_LIST_MAX = 64,      /**< limit of items of a list */
    MLP_CONFIG_VALUE = 4160 /**< bytes that hold any value as text */
};

/** One number for all hidden layers, or one per layer. */
typedef struct {
    size_t count;
    double item[MLP_LIST_MAX];
} mlp_double_list;

/** "2" counts epochs, "200steps" counts steps; count 0 means only at the end;
 *  "auto", if the field allows it, lets the program choose. */
typedef struct {
    uint64_t count;
    bool counts_steps;
    bool is_automatic;
} mlp_interval;

/** Pixels of an image. */
typedef struct {
    size_t height, width;
} mlp_extent;

/** The C type of a field, and its form as text. */
typedef enum {
    MLP_FIELD_STRING,   /**< char [MLP_MAX_PATH] */
    MLP_FIELD_BORROWED, /**< const char *: points to the text, which must
                           outlive the field; one of the choices, if there are
                           any */
    MLP_FIELD_SIZE,     /**< size_t */
    MLP_FIELD_SIZES,    /**< size_t count, item [MLP_LIST_MAX] */
    MLP_FIELD_U64,      /**< uint64_t */
    MLP_FIELD_DOUBLE,   /**< double */
    MLP_FIELD_ENUM,     /**< unsigned: index of the choice */
    MLP_FIELD_ENUMS,    /**< size_t count, unsigned item [MLP_LIST_MAX] */
    MLP_FIELD_DOUBLES,  /**< mlp_double_list */
    MLP_FIELD_BOOL,     /**< bool: a switch, with or without a value */
    MLP_FIELD_BOOL_OR,  /**< an enum: false, true, then the choices; on the
                             command line a switch with an optional value */
    MLP_FIELD_INTERVAL, /**< mlp_interval */
    MLP_FIELD_DURATION, /**< uint64_t seconds, as "90m", "1h30m", "HH:MM:SS" or
                             "D-HH:MM:SS" */
    MLP_FIELD_SECONDS,  /**< double: a duration, or a number of seconds */
    MLP_FIELD_BYTES,    /**< uint64_t, as "65536", "512M" or "512MiB", "2GB" */
    MLP_FIELD_EXTENT    /**< mlp_extent, as "28x28" */
} mlp_field_kind;

/** One row of a table. */
typedef struct {
    const char *name; /**< without dashes: "lr"; at most 32 letters */
    mlp_field_kind kind;
    size_t offset;              /**< of the field in its struct */
    const char *const *choices; /**< for an enum: names, NULL at the end; for an
                                     interval: "auto", if allowed */
    double least, most;         /**< allowed range of a number, inclusive */
    /** Whether the weights depend on it: then --resume refuses another value.
     */
    bool shapes_result;
    const char *group;   /**< heading in --help */
    const char *operand; /**< "N", "FILE"; NULL for a switch */
    const char *help;    /**< one line */
    /** The value of stored runs that lack the option, as text of
     *  mlp_config_get_stored; digests omit the option if it has this value.
     *  NULL: the option is not stored. For a new option this is what all
     *  earlier runs did, which need not be the default. Never change it. */
    const char *absent;
    /** For options that were renamed: `key` is the stored name (NULL: `name`),
     *  `words` are the command line's choices (NULL: `choices`), and `choices`
     *  are always the stored ones. The command line accepts old and new names;
     *  --help lists the new ones. */
    const char *key;
    const char *const *words;
    /** Text of the default in --help, if it is not the field's value: "all". */
    const char *default_text;
    char brief; /**< letter of the short option: 'o'; 0: none */
} mlp_option;

/** A table, and the struct whose fields it sets. */
typedef struct {
    const mlp_option *rows; /**< [count] */
    size_t count;
    void *values;
    bool *given; /**< [count], which rows were set; may be NULL */
} mlp_option_table;

/** The row with this name, or this old name; NULL when there is none. */
const mlp_option *mlp_option_find(const mlp_option *rows, size_t count,
                                  const char *name);

/** Whether the option may be given without a value. */
bool mlp_option_is_switch(const mlp_option *row);

/** The command line's names of an enum's choices, NULL at the end. */
const char *const *mlp_option_words(const mlp_option *row);

/** Parse text into the row's field of the struct `values`. MLP_ERROR_USAGE,
 *  for a wrong form or range, names the option, the value and what is allowed;
 *  the field is then unchanged. */
mlp_status mlp_option_parse(void *values, const mlp_option *row,
                            const char *text);

/** Write the field as text that mlp_option_parse reads back exactly. */
void mlp_option_print(const void *values, const mlp_option *row,
                      char text[MLP_CONFIG_VALUE]);

/** Parse text into the field of a table's row, and mark the row as given. */
mlp_status mlp_option_set(const mlp_option_table *table, const mlp_option *row,
                          const char *text);

/** Whether the row with this name was set. */
bool mlp_option_was_given(const mlp_option_table *table, const char *name);

/** Report an unknown name, with the nearest known one.
 *  @param before   put before the name: "--", "-", "FILE:3: " or ""
 *  @param program  whose --help lists the known names; NULL: none
 *  @return MLP_ERROR_USAGE */
mlp_status mlp_option_unknown(const mlp_option_table *tables, size_t count,
                              const char *before, const char *name,
                              const char *program);

/** Print an entry of --help: name on the left, help wrapped on the right, in 80
 *  columns. */
void mlp_option_entry(FILE *out, const char *name, const char *help);

/** Print an entry for each row of the tables, under the headings of their
 *  groups, with choices and defaults. Defaults are the tables' values. */
void mlp_option_help(FILE *out, const mlp_option_table *tables, size_t count);

#endif
