/** @file
 *  What the kernels of one instruction set share. Private to the files
 *  of this room but kernels.c, which are compiled once per set with
 *  MLP_ISA_AVX512, MLP_ISA_AVX2 or neither defined (see CMakeLists.txt).
 *
 *  Dense products work on register tiles: accumulators live in registers while
 *  one chain of multiply-adds runs through them. A tile's size is a
 *  compile-time constant after inlining, hence the switches.
 */
#ifndef MLP_KERNELS_ISA_H
#define MLP_KERNELS_ISA_H

#include <math.h>

#include "kernels.h"
#include "tuning.h"
#include "vector.h"

#define INLINE         static inline __attribute__((always_inline))
#define UNROLL         _Pragma("GCC unroll 32") /* completely */
#define UNROLL_BY(n)   UNROLL_TEXT(GCC unroll n)
#define UNROLL_TEXT(x) _Pragma(#x)

/* Have the compiler forget how a pointer came about, where it would rather work
 * it out again and again than have it in a register. */
#define FORGET(pointer) __asm__("" : "+r"(pointer))
/* Have it use a vector from its register, where it would rather make the load a
 * part of each instruction that uses it. */
#if defined(__x86_64__)
#define LOAD_ONCE(x) __asm__("" : "+v"(x))
#else
#define LOAD_ONCE(x) (void)(x)
#endif

enum { TILE_COLS = TILE_VECS * LANES, PANEL_VECS = MLP_PANEL / LANES };

/* Expands to `TILE(rows, vecs)` with both as constants, for tiles of 1 to
 * TILE_ROWS rows and of TILE_VECS vectors or half as many. */
#define TILE_CASE(constant)                                                    \
    case constant:                                                             \
        if ((constant) > TILE_ROWS) {                                          \
            break;                                                             \
        }                                                                      \
        if (vecs == TILE_VECS) {                                               \
            TILE(constant, TILE_VECS);                                         \
        } else {                                                               \
            TILE(constant, TILE_VECS / 2);                                     \
        }                                                                      \
        break;
#define TILE_SWITCH(rows)                                                      \
    switch (rows) {                                                            \
        TILE_CASE(1)                                                           \
        TILE_CASE(2)                                                           \
        TILE_CASE(3)                                                           \
        TILE_CASE(4)                                                           \
        TILE_CASE(5)                                                           \
        TILE_CASE(6)                                                           \
        TILE_CASE(7)                                                           \
        TILE_CASE(8)                                                           \
        TILE_CASE(9)                                                           \
        TILE_CASE(10)                                                          \
        TILE_CASE(11)                                                          \
        TILE_CASE(12)                                                          \
        TILE_CASE(13)                                                          \
        TILE_CASE(14)                                                          \
    default:                                                                   \
        break;                                                                 \
    }

INLINE size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Columns of panel p of a layer with `out` outputs. */
INLINE size_t panel_width(size_t out, size_t panel)
{
    return least(MLP_PANEL, mlp_padded(out) - panel * MLP_PANEL);
}

/* Rows (or inputs) cut into tiles of at most TILE_ROWS that differ by at most
 * one: no thin rest. The first `larger` ones have one row more. */
typedef struct {
    size_t count, rows, larger;
} tiling;

INLINE tiling tile_rows(size_t rows)
{
    size_t count = (rows + TILE_ROWS - 1) / TILE_ROWS;
    size_t each = rows / (count > 0 ? count : 1);
    return (tiling){count, each, rows - count * each};
}

INLINE mlp_range tile_at(tiling tiles, size_t t)
{
    return (mlp_range){t * tiles.rows + least(t, tiles.larger),
                       tiles.rows + (t < tiles.larger)};
}

/* Ask for what will be read after this, without waiting for it. */
INLINE void prefetch(const float *from, size_t count)
{
    for (size_t i = 0; i < count; i += MLP_ALIGN) {
        __builtin_prefetch(from + i, 0, 2);
    }
}

/* Ask for lines that are going to be written, of which another core may have
 * copies from the last step: a store that finds them there waits for nobody. */
INLINE void prefetch_to_write(const float *to, size_t count)
{
    for (size_t i = 0; i < count; i += MLP_ALIGN) {
        __builtin_prefetch(to + i, 1);
    }
}

/* The same for share t of n. */
INLINE void prefetch_share(const float *from, size_t count, size_t n, size_t t)
{
    size_t each = (count / MLP_ALIGN / n + 1) * MLP_ALIGN;
    size_t first = least(t * each, count);
    prefetch(from + first, least(each, count - first));
}

/* Some vectors, in registers. */
INLINE void clear(size_t count, vec *acc)
{
    UNROLL
    for (size_t a = 0; a < count; a++) {
        acc[a] = vec_zero();
    }
}

/* acc[r, v] += x[r] w[v]. The shorter side stays in registers meanwhile, of the
 * longer one a value at a time.
 * @param x  [rows], where each is
 * @param w  [vecs * LANES] */
INLINE void add_outer(size_t rows, size_t vecs, const float *const *x,
                      const float *w, vec *acc)
{
    vec operand[TILE_ROWS];
    if (rows < vecs) {
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            operand[r] = vec_all(*x[r]);
        }
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            vec one = vec_load(w + v * LANES);
            LOAD_ONCE(one);
            UNROLL
            for (size_t r = 0; r < rows; r++) {
                acc[r * vecs + v] = vec_fma(operand[r], one, acc[r * vecs + v]);
            }
        }
        return;
    }
    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        operand[v] = vec_load(w + v * LANES);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        vec one = vec_all(*x[r]);
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            acc[r * vecs + v] = vec_fma(one, operand[v], acc[r * vecs + v]);
        }
    }
}

/* acc = left + acc */
INLINE void add_left(size_t count, const vec *left, vec *acc)
{
    UNROLL
    for (size_t a = 0; a < count; a++) {
        acc[a] = left[a] + acc[a];
    }
}

INLINE bool are_finite(vec values)
{
    float lanes[LANES];
    vec_store(lanes, values);
    bool are = true;
    for (size_t i = 0; i < LANES; i++) {
        are = are && isfinite(lanes[i]);
    }
    return are;
}

/* Activations that cost one instruction and no second use of z: they are part
 * of the product's tile store. The others go over a block that has just been
 * stored. */
INLINE bool is_fused(mlp_activation activation)
{
    return activation == MLP_ACTIVATION_IDENTITY ||
           activation == MLP_ACTIVATION_RELU;
}

/* Whether a block that has been stored needs another look. */
INLINE bool needs_block(const mlp_dense *layer, const mlp_units *units)
{
    return !is_fused(layer->activation) || units->mask != NULL;
}

INLINE vec activate_fused(mlp_activation activation, vec z)
{
    return activation == MLP_ACTIVATION_RELU ? vec_relu(z) : z;
}

void ISA(mlp_forward)(const mlp_dense *layer, const mlp_batch *x,
                      const mlp_units *y, mlp_range rows, mlp_range panels);
void ISA(mlp_backward)(const mlp_dense *layer, const float *dz,
                       const mlp_dense *below, const mlp_units *units,
                       float *dx, mlp_range rows, mlp_range panels,
                       float *scratch);
bool ISA(mlp_gradient)(const mlp_dense *layer, const mlp_batch *x,
                       const float *dz, const mlp_units *units,
                       const mlp_gradient_node *node, mlp_range groups,
                       mlp_range panels, float *scratch);
void ISA(mlp_activate)(const mlp_dense *layer, const mlp_units *units,
                       mlp_range rows, mlp_range columns);
void ISA(mlp_slope)(const mlp_dense *layer, const mlp_units *units, float *d,
                    mlp_range rows, mlp_range columns);
void ISA(mlp_deform)(const struct mlp_image_shape *shape,
                     const struct mlp_image_map *map, void *scratch);
void ISA(mlp_gather)(const mlp_rows *source, mlp_batch *batch, mlp_range rows);
void ISA(mlp_mask)(const mlp_rows *source, mlp_batch *batch, mlp_range words,
                   mlp_range groups);
void ISA(mlp_loss)(mlp_loss kind, const mlp_loss_rows *loss,
                   const mlp_dense *layer, mlp_range rows);
void ISA(mlp_dropout)(const mlp_dropout *dropout, float *mask, size_t stride,
                      mlp_range rows, mlp_range panels);
void ISA(mlp_update_apply)(const mlp_update *rule, size_t count,
                           const float *sum, float *w, float *const *moments);
void ISA(mlp_update_direction)(const mlp_update *rule, size_t count,
                               const float *w, float *const *moments,
                               float *sum);
double ISA(mlp_squares)(const float *values, size_t count);
uint32_t ISA(mlp_largest)(const float *values, size_t stride, mlp_range rows,
                          mlp_range columns);

#endif
