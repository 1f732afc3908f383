/** @file
 *  Predictions as text: pictures are drawn, rows of a table listed by column,
 *  with a bar for each output.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/terminal_picture.h"
#include "predict.h"
#include "system/terminal.h"

enum {
    PICTURE_COLUMNS = 56, /* leaves room for a bar beside it */
    BAR_COLUMNS = 20,
    BARS_MIN = 10,
    NAME_COLUMNS = 24, /* of a class name beside its bar */
    LINE_COLUMNS = 79,
    LINES_MOST = 4 /* lines of a table's columns */
};

/* The classes to show: all in order, or those of the largest outputs, in
 * descending order. */
static size_t choose(const mlp_prediction *p, size_t r, size_t most,
                     size_t *classes)
{
    const float *outputs = mlp_prediction_outputs(p, r);
    size_t count = 0;
    for (size_t k = 0; k < p->result.classes; k++) {
        if (p->result.classes <= most) {
            classes[count++] = k;
            continue;
        }
        if (count == most && !(outputs[k] > outputs[classes[most - 1]])) {
            continue;
        }
        size_t place = count < most ? count++ : most - 1;
        for (; place > 0 && outputs[classes[place - 1]] < outputs[k]; place--) {
            classes[place] = classes[place - 1];
        }
        classes[place] = k;
    }
    return count;
}

static void print_output(FILE *out, const mlp_prediction *p, double output)
{
    if (mlp_prediction_is_probable(p->checkpoint)) {
        fprintf(out, "%.2f%%", 100.0 * output);
    } else {
        fprintf(out, "%.4g", output);
    }
}

/* ---- bars */

static void print_class(FILE *out, const mlp_prediction *p, size_t k,
                        int columns)
{
    const char *name = mlp_prediction_class_name(p->checkpoint, k);
    if (name != NULL) {
        mlp_terminal_put(out, name, columns);
    } else {
        fprintf(out, "%*zu", columns, k);
    }
}

/* Width of the classes' names, or numbers. */
static int class_columns(const mlp_prediction *p)
{
    const mlp_names *names = &p->checkpoint->class_names;
    int columns = snprintf(NULL, 0, "%zu", p->result.classes - 1);
    for (size_t k = 0; k < names->count; k++) {
        int own = mlp_terminal_width(names->items[k]);
        columns = own > columns ? own : columns;
    }
    return columns < NAME_COLUMNS ? columns : NAME_COLUMNS;
}

static void print_bar(FILE *out, const mlp_prediction *p, size_t r, size_t k,
                      mlp_drawing_style style)
{
    double output = (double)mlp_prediction_outputs(p, r)[k];
    size_t class = mlp_prediction_class(p->checkpoint, k);
    bool is_lit =
        style == MLP_DRAWING_COLOR && class == p->result.predictions[r];
    fputs(is_lit ? "  \033[1;32m" : "  ", out);
    print_class(out, p, class, class_columns(p));
    fputc(' ', out);
    mlp_drawing_bar(out, output, BAR_COLUMNS, style);
    fputc(' ', out);
    print_output(out, p, output);
    fputs(is_lit ? "\033[0m" : "", out);
}

/* The classes whose bars are shown. */
typedef struct {
    size_t *classes;
    size_t count;
} bars;

static mlp_status choose_bars(const mlp_prediction *p, size_t r, size_t most,
                              bars *shown)
{
    most = most > BARS_MIN ? most : BARS_MIN;
    shown->classes = calloc(most, sizeof *shown->classes);
    if (shown->classes == NULL) {
        return mlp_fail_memory("the classes to show");
    }
    shown->count = choose(p, r, most, shown->classes);
    return MLP_OK;
}

static void print_bars(FILE *out, const mlp_prediction *p, size_t r,
                       const bars *shown)
{
    mlp_drawing_style style = mlp_drawing_style_for(out);
    for (size_t i = 0; i < shown->count; i++) {
        print_bar(out, p, r, shown->classes[i], style);
        fputc('\n', out);
    }
}

/* ---- a row of a table */

/* A wrapped text like "years 7", and the columns used in its current line. */
typedef struct {
    FILE *out;
    int columns;
    int lines;
} paragraph;

/* False when there is no more space. */
static bool put_item(paragraph *text, const char *name, const char *value,
                     bool is_last)
{
    int columns = mlp_terminal_width(name) + 1 + mlp_terminal_width(value) +
                  (is_last ? 0 : 1);
    if (text->columns > 0 && text->columns + 1 + columns > LINE_COLUMNS) {
        if (++text->lines == LINES_MOST) {
            fputs(" ...", text->out);
            return false;
        }
        fputc('\n', text->out);
        text->columns = 0;
    }
    int gap = text->columns > 0 ? 1 : 2;
    fprintf(text->out, "%*s", gap, "");
    mlp_terminal_put(text->out, name, -mlp_terminal_width(name));
    fputc(' ', text->out);
    mlp_terminal_put(text->out, value, -mlp_terminal_width(value));
    fputs(is_last ? "" : ",", text->out);
    text->columns += gap + columns;
    return true;
}

/* The category of a text column; its number of categories for none. */
static size_t category_of(const mlp_column *column, const float *features)
{
    size_t count = mlp_column_categories(column);
    if (column->is_pair) {
        return features[0] > 0.0F ? 0 : features[0] < 0.0F ? 1 : count;
    }
    size_t category = 0;
    while (category < count && features[category] == 0.0F) {
        category++;
    }
    return category;
}

/* The category, or the number, of a column whose features begin here. */
static const char *cell_of(const mlp_column *column, const float *features,
                           char number[32])
{
    if (column->kind == MLP_COLUMN_TEXT) {
        size_t category = category_of(column, features);
        return category < column->categories.count
                   ? column->categories.items[category]
               : category == column->categories.count && column->has_gaps
                   ? "(missing)"
                   : "(other)";
    }
    if (column->has_gaps && features[1] > 0.0F) {
        return "(missing)";
    }
    snprintf(number, 32, "%.7g", (double)features[0]);
    return number;
}

static mlp_status print_columns(FILE *out, const mlp_prediction *p, size_t r)
{
    const mlp_schema *schema = &p->checkpoint->schema;
    size_t count, left = p->dataset->features;
    const float *features =
        mlp_dataset_read(p->dataset, (mlp_range){p->begin + r, 1}, &count);
    MLP_TRY(mlp_dataset_status(p->dataset));
    paragraph text = {.out = out};
    for (size_t i = 0; i < schema->count && left > 0; i++) {
        const mlp_column *column = &schema->columns[i];
        if (i == schema->label || mlp_column_features(column) == 0) {
            continue;
        }
        char number[32];
        size_t width = mlp_column_features(column);
        left -= width;
        if (!put_item(&text, column->name, cell_of(column, features, number),
                      left == 0)) {
            break;
        }
        features += width;
    }
    fputc('\n', out);
    return MLP_OK;
}

static mlp_status print_row(FILE *out, const mlp_prediction *p, size_t r)
{
    bars shown = {0};
    if (p->checkpoint->schema.count > 0) {
        MLP_TRY(print_columns(out, p, r));
    }
    if (p->checkpoint->schema.is_regression) {
        return MLP_OK;
    }
    MLP_TRY(choose_bars(p, r, BARS_MIN, &shown));
    fputc('\n', out);
    print_bars(out, p, r, &shown);
    free(shown.classes);
    return MLP_OK;
}

/* ---- a picture */

static void print_lines(FILE *out, const mlp_prediction *p, size_t r,
                        const mlp_image *fitted, const bars *shown)
{
    mlp_drawing_style style = mlp_drawing_style_for(out);
    size_t lines = mlp_drawing_lines(fitted);
    size_t above = lines > shown->count ? (lines - shown->count) / 2 : 0;
    for (size_t line = 0; line < lines || line < shown->count; line++) {
        fputs("  ", out);
        mlp_drawing_line(out, fitted, line, style);
        if (line >= above && line - above < shown->count) {
            print_bar(out, p, r, shown->classes[line - above], style);
        }
        fputc('\n', out);
    }
}

/* A row as a gray picture: 0 and negative values are black; channels of a color
 * are averaged. */
static mlp_status paint(const mlp_prediction *p, size_t r, mlp_image *image)
{
    const mlp_dataset *data = p->dataset;
    const mlp_checkpoint *c = p->checkpoint;
    size_t channels = c->channels > 1 ? c->channels : 1;
    size_t count, at = 0;
    const void *values =
        mlp_dataset_read(data, (mlp_range){p->begin + r, 1}, &count);
    MLP_TRY(mlp_dataset_status(data));
    MLP_TRY(mlp_image_create(c->height, c->width / channels, 1, image));
    for (size_t i = 0; i < data->features / channels; i++) {
        float value = 0.0F;
        for (size_t k = 0; k < channels; k++, at++) {
            value += data->element == MLP_ELEMENT_U8
                         ? ((const unsigned char *)values)[at]
                         : ((const float *)values)[at];
        }
        value /= (float)channels;
        float light = p->largest > 0.0F ? value / p->largest : 0.0F;
        light = light < 1.0F ? light : 1.0F;
        image->pixels[i] =
            light > 0.0F ? (unsigned char)lrintf(255.0F * light) : 0;
    }
    return MLP_OK;
}

static mlp_status print_picture(FILE *out, const mlp_prediction *p, size_t r)
{
    mlp_image image, fitted;
    bars shown = {0};
    MLP_TRY(paint(p, r, &image));
    mlp_status status = mlp_drawing_fit(&image, PICTURE_COLUMNS, &fitted);
    mlp_image_destroy(&image);
    MLP_TRY(status);
    status = choose_bars(p, r, mlp_drawing_lines(&fitted), &shown);
    if (status == MLP_OK) {
        fputc('\n', out);
        print_lines(out, p, r, &fitted, &shown);
    }
    free(shown.classes);
    mlp_image_destroy(&fitted);
    return status;
}

/* "row 3: ", or a file's name, or a row's id */
static void print_name(FILE *out, const mlp_prediction *p, size_t r,
                       const mlp_table_record *record)
{
    const char *name = p->names != NULL ? p->names[r]
                       : record != NULL ? record->id
                                        : NULL;
    if (name != NULL) {
        mlp_terminal_put(out, name, -mlp_terminal_width(name));
    } else {
        fprintf(out, "row %zu", record != NULL ? record->number : p->first + r);
    }
    fputs(": ", out);
}

/* "virginica (99.98%)", "price 12540.9" */
static void print_head(FILE *out, const mlp_prediction *p, size_t r)
{
    const mlp_schema *schema = &p->checkpoint->schema;
    if (schema->is_regression) {
        const char *label = schema->columns[schema->label].name;
        mlp_terminal_put(out, label, -mlp_terminal_width(label));
        fprintf(out, " %.7g\n", mlp_prediction_number(p, r));
        return;
    }
    size_t k = p->result.predictions[r];
    const char *name = mlp_prediction_class_name(p->checkpoint, k);
    print_class(out, p, k, name != NULL ? -mlp_terminal_width(name) : 0);
    fputs(" (", out);
    print_output(
        out, p,
        (double)mlp_prediction_outputs(p, r)[mlp_prediction_output(p, r)]);
    fputs(")\n", out);
}

mlp_status mlp_predict_print_text(FILE *out, const mlp_prediction *p, size_t r,
                                  const mlp_table_record *record)
{
    print_name(out, p, r, record);
    if (r == SIZE_MAX) {
        fputs("no prediction: ", out);
        mlp_terminal_put(out, record->reason,
                         -mlp_terminal_width(record->reason));
        fputs("\n\n", out);
        return MLP_OK;
    }
    print_head(out, p, r);
    MLP_TRY(p->checkpoint->height > 1 ? print_picture(out, p, r)
                                      : print_row(out, p, r));
    fputc('\n', out);
    return MLP_OK;
}
