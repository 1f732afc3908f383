/** @file
 *  Deforms images, for one instruction set: noise, its blur as two products
 *  with band matrices, and one bilinear look-up for each pixel.
 */
#include "deform.h"

#include <string.h>

#include "philox.h"
#include "product.h"

/* ---- the elastic field ------------------------------------------------- */

/* One of the halves of a word, as a number in (-1, 1): exact. */
INLINE float centred(uint32_t half)
{
    return (float)((int)(2 * half) - 65535) * 0x1p-16F;
}

/* @param noise  [2, padded(width)], row y of both directions, overwritten */
static void draw_noise(const mlp_image_shape *shape, const mlp_image_map *map,
                       size_t y, float *noise)
{
    const mlp_rng_key key = {map->seed, MLP_RNG_DEFORM, map->epoch};
    size_t padded = mlp_padded(shape->width);
    size_t panels = mlp_panels(shape->width);
    for (size_t p = 0; p < panels; p++) {
        uint32_t x[4][SIDE];
        float f[MLP_PANEL], g[MLP_PANEL];
        size_t first = MLP_DEFORM_UNITS + (y * panels + p) * SIDE;
        draw_blocks(key, map->row, (uint32_t)first, x);
        for (size_t w = 0; w < 4; w++) {
            for (size_t i = 0; i < SIDE; i++) {
                f[w * SIDE + i] = centred(x[w][i] & 0xFFFF);
                g[w * SIDE + i] = centred(x[w][i] >> 16);
            }
        }
        size_t bytes = least(MLP_PANEL, padded - p * MLP_PANEL) * sizeof *f;
        memcpy(noise + p * MLP_PANEL, f, bytes);
        memcpy(noise + padded + p * MLP_PANEL, g, bytes);
    }
}

/* A product of matrices, one of which is 0 beyond a band. */
typedef struct {
    size_t terms;   /* of a chain */
    const float *x; /* [rows, terms] */
    size_t x_stride;
    const float *w; /* [terms, columns] */
    size_t w_stride;
    float *y; /* [rows, columns], with w's stride */
} product;

/* Those terms of chains that are not 0 for all outputs of `of`; columns that
 * pad a row have none. */
INLINE mlp_range band(mlp_range of, size_t radius, size_t terms)
{
    size_t first = of.first > radius ? least(of.first - radius, terms) : 0;
    size_t end = least(of.first + of.count + radius, terms);
    return (mlp_range){first, end - first};
}

INLINE void band_tile(size_t rows, size_t vecs, const product_tile *tile)
{
    vec acc[TILE_ROWS * TILE_VECS];
    clear(rows * vecs, acc);
    tile_product(rows, vecs, tile, tile->w_stride, acc);
    store_values(rows, vecs, acc, tile->to, tile->stride);
}

/* The tile of `of` whose first element is y[row, column]. */
INLINE product_tile tile_of(const product *of, size_t row, size_t column,
                            mlp_range terms)
{
    return (product_tile){.block = {terms, true, true},
                          .x = of->x + row * of->x_stride + terms.first,
                          .x_stride = of->x_stride,
                          .w = of->w + terms.first * of->w_stride + column,
                          .w_stride = of->w_stride,
                          .to = of->y + row * of->w_stride + column,
                          .stride = of->w_stride};
}

/* @param bands_rows  whether it is the rows' band, else the columns' */
INLINE void multiply(const product *of, size_t rows, size_t columns,
                     size_t radius, bool bands_rows)
{
    tiling tiles = tile_rows(rows);
    for (size_t t = 0; t < tiles.count; t++) {
        mlp_range tile = tile_at(tiles, t);
        for (size_t c = 0; c < columns; c += TILE_COLS) {
            mlp_range wide = {c, least(TILE_COLS, columns - c)};
            mlp_range terms = band(bands_rows ? tile : wide, radius, of->terms);
            size_t vecs = wide.count / LANES;
            const product_tile at = tile_of(of, tile.first, c, terms);
#define TILE(r, v) band_tile(r, v, &at)
            TILE_SWITCH(tile.count)
#undef TILE
        }
    }
}

/* @param field  [height, 2, padded(width)], overwritten, and what is after it,
 *               as large, for noise that is blurred in one direction */
static void make_field(const mlp_image_shape *shape, const mlp_image_map *map,
                       float *field)
{
    size_t padded = mlp_padded(shape->width);
    float *spare = field + mlp_field_floats(shape);
    for (size_t y = 0; y < shape->height; y++) {
        draw_noise(shape, map, y, field + y * 2 * padded);
    }
    const product down = {shape->height, shape->blur_rows, shape->height,
                          field,         2 * padded,       spare};
    multiply(&down, shape->height, 2 * padded, shape->radius, true);
    const product across = {shape->width,        spare,  padded,
                            shape->blur_columns, padded, field};
    multiply(&across, 2 * shape->height, padded, shape->radius, false);
}

/* ---- the look-up ------------------------------------------------------- */

typedef int32_t places __attribute__((vector_size(sizeof(vec))));

/* The image with zeros around it. */
static void frame_image(const mlp_image_shape *shape, const void *from,
                        float *restrict framed)
{
    size_t stride = mlp_framed_stride(shape);
    size_t cols = shape->width * shape->channels;
    memset(framed, 0, mlp_framed_floats(shape) * sizeof *framed);
    for (size_t y = 0; y < shape->height; y++) {
        float *restrict to = framed + (y + 1) * stride + shape->channels;
        if (shape->is_f32) {
            memcpy(to, (const float *)from + y * cols, cols * sizeof *to);
        } else {
            const uint8_t *row = (const uint8_t *)from + y * cols;
            for (size_t k = 0; k < cols; k++) {
                to[k] = (float)row[k];
            }
        }
    }
}

/* Where the pixels of a row of the result are looked up, for a row padded to
 * whole vectors: [padded(width)] each. */
typedef struct {
    int32_t *corner; /* pixel (floor v, floor u) of the framed image */
    float *t, *s;
    float *p[4]; /* p00, p01, p10, p11 */
} look_up;

/* Vectors count pixels from 0. */
INLINE vec pixels_from(size_t x)
{
    places at;
    for (size_t i = 0; i < LANES; i++) {
        at[i] = (int32_t)(x + i);
    }
    return __builtin_convertvector(at, vec);
}

INLINE vec held(vec x, float most)
{
    return vec_least(vec_relu(x), vec_all(most));
}

/* @param field  of this row, [2, padded(width)]
 * @param is_elastic  else there is none */
INLINE void place_pixels(const mlp_image_shape *shape, const mlp_image_map *map,
                         size_t y, const float *field, bool is_elastic,
                         const look_up *at)
{
    size_t padded = mlp_padded(shape->width);
    float cx = 0.5F * (float)(shape->width - 1);
    float cy = 0.5F * (float)(shape->height - 1);
    float down = (float)y - cy;
    vec u_row = vec_all(fmaf(map->xy, down, cx + 1.0F + map->shift_x));
    vec v_row = vec_all(fmaf(map->yy, down, cy + 1.0F + map->shift_y));
    for (size_t x = 0; x < padded; x += LANES) {
        vec across = pixels_from(x) - vec_all(cx);
        vec u = vec_fma(vec_all(map->xx), across, u_row);
        vec v = vec_fma(vec_all(map->yx), across, v_row);
        if (is_elastic) {
            vec alpha = vec_all(shape->alpha);
            u = vec_fma(alpha, vec_load(field + x), u);
            v = vec_fma(alpha, vec_load(field + padded + x), v);
        }
        u = held(u, (float)shape->width + 1.0F);
        v = held(v, (float)shape->height + 1.0F);
        places left = __builtin_convertvector(u, places);
        places top = __builtin_convertvector(v, places);
        places corner = top * ((int32_t)shape->width + 3) + left;
        memcpy(at->corner + x, &corner, sizeof corner);
        vec_store(at->t + x, u - __builtin_convertvector(left, vec));
        vec_store(at->s + x, v - __builtin_convertvector(top, vec));
    }
}

INLINE vec between(vec a, vec b, vec t)
{
    return vec_fma(t, b, (vec_all(1.0F) - t) * a);
}

/* One channel of a row of the result; in place of p00. */
INLINE void look_up_row(const mlp_image_shape *shape, const float *channel,
                        size_t channels, const look_up *at)
{
    size_t stride = mlp_framed_stride(shape);
    size_t padded = mlp_padded(shape->width);
    for (size_t x = 0; x < padded; x++) {
        const float *p = channel + (size_t)at->corner[x] * channels;
        at->p[0][x] = p[0];
        at->p[1][x] = p[channels];
        at->p[2][x] = p[stride];
        at->p[3][x] = p[stride + channels];
    }
    for (size_t x = 0; x < padded; x += LANES) {
        vec t = vec_load(at->t + x);
        vec above = between(vec_load(at->p[0] + x), vec_load(at->p[1] + x), t);
        vec below = between(vec_load(at->p[2] + x), vec_load(at->p[3] + x), t);
        vec_store(at->p[0] + x, between(above, below, vec_load(at->s + x)));
    }
}

/* @param to  the row's first value of the channel */
INLINE void store_row(const mlp_image_shape *shape, const float *values,
                      size_t channels, void *to)
{
    float *floats = to;
    uint8_t *bytes = to;
    for (size_t x = 0; x < shape->width; x++) {
        if (shape->is_f32) {
            floats[x * channels] = values[x];
        } else {
            bytes[x * channels] = (uint8_t)(int32_t)(values[x] + 0.5F);
        }
    }
}

INLINE void deform(const mlp_image_shape *shape, const mlp_image_map *map,
                   const float *framed, const float *field, bool is_elastic,
                   const look_up *at)
{
    size_t bytes = shape->is_f32 ? sizeof(float) : 1;
    for (size_t y = 0; y < shape->height; y++) {
        const float *row = field + y * 2 * mlp_padded(shape->width);
        char *to = (char *)map->to + y * shape->width * shape->channels * bytes;
        place_pixels(shape, map, y, row, is_elastic, at);
        if (shape->channels == 1) {
            look_up_row(shape, framed, 1, at);
            store_row(shape, at->p[0], 1, to);
            continue;
        }
        for (size_t c = 0; c < shape->channels; c++) {
            look_up_row(shape, framed + c, shape->channels, at);
            store_row(shape, at->p[0], shape->channels, to + c * bytes);
        }
    }
}

void ISA(mlp_deform)(const mlp_image_shape *shape, const mlp_image_map *map,
                     void *scratch)
{
    size_t padded = mlp_padded(shape->width);
    float *field = scratch;
    float *framed = field + 2 * mlp_field_floats(shape);
    float *line = framed + mlp_framed_floats(shape);
    look_up at = {.corner = (void *)line};
    float **lines[] = {&at.t, &at.s, &at.p[0], &at.p[1], &at.p[2], &at.p[3]};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        *lines[i] = line + (i + 1) * padded;
    }
    frame_image(shape, map->from, framed);
    if (shape->alpha != 0.0F) {
        make_field(shape, map, field);
        deform(shape, map, framed, field, true, &at);
    } else {
        deform(shape, map, framed, field, false, &at);
    }
}
