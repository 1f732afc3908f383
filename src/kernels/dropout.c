/** @file
 *  Dropout's factors, a panel of units at a time, for one instruction set.
 */
#include <string.h>

#include "philox.h"

/* A word of all blocks of a panel. */
typedef uint32_t panel_words
    __attribute__((vector_size(SIDE * sizeof(uint32_t))));

/* Unit 32 p + 8 w + i of a row has word w of the block of unit 8 p + i.
 * Selected by bits: a branch would be mispredicted for each unit left out. */
INLINE void mask_panel(const mlp_dropout *dropout, uint64_t row, size_t panel,
                       uint32_t least_kept, float factor, float mask[MLP_PANEL])
{
    const mlp_rng_key key = {dropout->seed, MLP_RNG_DROPOUT, dropout->epoch};
    uint32_t drawn[4][SIDE], bits;
    memcpy(&bits, &factor, sizeof bits);
    draw_blocks(key, row, (uint32_t)(panel * SIDE), drawn);
    for (size_t w = 0; w < 4; w++) {
        panel_words x;
        memcpy(&x, drawn[w], sizeof x);
        x = (panel_words)(x >= least_kept) & bits;
        memcpy(mask + w * SIDE, &x, sizeof x);
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
            float *to = mask + r * stride + p * MLP_PANEL;
            size_t width = stride - p * MLP_PANEL;
            if (width >= MLP_PANEL) {
                mask_panel(dropout, row, p, least_kept, factor, to);
            } else {
                float panel[MLP_PANEL];
                mask_panel(dropout, row, p, least_kept, factor, panel);
                memcpy(to, panel, width * sizeof *to);
            }
        }
    }
}
