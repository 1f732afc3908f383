/** @file
 *  The errors of a regression.
 */
#include <inttypes.h>

#include "report.h"

void mlp_page_errors(mlp_markup *m, const mlp_report_input *input)
{
    static const char *const heads[] = {"row", "predicted", "true", "error"};
    const mlp_review *r = &input->review;
    mlp_page_section(m, "errors", "Errors");
    mlp_markup_element(
        m, "p", "note",
        "%" PRIu64 " test rows of %s, by the checkpoint of epoch %" PRIu64
        ": root mean squared error %.6g and mean absolute error %.6g in the "
        "table's unit, R2 %.4f (explained variance), loss %.4f (of scaled "
        "targets).",
        r->tally.rows, r->loaded.data_name, r->loaded.checkpoint.epoch,
        mlp_tally_metric(&r->tally, MLP_METRIC_RMSE), mlp_tally_mae(&r->tally),
        mlp_tally_r2(&r->tally), mlp_tally_loss(&r->tally));
    mlp_page_table(m, "Test rows with the largest errors", NULL);
    mlp_page_heads(m, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < r->example_count; i++) {
        const mlp_miss *miss = &r->examples[i].miss;
        mlp_markup_open(m, "tr");
        mlp_page_row_head(m, "%zu", r->examples[i].row);
        mlp_markup_element(m, "td", NULL, "%.6g", miss->prediction);
        mlp_markup_element(m, "td", NULL, "%.6g", miss->truth);
        mlp_markup_element(m, "td", NULL, "%+.6g",
                           miss->prediction - miss->truth);
        mlp_markup_close(m);
    }
    mlp_page_table_end(m);
    mlp_markup_close(m);
}
