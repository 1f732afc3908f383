/** @file
 *  NumPy's .npy files.
 */
#include "npy.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PREFIX = 8,           /* magic and version */
    HEADER_MOST = 1 << 16 /* bytes of the text behind them */
};

bool mlp_npy_has_name(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcasecmp(path + length - 4, ".npy") == 0;
}

/* ---- the header: a dictionary of Python -------------------------------- */

static mlp_status refuse(const mlp_npy *npy, const char *what)
{
    return mlp_fail(MLP_ERROR_DATA, "%s: %s", mlp_stream_name(npy->stream),
                    what);
}

static const char *skip_blanks(const char *at)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* The value of a key; NULL if it is not there. */
static const char *find_value(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    at = at == NULL ? NULL : skip_blanks(at + strlen(key));
    return at == NULL || *at != ':' ? NULL : skip_blanks(at + 1);
}

/* A type such as '<f8': order of bytes, kind, bytes. */
static bool take_type(mlp_npy *npy, const char *at)
{
    static const char known[][4] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                    "i8", "u1", "u2", "u4", "u8", "b1"};
    bool is_big_here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (at == NULL || (*at != '\'' && *at != '"') || at[1] == '\0' ||
        at[2] == '\0' || at[3] == '\0' || at[4] != at[0]) {
        return false;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (memcmp(known[i], at + 2, 2) == 0) {
            npy->kind = at[2];
            npy->item = (size_t)(at[3] - '0');
            npy->is_swapped = at[1] == (is_big_here ? '<' : '>');
            return strchr("<>|=", at[1]) != NULL;
        }
    }
    return false;
}

/* @return  NULL if there is no number of rows or columns */
static const char *take_extent(const char *at, size_t *extent)
{
    const char *first = at;
    *extent = 0;
    for (; isdigit((unsigned char)*at); at++) {
        if (__builtin_mul_overflow(*extent, 10, extent) ||
            __builtin_add_overflow(*extent, (size_t)(*at - '0'), extent)) {
            return NULL;
        }
    }
    return at > first ? skip_blanks(at) : NULL;
}

/* A shape (rows,) or (rows, columns). */
static bool take_shape(mlp_npy *npy, const char *at)
{
    npy->own = 1;
    if (at == NULL || *at != '(') {
        return false;
    }
    at = take_extent(skip_blanks(at + 1), &npy->rows);
    if (at == NULL || *at != ',') {
        return false;
    }
    at = skip_blanks(at + 1);
    if (*at != ')') {
        at = take_extent(at, &npy->own);
        at = at != NULL && *at == ',' ? skip_blanks(at + 1) : at;
    }
    npy->columns = npy->own;
    return at != NULL && *at == ')';
}

static mlp_status take_header(mlp_npy *npy, const char *header)
{
    const char *order = find_value(header, "'fortran_order'");
    if (!take_type(npy, find_value(header, "'descr'"))) {
        return refuse(npy, "expected an array of floats (2, 4 or 8 bytes), "
                           "integers or booleans, found another type");
    }
    if (!take_shape(npy, find_value(header, "'shape'"))) {
        return refuse(npy, "expected an array [rows, columns], found another "
                           "number of dimensions; pictures go into an HDF5 "
                           "file");
    }
    if (order == NULL ||
        (strncmp(order, "True", 4) != 0 && strncmp(order, "False", 5) != 0)) {
        return refuse(npy, "its header has no fortran_order");
    }
    npy->is_fortran = *order == 'T';
    return MLP_OK;
}

/* The length of the text has 2 bytes in version 1, else 4. */
static mlp_status find_header(mlp_npy *npy, size_t *size)
{
    static const char magic[] = "\x93NUMPY";
    unsigned char prefix[PREFIX + 4] = {0};
    size_t taken;
    MLP_TRY(mlp_stream_take(npy->stream, prefix, sizeof prefix, &taken));
    size_t bytes = prefix[6] == 1 ? 2 : 4;
    if (taken < sizeof prefix || memcmp(prefix, magic, 6) != 0 ||
        prefix[6] < 1 || prefix[6] > 3) {
        return refuse(npy, "expected a .npy file of version 1, 2 or 3");
    }
    *size = 0;
    for (size_t i = 0; i < bytes; i++) {
        *size |= (size_t)prefix[PREFIX + i] << (8 * i);
    }
    npy->offset = PREFIX + bytes + *size;
    return *size <= HEADER_MOST ? MLP_OK
                                : refuse(npy, "its header is too long");
}

/* The file must have exactly the array. */
static mlp_status check_size(const mlp_npy *npy)
{
    size_t count, bytes;
    if (__builtin_mul_overflow(npy->rows, npy->own, &count) ||
        __builtin_mul_overflow(count, npy->item, &bytes) ||
        __builtin_add_overflow(bytes, npy->offset, &bytes)) {
        return refuse(npy, "its header has a shape that no file has");
    }
    return mlp_stream_check_length(npy->stream, bytes);
}

static mlp_status begin(mlp_npy *npy)
{
    size_t size = 0;
    size_t taken;
    if (!mlp_stream_is_plain(npy->stream)) {
        return refuse(npy, "expected a .npy file that is not compressed");
    }
    MLP_TRY(find_header(npy, &size));
    char *header = malloc(size + 1);
    if (header == NULL) {
        return mlp_fail_memory("the header of an array");
    }
    mlp_status status = mlp_stream_read_at(npy->stream, npy->offset - size,
                                           header, size, &taken);
    if (status == MLP_OK) {
        header[taken] = '\0';
        status = take_header(npy, header);
    }
    free(header);
    MLP_TRY(status);
    return check_size(npy);
}

static mlp_status open_file(const char *path, mlp_npy *npy)
{
    *npy = (mlp_npy){0};
    MLP_TRY(mlp_stream_open(path, &npy->stream));
    mlp_status status = begin(npy);
    if (status != MLP_OK) {
        mlp_npy_close(npy);
    }
    return status;
}

/* Put the files of another array beside an array. */
static mlp_status join(mlp_npy *npy, const char *path)
{
    mlp_npy *beside = calloc(1, sizeof *beside);
    if (beside == NULL) {
        return mlp_fail_memory("an array");
    }
    mlp_status status = mlp_npy_open(path, beside);
    if (status != MLP_OK) {
        free(beside);
        return status;
    }
    npy->beside = beside;
    if (beside->rows != npy->rows) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu rows as in %s, found "
                        "%zu",
                        mlp_stream_name(beside->stream), npy->rows,
                        mlp_stream_name(npy->stream), beside->rows);
    }
    return __builtin_add_overflow(npy->columns, beside->columns, &npy->columns)
               ? refuse(npy, "has too many columns")
               : MLP_OK;
}

mlp_status mlp_npy_open(const char *path, mlp_npy *npy)
{
    *npy = (mlp_npy){0};
    const char *joint = strstr(path, MLP_NPY_JOINT);
    if (joint == NULL) {
        return open_file(path, npy);
    }
    const char *rest = joint + strlen(MLP_NPY_JOINT);
    char *first = strndup(path, (size_t)(rest - path) - 1);
    mlp_status status =
        first == NULL ? mlp_fail_memory("an array") : open_file(first, npy);
    free(first);
    if (status == MLP_OK) {
        status = join(npy, rest);
    }
    if (status != MLP_OK) {
        mlp_npy_close(npy);
    }
    return status;
}

void mlp_npy_close(mlp_npy *npy)
{
    if (npy->beside != NULL) {
        mlp_npy_close(npy->beside);
        free(npy->beside);
    }
    mlp_stream_close(&npy->stream);
    *npy = (mlp_npy){0};
}

/* ---- numbers ----------------------------------------------------------- */

/* A float of 16 bits (IEEE 754): sign, 5 bits of exponent, 10 of fraction. */
static double half_of(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double value = exponent == 0 ? __builtin_ldexp(fraction, -24)
                   : exponent < 31
                       ? __builtin_ldexp(1024 + fraction, exponent - 25)
                   : fraction == 0 ? __builtin_inf()
                                   : __builtin_nan("");
    return bits >> 15 ? -value : value;
}

static double float_of(uint64_t bits, size_t size)
{
    uint32_t word = (uint32_t)bits;
    float number;
    double value;
    if (size == sizeof value) {
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    memcpy(&number, &word, sizeof number);
    return size == sizeof number ? (double)number : half_of((uint16_t)bits);
}

static double value_of(const mlp_npy *npy, const unsigned char *bytes)
{
    uint64_t bits = 0;
    assert(npy->item > 0 && npy->item <= sizeof bits);
    for (size_t i = 0; i < npy->item; i++) { /* from the highest byte on */
        bool is_low_first =
            (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != npy->is_swapped;
        bits = bits << 8 | bytes[is_low_first ? npy->item - 1 - i : i];
    }
    if (npy->kind == 'f') {
        return float_of(bits, npy->item);
    }
    if (npy->kind == 'i') {
        size_t unused = 8 * (sizeof bits - npy->item);
        return (double)((int64_t)(bits << unused) >> unused);
    }
    return npy->kind == 'b' ? (double)(bits != 0) : (double)bits;
}

static mlp_status read_items(const mlp_npy *npy, size_t first, size_t count,
                             unsigned char *bytes)
{
    size_t taken;
    MLP_TRY(mlp_stream_read_at(npy->stream, npy->offset + first * npy->item,
                               bytes, count * npy->item, &taken));
    return taken == count * npy->item
               ? MLP_OK
               : refuse(npy, "became shorter while it is read");
}

size_t mlp_npy_bytes(const mlp_npy *npy, size_t rows)
{
    size_t own = rows * npy->own * npy->item;
    size_t others = npy->beside != NULL ? mlp_npy_bytes(npy->beside, rows) : 0;
    return own > others ? own : others;
}

/* @param values  the first number of this file's columns; a row has `stride` */
static mlp_status read_columns(const mlp_npy *npy, mlp_range rows,
                               unsigned char *bytes, double *values,
                               size_t stride)
{
    size_t columns = npy->own;
    if (!npy->is_fortran) {
        MLP_TRY(
            read_items(npy, rows.first * columns, rows.count * columns, bytes));
        for (size_t i = 0; i < rows.count * columns; i++) {
            values[i / columns * stride + i % columns] =
                value_of(npy, bytes + i * npy->item);
        }
        return MLP_OK;
    }
    for (size_t c = 0; c < columns; c++) {
        MLP_TRY(read_items(npy, c * npy->rows + rows.first, rows.count, bytes));
        for (size_t r = 0; r < rows.count; r++) {
            values[r * stride + c] = value_of(npy, bytes + r * npy->item);
        }
    }
    return MLP_OK;
}

mlp_status mlp_npy_read(const mlp_npy *npy, mlp_range rows,
                        unsigned char *bytes, double *values)
{
    for (const mlp_npy *of = npy; of != NULL; of = of->beside) {
        MLP_TRY(read_columns(of, rows, bytes, values, npy->columns));
        values += of->own;
    }
    return MLP_OK;
}
