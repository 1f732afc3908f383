/** @file
 *  Tables of options, alike for every program: a row names a field of a
 *  struct, and says how it is read from text, written and explained.
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
    MLP_LIST_MAX = 64,      /**< items of a list at most */
    MLP_CONFIG_VALUE = 4160 /**< bytes that hold any value as text */
};

/** One number for all hidden layers, or one for each. */
typedef struct {
    size_t count;
    double item[MLP_LIST_MAX];
} mlp_double_list;

/** "2" counts epochs, "200steps" counts steps; count 0 means only at the end.
 *  "auto", where a field allows it, leaves it to the program. */
typedef struct {
    uint64_t count;
    bool counts_steps;
    bool is_automatic;
} mlp_interval;

/** Pixels of an image. */
typedef struct {
    size_t height, width;
} mlp_extent;

/** What a field is in C, and its form as text. */
typedef enum {
    MLP_FIELD_STRING,   /**< char [MLP_MAX_PATH] */
    MLP_FIELD_BORROWED, /**< const char *: the text itself, which must outlive
                             the field; one of the choices, if there are any */
    MLP_FIELD_SIZE,     /**< size_t */
    MLP_FIELD_SIZES,    /**< size_t count, item [MLP_LIST_MAX] */
    MLP_FIELD_U64,      /**< uint64_t */
    MLP_FIELD_DOUBLE,   /**< double */
    MLP_FIELD_ENUM,     /**< unsigned: which of the choices */
    MLP_FIELD_ENUMS,    /**< size_t count, unsigned item [MLP_LIST_MAX] */
    MLP_FIELD_DOUBLES,  /**< mlp_double_list */
    MLP_FIELD_BOOL,     /**< bool: a switch, without a value or with one */
    MLP_FIELD_BOOL_OR,  /**< an enum: false, true, then the choices; on the
                             command line a switch whose value may be left out */
    MLP_FIELD_INTERVAL, /**< mlp_interval */
    MLP_FIELD_DURATION, /**< uint64_t seconds, as "HH:MM:SS" or "D-HH:MM:SS" */
    MLP_FIELD_BYTES,    /**< uint64_t, as "65536", "512M" or "512MiB", "2GB" */
    MLP_FIELD_EXTENT    /**< mlp_extent, as "28x28" */
} mlp_field_kind;

/** One row of a table. */
typedef struct {
    const char *name; /**< without dashes: "lr"; at most 32 letters */
    mlp_field_kind kind;
    size_t offset;              /**< of the field in its struct */
    const char *const *choices; /**< of an enum: names, NULL at the end; of an
                                     interval: "auto", if it is allowed */
    double least, most;         /**< allowed range of a number, inclusive */
    /** The weights depend on it: two runs that differ here differ in their
     *  digest, and --resume refuses to mix them. */
    bool shapes_result;
    const char *group;   /**< heading in --help */
    const char *operand; /**< "N", "FILE"; NULL for a switch */
    const char *help;    /**< one line */
    /** What a stored run that lacks the option means, as the text that
     *  mlp_config_get_stored gives; digests leave the option out where it has
     *  this value. NULL: the option is not stored. An option that is added
     *  later has here what all runs before it did, which need not be its
     *  default; and no version ever changes it. */
    const char *absent;
    /** Where the command line has got a better name, or better words for
     *  choices: the name that is stored (else NULL: `name`), and the command
     *  line's words [as choices] (else NULL: `choices`), while `choices` are
     *  what is stored, for ever. The command line takes either; --help lists
     *  the new ones alone. */
    const char *key;
    const char *const *words;
    /** Of --help, where the default is not simply the field's: "all". */
    const char *default_text;
    char brief; /**< of the short option: 'o'; 0: there is none */
} mlp_option;

/** Rows, and the struct whose fields they set. */
typedef struct {
    const mlp_option *rows; /**< [count] */
    size_t count;
    void *values;
    bool *given; /**< [count], which rows were set; NULL: nobody asks */
} mlp_option_table;

/** The row called name, now or by an old name; NULL when there is none. */
const mlp_option *mlp_option_find(const mlp_option *rows, size_t count,
                                  const char *name);

/** Whether the option needs no value. */
bool mlp_option_is_switch(const mlp_option *row);

/** The command line's words for an enum's choices, NULL at the end. */
const char *const *mlp_option_words(const mlp_option *row);

/** Read text into the row's field of the struct `values`, if it has the right
 *  form and range. MLP_ERROR_USAGE names the option, the value and what is
 *  allowed; the field is then unchanged. */
mlp_status mlp_option_parse(void *values, const mlp_option *row,
                            const char *text);

/** Write the field as text that mlp_option_parse reads back exactly. */
void mlp_option_print(const void *values, const mlp_option *row,
                      char text[MLP_CONFIG_VALUE]);

/** Parse text into the field of a table's row, and mark the row as given. */
mlp_status mlp_option_set(const mlp_option_table *table, const mlp_option *row,
                          const char *text);

/** Whether the row called name was set. */
bool mlp_option_was_given(const mlp_option_table *table, const char *name);

/** Refuse a name that no table has, with the nearest that one has.
 *  @param before  put before the name: "--", "-", "FILE:3: " or ""
 *  @param program  whose --help lists the known ones; NULL: none does
 *  @return MLP_ERROR_USAGE */
mlp_status mlp_option_unknown(const mlp_option_table *tables, size_t count,
                              const char *before, const char *name,
                              const char *program);

/** Print an entry of --help: its name at the left, its help wrapped at the
 *  right, in 80 columns. */
void mlp_option_entry(FILE *out, const char *name, const char *help);

/** Print an entry for each row of the tables, under the headings of their
 *  groups, with choices and defaults: values are those of the tables. */
void mlp_option_help(FILE *out, const mlp_option_table *tables, size_t count);

#endif
