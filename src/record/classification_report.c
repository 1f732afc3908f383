/** @file
 *  The classification report and the confusion matrix as text.
 */
#include "classification_report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "system/terminal.h"

enum {
    MATRIX_CLASSES_MAX = 30, /* a larger matrix does not fit a terminal */
    CONFUSIONS_MAX = 20,
    LINE_COLUMNS = 80,
    NAME_COLUMNS_MIN = 12, /* for "weighted avg" */
    NAME_COLUMNS_MAX = 39  /* four more columns follow */
};

/* The stream, the class names, and the column widths. */
typedef struct {
    FILE *out;
    const mlp_names *names; /* NULL, or count 0: classes are numbered */
    size_t classes;
    int name_columns; /* width of the first column */
} layout;

/* A confusion: rows of class `truth` predicted as class `prediction`. */
typedef struct {
    size_t truth, prediction;
    uint64_t rows;
} confusion_cell;

static void print_score(const layout *l, const mlp_class_score *score)
{
    fprintf(l->out, " %9.4f %9.4f %9.4f %9" PRIu64 "\n", score->precision,
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

/* A class's name, or number, in this many columns. */
static void print_class(const layout *l, size_t k, int columns)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", k);
    bool has_name = l->names != NULL && k < l->names->count;
    mlp_terminal_put(l->out, has_name ? l->names->items[k] : number, columns);
}

static int longest_name(const layout *l)
{
    int longest = 0;
    for (size_t k = 0; l->names != NULL && k < l->names->count; k++) {
        int columns = mlp_terminal_width(l->names->items[k]);
        longest = columns > longest ? columns : longest;
    }
    return longest;
}

static layout choose_layout(FILE *out, const mlp_names *names, size_t classes)
{
    layout l = {.out = out, .names = names, .classes = classes};
    int columns = longest_name(&l);
    columns = columns < NAME_COLUMNS_MIN ? NAME_COLUMNS_MIN : columns;
    l.name_columns = columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX;
    return l;
}

static void print_scores(const layout *l, const mlp_class_score *scores,
                         double accuracy)
{
    mlp_class_score macro;
    mlp_class_score weighted;
    mlp_metrics_averages(scores, l->classes, &macro, &weighted);
    fprintf(l->out, "%*s  %9s %9s %9s %9s\n\n", l->name_columns, "",
            "precision", "recall", "f1-score", "support");
    for (size_t k = 0; k < l->classes; k++) {
        print_class(l, k, l->name_columns);
        fputc(' ', l->out);
        print_score(l, &scores[k]);
    }
    fprintf(l->out, "\n%*s  %9s %9s %9.4f %9" PRIu64 "\n", l->name_columns,
            "accuracy", "", "", accuracy, macro.support);
    fprintf(l->out, "%*s ", l->name_columns, "macro avg");
    print_score(l, &macro);
    fprintf(l->out, "%*s ", l->name_columns, "weighted avg");
    print_score(l, &weighted);
}

static int digits_of(uint64_t number)
{
    return snprintf(NULL, 0, "%" PRIu64, number);
}

/* ---- the matrix -------------------------------------------------------- */

/* Column widths, and whether the columns are headed by class numbers, which the
 * rows then show after their names. */
typedef struct {
    int columns;
    bool is_numbered;
    int digits; /* width of a number after a name; 0: none */
} matrix_form;

/* Columns are headed by names if the matrix then fits a line, or is as wide
 * because of its counts anyway; else by numbers, as names would be truncated
 * too much. */
static matrix_form form_of(const layout *l, const uint64_t *confusion)
{
    int names = longest_name(l);
    int width = 1;
    for (size_t i = 0; i < l->classes * l->classes; i++) {
        int digits = digits_of(confusion[i]);
        width = digits > width ? digits : width;
    }
    size_t line =
        (size_t)l->name_columns + 1 + l->classes * (size_t)(names + 1);
    if (names > 0 && (names <= width || line <= LINE_COLUMNS)) {
        return (matrix_form){.columns = names > width ? names : width};
    }
    int digits = digits_of(l->classes - 1);
    return (matrix_form){.columns = digits > width ? digits : width,
                         .is_numbered = true,
                         .digits = names > 0 ? digits : 0};
}

static void print_heads(const layout *l, const matrix_form *form)
{
    fprintf(l->out, "%*s ", l->name_columns, "");
    if (form->digits > 0) {
        fprintf(l->out, " %*s", form->digits, "");
    }
    for (size_t k = 0; k < l->classes; k++) {
        fputc(' ', l->out);
        if (form->is_numbered) {
            fprintf(l->out, "%*zu", form->columns, k);
        } else {
            print_class(l, k, form->columns);
        }
    }
    fputc('\n', l->out);
}

static void print_matrix(const layout *l, const uint64_t *confusion)
{
    const matrix_form form = form_of(l, confusion);
    fprintf(l->out, "\nconfusion matrix (row: truth, column: prediction)\n\n");
    print_heads(l, &form);
    for (size_t truth = 0; truth < l->classes; truth++) {
        print_class(l, truth, l->name_columns);
        fputc(' ', l->out);
        if (form.digits > 0) {
            fprintf(l->out, " %*zu", form.digits, truth);
        }
        for (size_t k = 0; k < l->classes; k++) {
            fprintf(l->out, " %*" PRIu64, form.columns,
                    confusion[truth * l->classes + k]);
        }
        fputc('\n', l->out);
    }
}

/* ---- the largest confusions -------------------------------------------- */

/* Keep the largest confusions, in descending order; ties keep the earlier
 * one. */
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

static void print_largest(const layout *l, const uint64_t *confusion)
{
    confusion_cell largest[CONFUSIONS_MAX];
    int columns = longest_name(l);
    size_t classes = l->classes;
    size_t count = 0;
    columns = columns < 10 ? 10 : columns > 30 ? 30 : columns;
    for (size_t i = 0; i < classes * classes; i++) {
        confusion_cell cell = {i / classes, i % classes, confusion[i]};
        if (cell.truth != cell.prediction && cell.rows > 0) {
            insert(largest, &count, cell);
        }
    }
    fprintf(l->out, "\nlargest confusions\n\n%*s  %*s %9s\n", l->name_columns,
            "truth", columns, "prediction", "rows");
    for (size_t i = 0; i < count; i++) {
        print_class(l, largest[i].truth, l->name_columns);
        fputs("  ", l->out);
        print_class(l, largest[i].prediction, columns);
        fprintf(l->out, " %9" PRIu64 "\n", largest[i].rows);
    }
}

mlp_status mlp_report_print(FILE *out, const uint64_t *confusion,
                            size_t classes, const mlp_names *names)
{
    const layout l = choose_layout(out, names, classes);
    mlp_class_score *scores = calloc(classes, sizeof *scores);
    if (scores == NULL) {
        return mlp_fail_memory("the classification report");
    }
    mlp_metrics_scores(confusion, classes, scores);
    print_scores(&l, scores, accuracy_of(confusion, classes));
    free(scores);
    if (classes <= MATRIX_CLASSES_MAX) {
        print_matrix(&l, confusion);
    } else {
        print_largest(&l, confusion);
    }
    return MLP_OK;
}
