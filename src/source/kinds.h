/** @file
 *  The interface of each kind of source to source.c: an opener that fills in
 *  the facts, and its operations.
 */
#ifndef MLP_SOURCE_KINDS_H
#define MLP_SOURCE_KINDS_H

#include "source.h"

typedef struct {
    /** As mlp_source_read; rows > 0 and within the split. labels is also NULL
     *  when the source was opened without them. */
    mlp_status (*read)(void *state, mlp_split split, size_t first, size_t rows,
                       void *values, uint16_t *labels);
    void (*close)(void *state);
    /** As mlp_source_release; NULL: nothing to free before close. */
    void (*release)(void *state);
    /** As mlp_source_fetch; NULL: every rank can read all rows. */
    mlp_status (*fetch)(mlp_source *source, const mlp_source_part *parts,
                        size_t count);
    /** As mlp_source_read_targets; NULL: no targets. */
    mlp_status (*read_targets)(void *state, mlp_split split, size_t first,
                               size_t rows, float *targets);
    /** As mlp_source_read_weights; NULL: no weights. */
    mlp_status (*read_weights)(void *state, mlp_split split, size_t first,
                               size_t rows, float *weights);
    /** As mlp_source_locate; NULL: rows are never stored as in memory. */
    bool (*locate)(void *state, mlp_split split, mlp_source_place *place);
    /** Number in the input of a row of a file's split; NULL: the row's. */
    size_t (*number)(const void *state, mlp_split split, size_t row);
    bool reads_files; /**< a call costs much more than a row */
} mlp_source_ops;

/** Where the rows of a split are. */
typedef struct {
    mlp_split from; /**< split of the file, in calls of the operations */
    size_t first;   /**< first row of it */
    uint32_t *rows; /**< [rows of the split], its rows instead; or NULL. Owned
                         by the source */
} mlp_split_part;

struct mlp_source {
    mlp_source_info info;
    const mlp_source_ops *ops;
    void *state; /**< of this kind; NULL when there is nothing to close */
    bool may_lack_labels; /**< they are wanted for splits alone */
    bool is_split;        /**< the splits are not those of the file, but: */
    mlp_split_part parts[MLP_SPLITS];
};

/** Make a split of the listed rows of a file's split, from index `s` of the
 *  lists, which passes to the source. */
void mlp_source_set_part(mlp_source *source, mlp_split split, mlp_split from,
                         mlp_split_rows *lists, mlp_split s);

/* Each opener gets a source that is zeroed except for info.name and
 * info.has_labels, and sets the rest; it opens labels only if has_labels. The
 * caller closes what it leaves in state, also after a failure. */
mlp_status mlp_source_idx_open(const char *directory, mlp_source *source);
/** One IDX file of images; has_labels is false. */
mlp_status mlp_source_idx_open_file(const char *path, mlp_source *source);
mlp_status mlp_source_hdf5_open(const char *path, mlp_source *source);
mlp_status mlp_source_table_open(const char *path,
                                 const mlp_table_options *options,
                                 mlp_source *source);
mlp_status mlp_source_digits_open(mlp_source *source);
/** A truth table: "and", "or" or "xor", with training rows only. */
bool mlp_source_is_truth_table(const char *name);
mlp_status mlp_source_truth_open(const char *name, mlp_source *source);

#endif
