/** @file
 *  The arithmetic of dense layers: forward, backward, weight gradient, loss
 *  and update, for float32, on ranges of outputs so that threads can own them.
 *  The other sources of this room are compiled once per instruction set.
 *
 *      x [rows, in]                    W [in, out], panels of 32 columns
 *            k, inputs ->                 panel 0    panel 1    last
 *          +----------------+ leaf 0    +----------+----------+-----+
 *      r   |  . 7 . . 3 .   |         k | 32 wide, |          | 16  |
 *      |   |  . . 5 . . .   |         | | row-     |          | or  |
 *      v   +----------------+ leaf 1  v | major    |          | 32  |
 *          |  . . 4 . 1 .   |           +----------+----------+-----+
 *          +----------------+ ...       then the bias [padded(out)]
 *
 *      inputs, of a row: bit k set where input k of a block of MLP_BLOCK is not
 *          0. Row 0 of x above has 010010b: forward reads two rows of W.
 *      masks, of a group of MLP_GROUP inputs: bit r set where row r of a leaf
 *          has a non-zero there, a word for each 64 rows. Group {0, 1} of leaf
 *          0 has 01b: the gradient reads one row of x and dz.
 *
 *      Activations and dz get no such bits from the caller: where many of them
 *      are 0, as behind ReLU, the kernels find out which (tuning.h).
 *
 *      product                       FMA chain, in order    outputs (owned)
 *      forward   z  = x W + b        over inputs k          [rows, panels]
 *      backward  dx = dz W^T         over outputs j         [rows, panels of x]
 *      gradient  dW = x^T dz         over rows r of a leaf, [groups, panels]
 *                                    then the tree over leaves
 *
 *  Loops, from the outside: panels or tiles of columns, cache blocks, register
 *  tiles; innermost the chain. Every output element is one FMA chain in the
 *  order above, less its exact zeros, so tile sizes, cache blocks, vector width
 *  and number of threads cannot change a bit. A thread owns the outputs of the
 *  ranges it is called with, and nothing is summed over threads. Which those
 *  are is up to the caller: model/pass.c cuts columns at panels.
 *
 *  out is padded with zeros to a multiple of MLP_ALIGN, so the last panel is
 *  MLP_PANEL or MLP_ALIGN wide; the bias is padded alike. Activations are
 *  [rows, stride] with stride = mlp_stride(cols).
 */
#ifndef MLP_KERNELS_H
#define MLP_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/status.h"
#include "base/tree.h"
#include "config/config.h"

enum {
    MLP_PANEL = 32,    /**< columns of a weight panel */
    MLP_ALIGN = 16,    /**< floats of a cache line; row lengths are multiples */
    MLP_BLOCK = 64,    /**< inputs whose bits are one word: the weights of
                            such a block, 128 columns wide, stay in L1 */
    MLP_GROUP = 2,     /**< inputs that share a row mask */
    MLP_MASK_ROWS = 64 /**< rows of one mask word */
};

/** The arithmetic of these kernels, which every checkpoint names. Those below
 *  come to the same weights and differ in what they round to zero:
 *  1 (version 0.1.0) nothing; 2 what is below MLP_LEAST_MOMENT and so on. */
enum { MLP_ARITHMETIC = 2 };

/** No denormals, by definition. A momentum that gets no more gradients shrinks
 *  below 2^-126 within some hundred steps, and an Intel core takes 150 cycles
 *  for a vector of such numbers. So these are 0 where their magnitude is less:
 *  far below what could change the last bit of a weight, and far enough above
 *  2^-126 for the products that are made of them. (LAMB alone scales its steps
 *  to the weights, however small its moments are: of a layer all of whose
 *  moments fall below the limit the weights stand still from then on.) It is
 *  the same on every instruction set, without a mode of the CPU, which the
 *  caller's code would share.
 *
 *  - MOMENT: velocities, first moments
 *  - SQUARE: second moments (one limit for both would change weights)
 *  - ROOT: a gradient whose square goes into a second moment
 *  - DZ: every dz, and e^(z - max z) of a softmax */
#define MLP_LEAST_MOMENT 0x1p-100f
#define MLP_LEAST_SQUARE 0x1p-120f
#define MLP_LEAST_ROOT   0x1p-62f
#define MLP_LEAST_DZ     0x1p-100f

/** cols rounded up to a multiple of MLP_ALIGN. */
static inline size_t mlp_padded(size_t cols)
{
    return (cols + MLP_ALIGN - 1) / MLP_ALIGN * MLP_ALIGN;
}

/** Row length of activations: cols, padded to an odd number of cache lines.
 *  With a power of two the rows of a tile would compete for a few sets of the
 *  cache and push each other out of it. */
static inline size_t mlp_stride(size_t cols)
{
    return mlp_padded(cols) | MLP_ALIGN;
}

/** Blocks of MLP_BLOCK inputs. */
static inline size_t mlp_blocks(size_t inputs)
{
    return (inputs + MLP_BLOCK - 1) / MLP_BLOCK;
}

/** Mask words of a leaf with so many rows: one at least. */
static inline size_t mlp_leaf_words(size_t rows)
{
    return rows > 0 ? (rows + MLP_MASK_ROWS - 1) / MLP_MASK_ROWS : 1;
}

/** Panels of a layer with `out` outputs. */
static inline size_t mlp_panels(size_t out)
{
    return (out + MLP_PANEL - 1) / MLP_PANEL;
}

/** Where the exact zeros of a batch are, so that they are never multiplied.
 *  Filled by mlp_kernels.gather; owned by the batch. */
typedef struct {
    size_t blocks;    /**< per row: ceil(cols / MLP_BLOCK) */
    size_t groups;    /**< ceil(cols / MLP_GROUP) */
    uint64_t *inputs; /**< [rows, blocks]: bit k of block b: the row has a
                           non-zero in input MLP_BLOCK b + k */
    uint64_t *masks;  /**< [words, groups]: bit r of word w of a leaf: row
                           MLP_MASK_ROWS w + r of the leaf has a non-zero in
                           this group; a leaf has words of its own */
} mlp_nonzeros;

/** Memory that will be read soon, which the CPU is asked for on the way. */
typedef struct {
    const char *first; /**< may be NULL if there are no bytes */
    size_t bytes;
} mlp_ahead;

/** A batch of inputs: rows leaf after leaf. */
typedef struct {
    float *values; /**< [rows, stride], scaled; padding columns are 0 */
    size_t rows;   /**< of all who share it */
    size_t cols, stride;
    const mlp_nonzeros *nonzeros; /**< NULL: take all columns */
    const size_t *leaf_start;     /**< [leaves + 1], first row of each leaf */
    const size_t *leaf_word;      /**< [leaves + 1], first mask word of each,
                                       from 0 on */
    size_t leaves;
    mlp_ahead ahead; /**< the rows of the next batch: forward asks for them */
} mlp_batch;

/** A dense layer: z = x W + b, a = f(z). */
typedef struct {
    size_t in, out;
    mlp_activation activation;
    const float *parameters; /**< panels, then bias, then PReLU's slopes */
} mlp_dense;

/** What a layer makes of its sums. All [rows, mlp_stride(out)]. */
typedef struct {
    float *a; /**< its activations, which the next layer reads */
    /** What the derivative is made of where that is not `a`: z of an activation
     *  that mlp_keeps_sums, else f(z) under dropout; NULL without need. Under
     *  PReLU backward leaves the slopes' gradients here, row by row. */
    float *preactivations;
    const float *mask; /**< dropout's factors: a = f(z) mask; NULL: all 1 */
} mlp_units;

/** Which units a training step leaves out (inverted dropout): the factor of a
 *  unit is 0, or 1 / (1 - share), by a draw that is a function of (seed,
 *  layer, epoch, row, unit) alone.
 *
 *  Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural
 *  networks from overfitting".
 */
typedef struct {
    uint64_t seed;
    uint32_t epoch, layer;
    double share;         /**< that is left out, below 1 */
    const uint64_t *rows; /**< [batch rows], counted in the split */
} mlp_dropout;

/** Whether a layer with this activation keeps z for its derivative. */
bool mlp_keeps_sums(mlp_activation activation);

/** Parameters of a layer as laid out: weights, bias and PReLU's slopes, with
 *  their padding. */
static inline size_t mlp_dense_size(size_t in, size_t out,
                                    mlp_activation activation)
{
    bool has_slopes = activation == MLP_ACTIVATION_PRELU;
    return (in + 1 + has_slopes) * mlp_padded(out);
}

/** Where w[i, j] lies in a layer's parameters; i = in gives the bias of j
 *  only through mlp_dense_bias. */
static inline size_t mlp_dense_index(size_t in, size_t out, size_t i, size_t j)
{
    size_t panel = j / MLP_PANEL;
    size_t rest = mlp_padded(out) - panel * MLP_PANEL;
    size_t width = rest < MLP_PANEL ? rest : MLP_PANEL;
    return panel * MLP_PANEL * in + i * width + j % MLP_PANEL;
}

static inline size_t mlp_dense_bias(size_t in, size_t out)
{
    return in * mlp_padded(out);
}

/** Where the slopes of PReLU begin, [padded(out)] after everything else. */
static inline size_t mlp_dense_slopes(size_t in, size_t out)
{
    return (in + 1) * mlp_padded(out);
}

/** Rows of raw data to gather, as stored. */
typedef struct {
    const void *values; /**< [., cols] uint8 or float */
    bool is_f32;
    const uint32_t *index;        /**< [batch rows]: which row of values */
    float shift, scale;           /**< x -> (x - shift) * scale */
    const float *shifts, *scales; /**< [cols], in their place, if not NULL */
    bool is_squeezed; /**< then z -> z / sqrt(1 + (z / 3)^2): all of (-3, 3) */
} mlp_rows;

/** A subtree whose leaves are summed, and where the sum goes. */
typedef struct {
    mlp_range leaves; /**< of the batch, that make the subtree */
    float *sum;       /**< the layer's gradient, in parameter layout */
    /** Where leaves have rows in earlier micro-batches: [leaves], each
     *  `stride` floats after the last, the sums that they came to, in parameter
     *  layout, which each leaf's chain goes on from. NULL: from 0. A leaf's
     *  sums may be `sum` itself. */
    const float *begun;
    size_t stride;
    /** Not NULL: `sum` is a block that has the inputs and panels of the call
     *  alone, [panels, inputs, columns of the panel], and this is where the
     *  sums of bias and slopes go: [2, MLP_PANEL of each panel of the call]. */
    float *biases;
} mlp_gradient_node;

/** The loss at the last layer, of rows whose logits or outputs are given. */
typedef struct {
    float *outputs;         /**< [rows, stride]: z under the cross-entropies and
                                 poisson, which overwrite it with probabilities, or
                                 means; else a */
    float *dz;              /**< [rows, stride] or NULL when not training */
    const uint16_t *labels; /**< [rows], below cols; 0 or 1 if cols is 1; NULL
                                 with targets */
    const float *targets;   /**< [rows, stride], of regression, or NULL */
    /** What is wanted of a label's output and of the others: 1 and 0, nearer
     *  to each other with smoothed labels. */
    float on, off;
    float delta;                /**< of huber */
    const float *class_weights; /**< [classes], factors of a row's loss and dz;
                                     NULL: all 1 */
    const float
        *weights;        /**< [rows], likewise of each row; where it is 0 loss
                              and dz are 0, whatever the outputs; NULL: all 1 */
    double *losses;      /**< [rows], overwritten; NULL: only outputs and
                              predictions are wanted, and neither labels, targets
                              nor weights are read */
    uint32_t *predicted; /**< [rows], overwritten: largest, lowest if tied; of
                              one output 1 from 0.5 on; 0 with targets */
    size_t cols, stride;
} mlp_loss_rows;

/** Bytes of memory of its own, 64-byte aligned, that a thread needs for
 * backward and gradient of batches of at most so many rows and layers of at
 * most so many outputs. What is in it means nothing from one call to the next.
 */
size_t mlp_scratch_bytes(size_t widest, size_t rows);

/** Whether a gradient of so many panels may as well be made in blocks of a few
 *  panels and inputs. Not where a call reads the inputs once for all panels,
 *  from a packed copy or chunk by chunk. */
bool mlp_gradient_has_blocks(const mlp_batch *x, size_t panels);

/** An update rule, with the numbers of one step. g = sum / m (clipped or not)
 *  is the gradient, w the parameters.
 *
 *  - SGD: g += l2 w; v = mu v + g; w -= lr v; without momentum w -= lr g.
 *    Source: Sutskever et al. 2013, "On the importance of initialization and
 *    momentum in deep learning", eq. 1 and 2, in the form of PyTorch.
 *  - Nesterov: the same v; w -= lr (g + mu v). Ibid., eq. 3 and 4.
 *  - RMSprop: g += l2 w; v += (1 - rho) (g^2 - v);
 *    w -= lr g / (sqrt(v) + epsilon). Source: Tieleman and Hinton 2012,
 *    "Lecture 6.5 - rmsprop", Neural networks for machine learning.
 *  - Adam: g += l2 w; m += (1 - beta1) (g - m); v += (1 - beta2) (g^2 - v);
 *    w -= lr m' / (sqrt(v') + epsilon), where m' = m / (1 - beta1^t) and
 *    v' = v / (1 - beta2^t) in step t = 1, 2 ... Source: Kingma and Ba 2015,
 *    "Adam: a method for stochastic optimization", algorithm 1.
 *  - AdamW: Adam without l2; w -= lr (m' / (sqrt(v') + epsilon) + decay w).
 *    Source: Loshchilov and Hutter 2019, "Decoupled weight decay
 *    regularization", algorithm 2.
 *  - LARS: v = mu v + lr r (g + decay w); w -= v, where for each layer
 *    r = trust |w| / (|g| + decay |w|). Source: You et al. 2017, "Large batch
 *    training of convolutional networks", eq. 6 and algorithm 1.
 *  - LAMB: u = AdamW's direction; w -= lr r u, where for each layer
 *    r = |w| / |u|. Source: You et al. 2020, "Large batch optimization for
 *    deep learning: training BERT in 76 minutes", algorithm 2.
 *
 *  r is 1 where a norm is 0. A layer's weights and biases are one vector to
 *  these norms. l2 and decay are for weights, and 0 for biases. Moments are
 *  v; or m, v. A moment is rounded to 0 before it is used and stored: v of SGD,
 *  Nesterov and LARS and m below MLP_LEAST_MOMENT; the other v below
 *  MLP_LEAST_SQUARE, and g^2 in it where |g| is below MLP_LEAST_ROOT.
 */
typedef struct {
    mlp_optimizer_kind kind;
    float lr;             /**< times r, where there is one */
    float gradient_scale; /**< 1 / m, where m is the sum of the rows' weights:
                               their number, if all are 1; times the share that
                             clipping leaves */
    float momentum;       /**< mu */
    float l2, decay;
    float share1;                             /**< 1 - beta1 */
    float share2;                             /**< 1 - beta2, or 1 - rho */
    float bias_correction1, bias_correction2; /**< 1 / (1 - beta^t) */
    float epsilon;
} mlp_update;

struct mlp_image_shape; /* deform.h */
struct mlp_image_map;

/** One instruction set's kernels. Ranges: rows of the batch, panels of 32
 *  columns, groups of MLP_GROUP inputs. Scratch is the calling thread's. */
typedef struct {
    const char *name; /**< "avx512", "avx2", "base" */

    /** Deform an image (deform.h).
     *  @param scratch  [mlp_deform_bytes], overwritten */
    void (*deform)(const struct mlp_image_shape *shape,
                   const struct mlp_image_map *map, void *scratch);

    /** Gather rows: values, and their bits if batch->nonzeros. */
    void (*gather)(const mlp_rows *source, mlp_batch *batch, mlp_range rows);

    /** Row masks of these words and groups of inputs, for batch->nonzeros. */
    void (*mask)(const mlp_rows *source, mlp_batch *batch, mlp_range words,
                 mlp_range groups);

    /** z = x W + b, a = f(z) for these rows and panels. */
    void (*forward)(const mlp_dense *layer, const mlp_batch *x,
                    const mlp_units *y, mlp_range rows, mlp_range panels);

    /** dx = (dz W^T) f'(z) for these rows and panels of dx's columns, where
     *  the layer's input are the units of the layer `below`; 0 below
     *  MLP_LEAST_DZ.
     *  @param dx       [rows, padded(in)], overwritten
     *  @param scratch  mlp_scratch_bytes(out, batch rows), overwritten */
    void (*backward)(const mlp_dense *layer, const float *dz,
                     const mlp_dense *below, const mlp_units *units, float *dx,
                     mlp_range rows, mlp_range panels, float *scratch);

    /** Gradient sums of the weights [these groups of inputs, these panels],
     *  x^T dz, leaf by leaf and then in their tree; and of the bias, and
     *  the slopes, when the range holds group 0.
     *  @param units    of this layer: under PReLU, after backward,
     * preactivations have the slopes' gradients; else not read
     *  @param scratch  mlp_scratch_bytes(out, batch rows), overwritten
     *  @return whether the squares of these sums add up to a finite float, so
     *          that they and all sums of them are finite, too; false may be a
     *          false alarm, of sums beyond 1e15 */
    bool (*gradient)(const mlp_dense *layer, const mlp_batch *x,
                     const float *dz, const mlp_units *units,
                     const mlp_gradient_node *node, mlp_range groups,
                     mlp_range panels, float *scratch);

    /** Losses, predictions and dz of rows, where t is what is wanted; dz is 0
     *  below MLP_LEAST_DZ:
     *  - cross-entropy of the softmax p = e / sum e, e = exp(z - max z), 0
     *    below MLP_LEAST_DZ: dz = p - t (Bishop 2006, eq. 4.109)
     *  - binary cross-entropy of each sigmoid p: dz = p - t
     *  - half the squared error: dz = (a - t) f'(a)
     *  - mae, |a - t|: dz = sign(a - t) f'(a), 0 where a = t
     *  - huber, half the squared error up to |a - t| = delta, and beyond it
     *    delta (|a - t| - delta / 2): dz = f'(a) times a - t, limited to
     *    -delta .. delta (Huber 1964, "Robust estimation of a location
     *    parameter", section 4)
     *  - poisson, half the deviance t log(t / a) - t + a with the log link
     *    a = exp(z): dz = a - t (McCullagh and Nelder 1989, "Generalized
     *    linear models", sections 2.3 and 6.3)
     *  - perceptron: wrong outputs, dz = a - t
     *  @param layer  the last one; its activation doesn't keep sums */
    void (*loss)(mlp_loss kind, const mlp_loss_rows *loss,
                 const mlp_dense *layer, mlp_range rows);

    /** Dropout's factors for these rows and panels of a layer's units.
     *  @param mask    [rows, stride], overwritten
     *  @param stride  mlp_stride(out) */
    void (*dropout)(const mlp_dropout *dropout, float *mask, size_t stride,
                    mlp_range rows, mlp_range panels);

    /** Update w from the sum of gradients; of LAMB, from its direction, with
     *  gradient_scale = 1 and no decay.
     *  @param count    of elements, a multiple of MLP_ALIGN
     *  @param moments  [2], each [count] or NULL where the rule has none */
    void (*update)(const mlp_update *rule, size_t count, const float *sum,
                   float *w, float *const *moments);

    /** The first half of LAMB: update the moments; u takes the place of the
     *  sum. */
    void (*direction)(const mlp_update *rule, size_t count, const float *w,
                      float *const *moments, float *sum);

    /** Sum of squares, in float64 and one fixed order.
     *  @param count  a multiple of MLP_ALIGN */
    double (*squares)(const float *values, size_t count);

    /** The largest magnitude of these rows and columns (multiples of MLP_ALIGN)
     *  of values [., stride], as the bits of a float: NaN is the largest, then
     *  infinity. */
    uint32_t (*largest)(const float *values, size_t stride, mlp_range rows,
                        mlp_range columns);

    /** a = f(preactivations), or a = f(a) where nothing is kept, for a block of
     * a layer with `out` outputs; and d = d f'(z). Columns are a multiple of
     *  MLP_ALIGN, or all of them from `first` on. */
    void (*activate)(const mlp_dense *layer, const mlp_units *units,
                     mlp_range rows, mlp_range columns);
    void (*slope)(const mlp_dense *layer, const mlp_units *units, float *d,
                  mlp_range rows, mlp_range columns);
} mlp_kernels;

/** The kernels for an instruction set, or for the best one this CPU has when
 *  name is NULL. NULL when the CPU lacks it (every set needs FMA on x86). */
const mlp_kernels *mlp_kernels_find(const char *name);

/** The best one's; MLP_ERROR_INTERNAL when the CPU has none. */
mlp_status mlp_kernels_best(const mlp_kernels **kernels);

#endif
