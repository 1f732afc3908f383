/** @file
 *  Dropout's factors, many draws at a time, for one instruction set. The draws
 *  are those of base/rng.h; here eight units' blocks go through the rounds side
 * by side, in loops that the compiler turns into vectors.
 */
#include "base/rng.h"

#include "isa.h"

enum { ROUNDS = 10, SIDE = MLP_PANEL / 4 }; /* blocks of four words a panel */

/* Philox4x32-10 (see base/rng.c) on SIDE blocks at once: word w of block i is
 * x[w][i]. */
INLINE void mix_blocks(uint32_t x[4][SIDE], uint32_t low, uint32_t high)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SIDE; i++) {
            uint64_t a = (uint64_t)0xD2511F53U * x[0][i];
            uint64_t b = (uint64_t)0xCD9E8D57U * x[2][i];
            x[0][i] = (uint32_t)(b >> 32) ^ x[1][i] ^ low;
            x[1][i] = (uint32_t)b;
            x[2][i] = (uint32_t)(a >> 32) ^ x[3][i] ^ high;
            x[3][i] = (uint32_t)a;
        }
        low += 0x9E3779B9U;
        high += 0xBB67AE85U;
    }
}

/* Unit 32 p + 8 w + i of a row has word w of the block of unit 8 p + i. */
static void mask_panel(const mlp_dropout *dropout, uint64_t row, size_t panel,
                       uint32_t least_kept, float factor, float mask[MLP_PANEL])
{
    uint32_t x[4][SIDE];
    for (size_t i = 0; i < SIDE; i++) {
        x[0][i] = (uint32_t)(panel * SIDE + i);
        x[1][i] = (uint32_t)row;
        x[2][i] = dropout->epoch;
        x[3][i] = MLP_RNG_DROPOUT | (uint32_t)(row >> 32) << 8;
    }
    mix_blocks(x, (uint32_t)dropout->seed, (uint32_t)(dropout->seed >> 32));
    for (size_t w = 0; w < 4; w++) {
        for (size_t i = 0; i < SIDE; i++) {
            mask[w * SIDE + i] = x[w][i] >= least_kept ? factor : 0.0f;
        }
    }
}

void ISA(mlp_dropout)(const mlp_dropout *dropout, float *mask, size_t stride,
                      mlp_range rows, mlp_range panels)
{
    uint32_t least_kept = (uint32_t)(dropout->share * 0x1p32);
    float factor = (float)(1.0 / (1.0 - dropout->share));
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        /* rows of a split are below 2^40, layers below 2^16 */
        uint64_t row = (uint64_t)dropout->layer << 40 | dropout->rows[r];
        for (size_t p = panels.first; p < panels.first + panels.count; p++) {
            float panel[MLP_PANEL];
            size_t width = least(MLP_PANEL, stride - p * MLP_PANEL);
            mask_panel(dropout, row, p, least_kept, factor, panel);
            for (size_t j = 0; j < width; j++) {
                mask[r * stride + p * MLP_PANEL + j] = panel[j];
            }
        }
    }
}
