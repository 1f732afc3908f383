/** @file
 *  The built-in digits: 1,797 pictures of 8 x 8 pixels from 0 to 16. Every
 *  fourth row (3, 7, 11 ... counted from 0) belongs to the test split.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "digits_data.h"
#include "kinds.h"

enum {
    ROWS = 1797,
    SIDE = 8,
    PIXELS = SIDE * SIDE,
    EVERY = 4, /* every fourth row is a test row */
    TEST_ROWS = ROWS / EVERY,
    TEXT_BYTES = 1 << 19, /* more than the decompressed text */
    GZIP_WINDOW = 15 + 16 /* zlib's code for gzip format only */
};

typedef struct {
    unsigned char pixels[ROWS][PIXELS];
    unsigned char labels[ROWS];
} digits_table;

static mlp_status damaged(void)
{
    return mlp_fail(MLP_ERROR_INTERNAL, "the built-in digits are damaged");
}

/* Decompress into text, which ends with a NUL. */
static mlp_status unpack(char text[TEXT_BYTES])
{
    z_stream zlib = {0};
    if (inflateInit2(&zlib, GZIP_WINDOW) != Z_OK) {
        return mlp_fail_memory("zlib");
    }
    zlib.next_in = (z_const Bytef *)mlp_digits_csv_gz;
    zlib.avail_in = (uInt)mlp_digits_csv_gz_size;
    zlib.next_out = (unsigned char *)text;
    zlib.avail_out = TEXT_BYTES - 1;
    int result = inflate(&zlib, Z_FINISH);
    text[zlib.total_out] = '\0';
    inflateEnd(&zlib);
    return result == Z_STREAM_END ? MLP_OK : damaged();
}

/* One number and the separator after it. */
static mlp_status parse_number(char **text, char separator,
                               unsigned char *value)
{
    char *end = *text;
    unsigned long number = strtoul(*text, &end, 10);
    if (end == *text || *end != separator || number > 16) {
        return damaged();
    }
    *value = (unsigned char)number;
    *text = end + 1;
    return MLP_OK;
}

static mlp_status parse(char *text, digits_table *table)
{
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < PIXELS; i++) {
            MLP_TRY(parse_number(&text, ',', &table->pixels[row][i]));
        }
        MLP_TRY(parse_number(&text, '\n', &table->labels[row]));
    }
    return *text == '\0' ? MLP_OK : damaged();
}

/* Index in the table of row i of a split. */
static size_t table_row(mlp_split split, size_t i)
{
    if (split == MLP_SPLIT_TEST) {
        return i * EVERY + EVERY - 1;
    }
    return i / (EVERY - 1) * EVERY + i % (EVERY - 1);
}

static mlp_status read_digits(void *state, mlp_split split, size_t first,
                              size_t rows, void *values, uint16_t *labels)
{
    const digits_table *table = state;
    for (size_t i = 0; i < rows; i++) {
        size_t row = table_row(split, first + i);
        if (values != NULL) {
            memcpy((unsigned char *)values + i * PIXELS, table->pixels[row],
                   PIXELS);
        }
        if (labels != NULL) {
            labels[i] = table->labels[row];
        }
    }
    return MLP_OK;
}

mlp_status mlp_source_digits_open(mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_digits, .close = free};
    char *text = malloc(TEXT_BYTES);
    source->ops = &ops;
    source->state = malloc(sizeof(digits_table));
    source->info.rows[MLP_SPLIT_TRAIN] = ROWS - TEST_ROWS;
    source->info.rows[MLP_SPLIT_TEST] = TEST_ROWS;
    source->info.features = PIXELS;
    source->info.height = SIDE;
    source->info.width = SIDE;
    source->info.element = MLP_ELEMENT_U8;
    mlp_status status = text != NULL && source->state != NULL
                            ? unpack(text)
                            : mlp_fail_memory("the built-in digits");
    if (status == MLP_OK) {
        status = parse(text, source->state);
    }
    free(text);
    return status;
}
