/** @file
 *  The classification report and the confusion matrix as text.
 */
#include "mlp/report.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    MATRIX_CLASSES_MAX = 30, /* a wider matrix does not fit a terminal */
    CONFUSIONS_MAX = 20
};

/* One kind of mistake: rows of class truth taken for class prediction. */
typedef struct {
    size_t truth, prediction;
    uint64_t rows;
} confusion_cell;

static void print_score(FILE *out, const mlp_class_score *score)
{
    fprintf(out, " %9.4f %9.4f %9.4f %9" PRIu64 "\n", score->precision,
            score->recall, score->f1, score->support);
}

static double accuracy_of(const uint64_t *confusion, size_t classes)
{
    uint64_t hits = 0;
    uint64_t rows = 0;
    for (size_t i = 0; i < classes * classes; i++) {
        rows += confusion[i];
        hits += i % (classes + 1) == 0 ? confusion[i] : 0;
    }
    return rows > 0 ? (double)hits / (double)rows : 0;
}

/* A class in the column of names. */
static void print_class(FILE *out, const mlp_names *names, size_t k)
{
    if (names != NULL && k < names->count) {
        fprintf(out, "%12.40s ", names->items[k]);
    } else {
        fprintf(out, "%12zu ", k);
    }
}

static void print_scores(FILE *out, const mlp_class_score *scores,
                         size_t classes, const mlp_names *names,
                         double accuracy)
{
    mlp_class_score macro;
    mlp_class_score weighted;
    mlp_metrics_averages(scores, classes, &macro, &weighted);
    fprintf(out, "%12s  %9s %9s %9s %9s\n\n", "", "precision", "recall",
            "f1-score", "support");
    for (size_t k = 0; k < classes; k++) {
        print_class(out, names, k);
        print_score(out, &scores[k]);
    }
    fprintf(out, "\n%12s  %9s %9s %9.4f %9" PRIu64 "\n", "accuracy", "", "",
            accuracy, macro.support);
    fprintf(out, "%12s ", "macro avg");
    print_score(out, &macro);
    fprintf(out, "%12s ", "weighted avg");
    print_score(out, &weighted);
}

static int digits_of(uint64_t number)
{
    return snprintf(NULL, 0, "%" PRIu64, number);
}

static void print_matrix(FILE *out, const uint64_t *confusion, size_t classes,
                         const mlp_names *names)
{
    int width = digits_of(classes - 1);
    for (size_t i = 0; i < classes * classes; i++) {
        int digits = digits_of(confusion[i]);
        width = digits > width ? digits : width;
    }
    fprintf(out, "\nconfusion matrix (row: truth, column: prediction)\n\n");
    fprintf(out, "%12s ", "");
    for (size_t k = 0; k < classes; k++) {
        fprintf(out, " %*zu", width, k);
    }
    fprintf(out, "\n");
    for (size_t truth = 0; truth < classes; truth++) {
        print_class(out, names, truth);
        for (size_t k = 0; k < classes; k++) {
            fprintf(out, " %*" PRIu64, width, confusion[truth * classes + k]);
        }
        fprintf(out, "\n");
    }
}

/* Keep the largest mistakes, largest first; of equals the earlier stays. */
static void insert(confusion_cell *largest, size_t *count, confusion_cell cell)
{
    if (*count == CONFUSIONS_MAX && cell.rows <= largest[*count - 1].rows) {
        return;
    }
    size_t place = *count < CONFUSIONS_MAX ? (*count)++ : *count - 1;
    for (; place > 0 && largest[place - 1].rows < cell.rows; place--) {
        largest[place] = largest[place - 1];
    }
    largest[place] = cell;
}

static void print_largest(FILE *out, const uint64_t *confusion, size_t classes)
{
    confusion_cell largest[CONFUSIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < classes * classes; i++) {
        confusion_cell cell = {i / classes, i % classes, confusion[i]};
        if (cell.truth != cell.prediction && cell.rows > 0) {
            insert(largest, &count, cell);
        }
    }
    fprintf(out, "\nlargest confusions\n\n%12s  %10s %9s\n", "truth",
            "prediction", "rows");
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%12zu  %10zu %9" PRIu64 "\n", largest[i].truth,
                largest[i].prediction, largest[i].rows);
    }
}

mlp_status mlp_report_print(FILE *out, const uint64_t *confusion,
                            size_t classes, const mlp_names *names)
{
    mlp_class_score *scores = calloc(classes, sizeof *scores);
    if (scores == NULL) {
        return mlp_fail_memory("the classification report");
    }
    mlp_metrics_scores(confusion, classes, scores);
    print_scores(out, scores, classes, names, accuracy_of(confusion, classes));
    free(scores);
    if (classes <= MATRIX_CLASSES_MAX) {
        print_matrix(out, confusion, classes, names);
    } else {
        print_largest(out, confusion, classes);
    }
    return MLP_OK;
}
