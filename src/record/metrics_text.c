/** @file
 *  Metrics and a reliability diagram for a terminal.
 */
#include "metrics_text.h"

#include <inttypes.h>
#include <math.h>

enum { BAR_COLUMNS = 30 };

/* Columns of a metric's name, as in the lines of `mlp eval`. */
enum { NUMBER_COLUMNS = 12, CLASS_COLUMNS = 20 };

void mlp_metrics_print(FILE *out, const mlp_tally *tally)
{
    bool is_first = true;
    for (mlp_metric metric = MLP_METRIC_ACCURACY + 1; metric < MLP_METRICS;
         metric++) {
        const mlp_metric_facts *facts = mlp_metric_facts_of(metric);
        double value = mlp_tally_metric(tally, metric);
        if (isnan(value)) {
            continue;
        }
        if (facts->is_of_classes) {
            fprintf(out, "%s%-*s%.6f\n", is_first ? "\n" : "", CLASS_COLUMNS,
                    facts->label, value);
        } else {
            fprintf(out, metric == MLP_METRIC_R2 ? "%-*s%.6f\n" : "%-*s%.6g\n",
                    NUMBER_COLUMNS, facts->label, value);
        }
        is_first = false;
    }
}

const char *mlp_reliability_probability_name(size_t classes)
{
    return classes > 2 ? "largest probability" : "probability of class 1";
}

const char *mlp_reliability_share_name(size_t classes)
{
    return classes > 2 ? "rows of that class" : "rows of class 1";
}

static void print_bar(FILE *out, double share, double probability)
{
    int end = (int)lround(share * BAR_COLUMNS);
    int mark = (int)lround(probability * BAR_COLUMNS);
    for (int column = 0; column < end || column <= mark; column++) {
        fputc(column == mark ? '|' : column < end ? '#' : ' ', out);
    }
    fputc('\n', out);
}

void mlp_reliability_print(FILE *out, const mlp_reliability *reliability,
                           size_t classes)
{
    if (reliability->rows == 0) {
        return;
    }
    fprintf(out,
            "\ncalibration: %s, and the share of %s\n"
            "expected calibration error %.6f\n\n"
            "  probability      rows    mean   share  |: calibrated\n",
            mlp_reliability_probability_name(classes),
            mlp_reliability_share_name(classes),
            mlp_reliability_error(reliability));
    for (int i = 0; i < MLP_RELIABILITY_BINS; i++) {
        const mlp_reliability_bin *bin = &reliability->bins[i];
        double probability = mlp_reliability_probability(bin);
        double share = mlp_reliability_share(bin);
        if (bin->rows > 0) {
            fprintf(out, "  %.3f-%.3f %9" PRIu64 "  %.4f  %.4f  ",
                    (double)i / MLP_RELIABILITY_BINS,
                    (double)(i + 1) / MLP_RELIABILITY_BINS, bin->rows,
                    probability, share);
            print_bar(out, share, probability);
        }
    }
}
