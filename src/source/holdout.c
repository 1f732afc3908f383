/** @file
 *  Which rows of a data set are held out.
 */
#include "holdout.h"

#include <stdlib.h>
#include <string.h>

#include "base/range.h"
#include "base/rng.h"

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS, KEY_DIGITS = 4 };

typedef struct {
    const mlp_holdout *how;
    const mlp_holdout_facts *facts;
    uint8_t *split;  /* [rows], an mlp_split */
    uint64_t *keys;  /* [rows], what the order is by */
    uint32_t *order; /* [rows] */
    uint32_t *other; /* [rows], for sorting */
    size_t *starts;  /* [DIGITS + 1], for sorting */
} choice;

/* Rows of one class, or all; places in the order. */
typedef mlp_range stratum;

static size_t rounded(double fraction, size_t rows)
{
    return (size_t)(fraction * (double)rows + 0.5);
}

static uint64_t key_of(const uint32_t *keys, size_t row)
{
    return (uint64_t)keys[2 * row + 1] << 32 | keys[2 * row];
}

/* A number that is uniform over all rows, and of this row's number alone. */
static uint64_t hash_of(const choice *of, size_t row)
{
    const uint32_t *numbers = of->facts->numbers;
    const mlp_rng_key key = {of->how->seed, MLP_RNG_SPLIT, 1};
    const mlp_rng_block draw =
        mlp_rng_draw(key, numbers != NULL ? numbers[row] : row, 0);
    return (uint64_t)draw.word[0] << 32 | draw.word[1];
}

/* ---- sorting ----------------------------------------------------------- */

/* Sort the order by a digit of each row, which is below DIGITS. */
static void sort_by(choice *of, size_t digit)
{
    size_t rows = of->facts->rows;
    const bool is_class = digit == KEY_DIGITS;
    memset(of->starts, 0, (DIGITS + 1) * sizeof *of->starts);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < rows; i++) {
            size_t row = of->order[i];
            size_t value = is_class ? of->facts->classes[row]
                                    : of->keys[row] >> (digit * DIGIT_BITS);
            size_t *start = &of->starts[value % DIGITS];
            if (pass == 0) {
                start[1]++;
            } else {
                of->other[(*start)++] = (uint32_t)row;
            }
        }
        for (size_t k = 0; pass == 0 && k < DIGITS; k++) {
            of->starts[k + 1] += of->starts[k];
        }
    }
    uint32_t *sorted = of->other;
    of->other = of->order;
    of->order = sorted;
}

/* Order the rows by class, if they have any, then key, then number. */
static void sort(choice *of)
{
    for (size_t i = 0; i < of->facts->rows; i++) {
        of->order[i] = (uint32_t)i;
    }
    for (size_t digit = 0; digit < KEY_DIGITS; digit++) {
        sort_by(of, digit);
    }
    if (of->how->kind == MLP_HOLDOUT_STRATIFIED) {
        sort_by(of, KEY_DIGITS);
    }
}

static void set_keys(choice *of)
{
    bool has_keys =
        of->how->kind == MLP_HOLDOUT_GROUP || of->how->kind == MLP_HOLDOUT_TIME;
    for (size_t i = 0; i < of->facts->rows; i++) {
        of->keys[i] = of->how->kind == MLP_HOLDOUT_LAST ? i
                      : has_keys ? key_of(of->facts->keys, i)
                                 : hash_of(of, i);
    }
}

/* ---- rows -------------------------------------------------------------- */

static bool takes_last(const choice *of)
{
    return of->how->kind == MLP_HOLDOUT_LAST ||
           of->how->kind == MLP_HOLDOUT_TIME;
}

/* Whether the row at a place is one of the fold that is held out. */
static bool is_of_fold(const choice *of, size_t place)
{
    const mlp_holdout *how = of->how;
    if (!takes_last(of)) {
        return place % how->folds == how->fold;
    }
    mlp_range part = mlp_range_part(of->facts->rows, how->folds, how->fold);
    return place - part.first < part.count; /* below part.first: wraps */
}

/* Hold out the next rows of a stratum that are still for training. */
static void hold_rows(choice *of, stratum in, size_t wanted, mlp_split split)
{
    for (size_t i = 0; i < in.count && wanted > 0; i++) {
        size_t place = takes_last(of) ? in.count - 1 - i : i;
        size_t row = of->order[in.first + place];
        if (of->split[row] == MLP_SPLIT_TRAIN) {
            of->split[row] = (uint8_t)split;
            wanted--;
        }
    }
}

static void hold_stratum(choice *of, stratum in)
{
    size_t left = in.count;
    if (of->how->folds > 0) {
        for (size_t i = in.first; i < in.first + in.count; i++) {
            if (is_of_fold(of, i)) {
                of->split[of->order[i]] = MLP_SPLIT_TEST;
                left--;
            }
        }
    } else {
        size_t test = rounded(of->how->test, in.count);
        hold_rows(of, in, test, MLP_SPLIT_TEST);
        left -= test;
    }
    hold_rows(of, in, rounded(of->how->validation, left), MLP_SPLIT_VALIDATION);
}

static void hold_strata(choice *of)
{
    bool has_classes = of->how->kind == MLP_HOLDOUT_STRATIFIED;
    stratum in = {0, 0};
    for (size_t i = 0; i <= of->facts->rows; i++) {
        bool is_end = i == of->facts->rows ||
                      (has_classes && i > in.first &&
                       of->facts->classes[of->order[i]] !=
                           of->facts->classes[of->order[in.first]]);
        if (is_end) {
            in.count = i - in.first;
            hold_stratum(of, in);
            in.first = i;
        }
    }
}

/* ---- groups ------------------------------------------------------------ */

typedef struct {
    uint64_t hash;   /* of its first row */
    stratum rows;    /* places in the order */
    mlp_split split; /* that has them */
} group;

static int by_hash(const void *a, const void *b)
{
    const group *x = a;
    const group *y = b;
    return x->hash != y->hash ? (x->hash > y->hash ? 1 : -1)
                              : (x->rows.first > y->rows.first) -
                                    (x->rows.first < y->rows.first);
}

static int by_size(const void *a, const void *b)
{
    const group *x = a;
    const group *y = b;
    return x->rows.count != y->rows.count
               ? (x->rows.count < y->rows.count ? 1 : -1)
               : by_hash(a, b);
}

/* @param groups  [rows], overwritten in the order of their keys
 * @return  their number */
static size_t find_groups(const choice *of, group *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < of->facts->rows; i++) {
        size_t row = of->order[i];
        if (count == 0 ||
            of->keys[row] !=
                of->keys[of->order[groups[count - 1].rows.first]]) {
            groups[count++] = (group){hash_of(of, row), {i, 0}, 0};
        }
        groups[count - 1].rows.count++;
    }
    return count;
}

/* Hold out groups that are for training, or else the smallest of them. */
static void hold_groups(group *groups, size_t count, double fraction,
                        mlp_split split)
{
    size_t left = 0;
    size_t taken = 0;
    group *smallest = NULL;
    for (size_t g = 0; g < count; g++) {
        bool is_left = groups[g].split == MLP_SPLIT_TRAIN;
        left += is_left ? groups[g].rows.count : 0;
        if (is_left &&
            (smallest == NULL || groups[g].rows.count < smallest->rows.count)) {
            smallest = &groups[g];
        }
    }
    size_t wanted = rounded(fraction, left);
    for (size_t g = 0; g < count && taken < wanted; g++) {
        if (groups[g].split == MLP_SPLIT_TRAIN &&
            groups[g].rows.count < 2 * (wanted - taken)) {
            groups[g].split = split;
            taken += groups[g].rows.count;
        }
    }
    if (taken == 0 && wanted > 0 && smallest != NULL) {
        smallest->split = split;
    }
}

/* Deal groups to folds, each to the one with fewest rows so far. */
static mlp_status deal_groups(const mlp_holdout *how, group *groups,
                              size_t count)
{
    size_t *rows = calloc(how->folds, sizeof *rows);
    if (rows == NULL) {
        return mlp_fail_memory("the folds");
    }
    qsort(groups, count, sizeof *groups, by_size);
    for (size_t g = 0; g < count; g++) {
        size_t fold = 0;
        for (size_t f = 1; f < how->folds; f++) {
            fold = rows[f] < rows[fold] ? f : fold;
        }
        rows[fold] += groups[g].rows.count;
        groups[g].split = fold == how->fold ? MLP_SPLIT_TEST : MLP_SPLIT_TRAIN;
    }
    free(rows);
    return MLP_OK;
}

static mlp_status hold_by_group(choice *of)
{
    const mlp_holdout *how = of->how;
    group *groups = calloc(of->facts->rows + 1, sizeof *groups);
    mlp_status status =
        groups == NULL ? mlp_fail_memory("the groups of rows") : MLP_OK;
    size_t count = status == MLP_OK ? find_groups(of, groups) : 0;
    if (status == MLP_OK && how->folds > 0) {
        status = deal_groups(how, groups, count);
    }
    if (status == MLP_OK) {
        qsort(groups, count, sizeof *groups, by_hash);
        if (how->folds == 0) {
            hold_groups(groups, count, how->test, MLP_SPLIT_TEST);
        }
        hold_groups(groups, count, how->validation, MLP_SPLIT_VALIDATION);
    }
    for (size_t g = 0; g < count; g++) {
        for (size_t i = 0; i < groups[g].rows.count; i++) {
            of->split[of->order[groups[g].rows.first + i]] =
                (uint8_t)groups[g].split;
        }
    }
    free(groups);
    return status;
}

/* ---- as version 0.1.0 did ---------------------------------------------- */

static void hold_by_seed(choice *of)
{
    size_t rows = of->facts->rows;
    size_t wanted = rounded(of->how->test, rows);
    size_t left = rows - wanted;
    size_t held = (size_t)(of->how->validation * (double)left);
    const mlp_rng_key key = {of->how->seed, MLP_RNG_SPLIT, 0};
    for (size_t row = 0; row < rows; row++) {
        mlp_rng_block draw = mlp_rng_draw(key, row, 0);
        uint64_t word = (uint64_t)draw.word[0] << 32 | draw.word[1];
        size_t among = (size_t)((unsigned __int128)word * (rows - row) >> 64);
        if (among < wanted) {
            of->split[row] = MLP_SPLIT_TEST;
            wanted--;
        }
    }
    for (size_t row = rows; row > 0 && held > 0; row--) {
        if (of->split[row - 1] == MLP_SPLIT_TRAIN) {
            of->split[row - 1] = MLP_SPLIT_VALIDATION;
            held--;
        }
    }
}

/* ---- the choice -------------------------------------------------------- */

static mlp_status hold(choice *of)
{
    if (of->how->kind == MLP_HOLDOUT_SEED) {
        hold_by_seed(of);
        return MLP_OK;
    }
    set_keys(of);
    sort(of);
    if (of->how->kind == MLP_HOLDOUT_GROUP) {
        return hold_by_group(of);
    }
    hold_strata(of);
    return MLP_OK;
}

static mlp_status check(const choice *of, const mlp_split_rows *split)
{
    const mlp_holdout *how = of->how;
    const char *name = of->facts->name;
    size_t held = split->count[MLP_SPLIT_VALIDATION];
    size_t left = split->count[MLP_SPLIT_TRAIN] + held;
    if (how->kind != MLP_HOLDOUT_SEED && how->test > 0.0 &&
        split->count[MLP_SPLIT_TEST] == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--test-fraction %g of the %zu rows of %s is less than "
                        "a row%s",
                        how->test, of->facts->rows, name,
                        how->kind == MLP_HOLDOUT_STRATIFIED ? " of any class"
                                                            : "");
    }
    if (how->folds > 0 && split->count[MLP_SPLIT_TEST] == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: none of its %zu rows is for fold %zu of %zu", name,
                        of->facts->rows, how->fold + 1, how->folds);
    }
    if (how->validation > 0.0 && held == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--validation %g of the %zu training rows of %s is "
                        "less than a row%s",
                        how->validation, left, name,
                        how->kind == MLP_HOLDOUT_STRATIFIED ? " of any class"
                                                            : "");
    }
    return split->count[MLP_SPLIT_TRAIN] > 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: has %zu rows, none left for training beside "
                          "the test and validation rows",
                          name, of->facts->rows);
}

static mlp_status list(const uint8_t *splits, size_t rows,
                       mlp_split_rows *split)
{
    for (size_t row = 0; row < rows; row++) {
        split->count[splits[row]]++;
    }
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        split->rows[s] = calloc(split->count[s] + 1, sizeof *split->rows[s]);
        if (split->rows[s] == NULL) {
            return mlp_fail_memory("the choice of rows");
        }
        split->count[s] = 0;
    }
    for (size_t row = 0; row < rows; row++) {
        uint8_t s = splits[row];
        split->rows[s][split->count[s]++] = (uint32_t)row;
    }
    return MLP_OK;
}

static mlp_status create_choice(choice *made)
{
    size_t rows = made->facts->rows;
    if (rows >= UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu rows, at most %u can be held out",
                        made->facts->name, rows, UINT32_MAX - 1);
    }
    made->split = calloc(rows + 1, sizeof *made->split);
    if (made->how->kind == MLP_HOLDOUT_SEED) {
        return made->split != NULL ? MLP_OK
                                   : mlp_fail_memory("the choice of rows");
    }
    made->keys = calloc(rows + 1, sizeof *made->keys);
    made->order = calloc(rows + 1, sizeof *made->order);
    made->other = calloc(rows + 1, sizeof *made->other);
    made->starts = calloc(DIGITS + 1, sizeof *made->starts);
    bool has_all = made->split != NULL && made->keys != NULL &&
                   made->order != NULL && made->other != NULL &&
                   made->starts != NULL;
    return has_all ? MLP_OK : mlp_fail_memory("the choice of rows");
}

mlp_status mlp_holdout_choose(const mlp_holdout *holdout,
                              const mlp_holdout_facts *facts,
                              mlp_split_rows *split)
{
    choice of = {.how = holdout, .facts = facts};
    mlp_status status = create_choice(&of);
    if (status == MLP_OK) {
        status = hold(&of);
    }
    if (status == MLP_OK) {
        status = list(of.split, facts->rows, split);
    }
    if (status == MLP_OK) {
        status = check(&of, split);
    }
    free(of.split);
    free(of.keys);
    free(of.order);
    free(of.other);
    free(of.starts);
    return status;
}

mlp_status mlp_holdout_all(size_t rows, mlp_split s, mlp_split_rows *split)
{
    free(split->rows[s]);
    split->count[s] = 0;
    split->rows[s] = calloc(rows + 1, sizeof *split->rows[s]);
    if (split->rows[s] == NULL) {
        return mlp_fail_memory("the choice of rows");
    }
    split->count[s] = rows;
    for (size_t row = 0; row < rows; row++) {
        split->rows[s][row] = (uint32_t)row;
    }
    return MLP_OK;
}

void mlp_split_rows_destroy(mlp_split_rows *split)
{
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        free(split->rows[s]);
    }
    *split = (mlp_split_rows){0};
}
