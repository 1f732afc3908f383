/** @file
 *  The tuning constants of the kernels: a row each, a column for each
 *  instruction set. None of them can change a bit of a result, because no cut
 *  into tiles or cache blocks changes the order of an element's FMA chain.
 *  Where no reason is given for the very number it is empirical: on another CPU
 *  try its neighbours.
 *
 *  Constants of the data layout (MLP_PANEL, MLP_BLOCK, MLP_GROUP) are in
 *  kernels.h and those that decide on scratch memory in scratch.h: both are the
 *  same on every set.
 */
#ifndef MLP_KERNELS_TUNING_H
#define MLP_KERNELS_TUNING_H

/* ISA(x) is the name of x for the instruction set of this compilation, and
 * TUNE(x, ...) gives x its value there. */
#if defined(MLP_ISA_AVX512)
#define ISA(name)                      name##_avx512
#define ISA_NAME                       "avx512"
#define TUNE(name, avx512, avx2, base) enum { name = (avx512) }
#elif defined(MLP_ISA_AVX2)
#define ISA(name)                      name##_avx2
#define ISA_NAME                       "avx2"
#define TUNE(name, avx512, avx2, base) enum { name = (avx2) }
#else
#define ISA(name)                      name##_base
#define ISA_NAME                       "base"
#define TUNE(name, avx512, avx2, base) enum { name = (base) }
#endif

/* ---- register tiles ---- */

TUNE(LANES, 16, 8, 4); /* floats of a vector register */

/* Accumulators of a dense tile, TILE_ROWS x TILE_VECS: more of them hide the
 * latency of an FMA and reuse each load more often, until registers (32, 16 and
 * 16) run out. 3 x 4 takes 7 loads for its 12 FMAs, 6 x 2 would take 8. */
TUNE(TILE_ROWS, 14, 3, 6);
TUNE(TILE_VECS, 2, 4, 2);

/* Vectors of the forward product of a sparse or single row: one row has one
 * chain a vector, and 8 chains hide the latency of an FMA. */
TUNE(ROW_VECS, 8, 8, 8);

/* Vectors of a tile of the sparse gradient, MLP_GROUP x GROUP_VECS: wider
 * tiles read a row's mask less often, and hold more accumulators. */
TUNE(GROUP_VECS, 4, 4, 4);

/* Rows addressed by strides from one pointer: with a pointer a row, pointers
 * are spilled to memory, and accumulators with them. */
TUNE(ROWS_A_POINTER, 3, 3, 3);

/* ---- unrolling ---- */

/* Steps of a dense product, and rows of a dense gradient, in one turn of the
 * loop: a step of a small tile is so short that counting and branching show. */
TUNE(UNROLL_DEPTH, 1, 8, 1);
TUNE(UNROLL_ROWS, 1, 4, 1);

/* ---- cache blocks ---- */

/* Terms of a chain of a dense product that all rows go through before the next
 * ones: a panel of so many inputs stays in L2 where L2 is small. Servers with
 * AVX-512 have 1 MiB or more and go without blocks. */
TUNE(CHAIN_BLOCK, 1 << 30, 1024, 1024);

/* Bytes of a batch's inputs from which the sparse gradient of all columns is
 * made before the next inputs: they stay in a small L2. */
TUNE(BLOCK_BYTES, 1 << 30, 1 << 16, 1 << 16);

/* The inputs of such a block are a multiple of this: whole groups and whole
 * cache lines, of which each is then read for one block. */
TUNE(BLOCK_STEP, 48, 48, 48);

/* Mask words (of 64 rows) of a chunk of a long leaf: their dz of 256 columns,
 * 256 KiB, stay in L2 while all inputs of the block go through them. */
TUNE(CHUNK_WORDS, 4, 4, 4);

/* ---- packing ---- */

/* Tiles that read the same inputs, from which on the dense gradient packs them:
 * a copy costs a pass over the inputs and spares each tile the walk through
 * rows that lie a page apart. */
TUNE(PACKING_TILES, 12, 12, 12);

/* Floats of a packed row of a dense gradient tile, TILE_ROWS or more: what one
 * or two instructions copy. */
TUNE(PACKED_ROW, 16, 4, 8);

/* ---- choices ---- */

/* Rows up to which a dense forward goes row by row, ROW_VECS wide: a tile of
 * so few rows has too few chains. */
TUNE(SINGLE_ROWS, 2, 2, 2);

/* Per cent of values that are not 0, up to which a product goes row by row
 * through these: a multiplication reads its weights then, which a dense tile
 * has in a register. Activations behind ReLU come to 20 or 40. And the vectors
 * of columns from which on it does, and rows that are counted before. */
TUNE(SPARSE_PERCENT, 50, 60, 50);
TUNE(SPARSE_VECS, 4, 4, 4);
TUNE(SAMPLED_ROWS, 16, 16, 16);

/* The same for the gradient: fewer, since a leaf has few rows. */
TUNE(MARKED_PERCENT, 42, 40, 42);

/* Blocks of MLP_BLOCK values that are marked at a time, on the stack: 32 KiB.
 */
TUNE(MARKED_BLOCKS, 4096, 4096, 4096);

/* Inputs of a block of the gradient of sparse activations: what 64 rows have of
 * them stays in L1 beside dz. */
TUNE(MARKED_INPUTS, 64, 64, 64);

/* Rows that leaves must have for it, in the mean; and from which on an input at
 * a time goes through them. */
TUNE(MARKED_LEAF, 6, 6, 6);
TUNE(LONG_CHAIN, 24, 24, 24);

/* ---- prefetch ---- */

/* Rows between the prefetch and the use of a block of a sparse row: enough to
 * hide a line from another core's L2, few enough to stay in L1. */
TUNE(MARKED_AHEAD, 5, 5, 5);

/* The same for rows of the data set, which lie anywhere in memory. */
TUNE(ROWS_AHEAD, 8, 8, 8);

#endif
