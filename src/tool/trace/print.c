/** @file
 *  Prints the numbers of mlp trace: each with its name, its formula, the
 *  formula with numbers, and its value; as text, or as rows of a Markdown
 *  table.
 */
#include "text.h"
#include "trace.h"

typedef struct {
    FILE *out;
    const mlp_trace *trace;
    bool is_markdown;
} printer;

static void section(const printer *p, const char *title)
{
    if (p->is_markdown) {
        fprintf(p->out,
                "\n## %s\n\n| | formula | numbers | value |\n|---|---|---|---|"
                "\n",
                title);
    } else {
        fprintf(p->out, "\n%s\n", title);
    }
}

static void step(const printer *p, const mlp_trace_text *name,
                 const mlp_trace_text *formula, const mlp_trace_text *numbers,
                 double value)
{
    if (p->is_markdown) {
        fprintf(p->out, "| `%s` | `%s` | `%s` | %.9g |\n", name->text,
                formula->text, numbers->text, value);
    } else {
        fprintf(p->out, "  %s = %s\n  %*s = %s\n  %*s = %.9g\n", name->text,
                formula->text, (int)name->used, "", numbers->text,
                (int)name->used, "", value);
    }
}

/* ---- forward ----------------------------------------------------------- */

/* "x1" or "a2[1]": unit i below layer l. */
static void add_input(mlp_trace_text *to, size_t l, size_t i)
{
    if (l == 0) {
        mlp_trace_add(to, "x[%zu]", i + 1);
    } else {
        mlp_trace_add(to, "a%zu[%zu]", l, i + 1);
    }
}

static const double *inputs_of(const mlp_trace *trace, size_t l)
{
    return l == 0 ? trace->x : trace->layer[l - 1].a;
}

static void print_sum(const printer *p, size_t l, size_t j)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    const double *x = inputs_of(p->trace, l);
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_trace_add(&name, "z%zu[%zu]", l + 1, j + 1);
    for (size_t i = 0; i < layer->in; i++) {
        mlp_trace_add(&formula, "%s", i > 0 ? " + " : "");
        mlp_trace_add(&numbers, "%s", i > 0 ? " + " : "");
        add_input(&formula, l, i);
        mlp_trace_add(&formula, " W%zu[%zu,%zu]", l + 1, i + 1, j + 1);
        mlp_trace_add_number(&numbers, x[i]);
        mlp_trace_add(&numbers, " * ");
        mlp_trace_add_number(&numbers, layer->w[i][j]);
    }
    if (layer->has_bias) {
        mlp_trace_add(&formula, " + b%zu[%zu]", l + 1, j + 1);
        mlp_trace_add(&numbers, " + ");
        mlp_trace_add_number(&numbers, layer->b[j]);
    }
    step(p, &name, &formula, &numbers, layer->z[j]);
}

static void print_softmax(const printer *p, size_t l, size_t j)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_trace_add(&name, "a%zu[%zu]", l + 1, j + 1);
    mlp_trace_add(&formula, "exp(z%zu[%zu]) / (", l + 1, j + 1);
    mlp_trace_add(&numbers, "exp(%.6g) / (", layer->z[j]);
    for (size_t k = 0; k < layer->out; k++) {
        mlp_trace_add(&formula, "%sexp(z%zu[%zu])", k > 0 ? " + " : "", l + 1,
                      k + 1);
        mlp_trace_add(&numbers, "%sexp(%.6g)", k > 0 ? " + " : "", layer->z[k]);
    }
    mlp_trace_add(&formula, ")");
    mlp_trace_add(&numbers, ")");
    step(p, &name, &formula, &numbers, layer->a[j]);
}

static void print_activation(const printer *p, size_t l, size_t j)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    mlp_trace_formula f =
        mlp_trace_formula_of(mlp_trace_activation(p->trace, l));
    mlp_trace_text name = {0}, formula = {0}, numbers = {0}, z = {0};
    bool is_last = l + 1 == p->trace->layers;
    if (is_last && p->trace->config.output == MLP_OUTPUT_SOFTMAX) {
        print_softmax(p, l, j);
        return;
    }
    if (is_last && p->trace->config.output == MLP_OUTPUT_EXP) {
        f.value = "exp(%s)";
    }
    mlp_trace_add(&name, "a%zu[%zu]", l + 1, j + 1);
    mlp_trace_add(&z, "z%zu[%zu]", l + 1, j + 1);
    mlp_trace_add_formula(&formula, f.value, z.text);
    mlp_trace_add_formula_of(&numbers, f.value, layer->z[j]);
    step(p, &name, &formula, &numbers, layer->a[j]);
}

static void print_forward(const printer *p)
{
    for (size_t l = 0; l < p->trace->layers; l++) {
        mlp_trace_text title = {0};
        mlp_trace_add(&title, "Forward, layer %zu", l + 1);
        section(p, title.text);
        for (size_t j = 0; j < p->trace->layer[l].out; j++) {
            print_sum(p, l, j);
            print_activation(p, l, j);
        }
    }
}

/* ---- the loss ---------------------------------------------------------- */

/* One output's term of the loss, as text or as numbers. */
static void add_error(mlp_trace_text *to, mlp_loss loss, const char *a,
                      const char *y)
{
    switch (loss) {
    case MLP_LOSS_CROSS_ENTROPY:
        mlp_trace_add(to, "-%s log(%s)", y, a);
        break;
    case MLP_LOSS_BINARY_CROSS_ENTROPY:
        mlp_trace_add(to, "-%s log(%s) - (1 - %s) log(1 - %s)", y, a, y, a);
        break;
    case MLP_LOSS_PERCEPTRON:
    case MLP_LOSS_MAE:
        mlp_trace_add(to, "abs(%s - %s)", a, y);
        break;
    case MLP_LOSS_HUBER:
        mlp_trace_add(to, "huber(%s - %s)", a, y);
        break;
    case MLP_LOSS_POISSON:
        mlp_trace_add(to, "(%s log(%s / %s) - %s + %s)", y, y, a, y, a);
        break;
    case MLP_LOSS_MSE:
        mlp_trace_add(to, "1/2 (%s - %s)^2", a, y);
        break;
    }
}

static void print_loss(const printer *p)
{
    const mlp_trace *trace = p->trace;
    const mlp_trace_layer *last = &trace->layer[trace->layers - 1];
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_trace_add(&name, "E");
    for (size_t j = 0; j < last->out; j++) {
        mlp_trace_text a = {0}, y = {0}, a_value = {0}, y_value = {0};
        mlp_trace_add(&a, "a%zu[%zu]", trace->layers, j + 1);
        mlp_trace_add(&y, "y[%zu]", j + 1);
        mlp_trace_add_number(&a_value, last->a[j]);
        mlp_trace_add_number(&y_value, trace->y[j]);
        mlp_trace_add(&formula, "%s", j > 0 ? " + " : "");
        mlp_trace_add(&numbers, "%s", j > 0 ? " + " : "");
        add_error(&formula, trace->config.loss, a.text, y.text);
        add_error(&numbers, trace->config.loss, a_value.text, y_value.text);
    }
    section(p, "Loss");
    step(p, &name, &formula, &numbers, trace->error);
}

/* ---- backward ---------------------------------------------------------- */

/* " f'(z)" in its formula and in numbers, unless it is 1. */
static void add_slope(const printer *p, size_t l, size_t j,
                      mlp_trace_text *formula, mlp_trace_text *numbers)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    mlp_activation activation = mlp_trace_activation(p->trace, l);
    mlp_trace_formula f = mlp_trace_formula_of(activation);
    mlp_trace_text unit = {0};
    if (activation == MLP_ACTIVATION_IDENTITY) {
        return;
    }
    mlp_trace_add(&unit, "%c%zu[%zu]", f.slope_takes_a ? 'a' : 'z', l + 1,
                  j + 1);
    mlp_trace_add(formula, " * ");
    mlp_trace_add(numbers, " * ");
    mlp_trace_add_formula(formula, f.slope, unit.text);
    mlp_trace_add_formula_of(numbers, f.slope,
                             f.slope_takes_a ? layer->a[j] : layer->z[j]);
}

static void print_output_delta(const printer *p, size_t l, size_t j)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_loss loss = p->trace->config.loss;
    const char *of = loss == MLP_LOSS_MAE     ? "sign"
                     : loss == MLP_LOSS_HUBER ? "huber'"
                                              : "";
    mlp_trace_add(&name, "delta%zu[%zu]", l + 1, j + 1);
    mlp_trace_add(&formula, "%s(a%zu[%zu] - y[%zu])", of, l + 1, j + 1, j + 1);
    mlp_trace_add(&numbers, "%s(", of);
    mlp_trace_add_number(&numbers, layer->a[j]);
    mlp_trace_add(&numbers, " - ");
    mlp_trace_add_number(&numbers, p->trace->y[j]);
    mlp_trace_add(&numbers, ")");
    if (mlp_trace_has_slope(p->trace)) {
        add_slope(p, l, j, &formula, &numbers);
    }
    step(p, &name, &formula, &numbers, layer->delta[j]);
}

static void print_hidden_delta(const printer *p, size_t l, size_t i)
{
    const mlp_trace_layer *layer = &p->trace->layer[l];
    const mlp_trace_layer *above = &p->trace->layer[l + 1];
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_trace_add(&name, "delta%zu[%zu]", l + 1, i + 1);
    mlp_trace_add(&formula, "(");
    mlp_trace_add(&numbers, "(");
    for (size_t j = 0; j < above->out; j++) {
        mlp_trace_add(&formula, "%sW%zu[%zu,%zu] delta%zu[%zu]",
                      j > 0 ? " + " : "", l + 2, i + 1, j + 1, l + 2, j + 1);
        mlp_trace_add(&numbers, "%s", j > 0 ? " + " : "");
        mlp_trace_add_number(&numbers, above->w[i][j]);
        mlp_trace_add(&numbers, " * ");
        mlp_trace_add_number(&numbers, above->delta[j]);
    }
    mlp_trace_add(&formula, ")");
    mlp_trace_add(&numbers, ")");
    add_slope(p, l, i, &formula, &numbers);
    step(p, &name, &formula, &numbers, layer->delta[i]);
}

static void print_backward(const printer *p)
{
    for (size_t l = p->trace->layers; l-- > 0;) {
        mlp_trace_text title = {0};
        bool is_last = l + 1 == p->trace->layers;
        mlp_trace_add(&title, "Backward, layer %zu: delta = dE/dz", l + 1);
        section(p, title.text);
        for (size_t j = 0; j < p->trace->layer[l].out; j++) {
            if (is_last) {
                print_output_delta(p, l, j);
            } else {
                print_hidden_delta(p, l, j);
            }
        }
    }
}

/* ---- update ------------------------------------------------------------ */

/* The gradient of one parameter, and its update.
 *  @param parameter  "W1[1,2]"
 *  @param input      factor of delta in its gradient; NULL for a bias */
static void print_update(const printer *p, size_t l, size_t j,
                         const mlp_trace_text *parameter, double before,
                         const mlp_trace_text *input, double x)
{
    double delta = p->trace->layer[l].delta[j];
    double lr = p->trace->config.lr;
    mlp_trace_text name = {0}, formula = {0}, numbers = {0};
    mlp_trace_add(&name, "dE/d%s", parameter->text);
    if (input != NULL) {
        mlp_trace_add(&formula, "%s ", input->text);
        mlp_trace_add_number(&numbers, x);
        mlp_trace_add(&numbers, " * ");
    }
    mlp_trace_add(&formula, "delta%zu[%zu]", l + 1, j + 1);
    mlp_trace_add_number(&numbers, delta);
    double gradient = input != NULL ? x * delta : delta;
    step(p, &name, &formula, &numbers, gradient);
    mlp_trace_text next = {0}, rule = {0}, filled = {0};
    mlp_trace_add(&next, "new %s", parameter->text);
    mlp_trace_add(&rule, "%s - lr dE/d%s", parameter->text, parameter->text);
    mlp_trace_add_number(&filled, before);
    mlp_trace_add(&filled, " - %.6g * ", lr);
    mlp_trace_add_number(&filled, gradient);
    step(p, &next, &rule, &filled, before - lr * gradient);
}

static void print_updates(const printer *p)
{
    for (size_t l = 0; l < p->trace->layers; l++) {
        const mlp_trace_layer *layer = &p->trace->layer[l];
        const double *x = inputs_of(p->trace, l);
        mlp_trace_text title = {0};
        mlp_trace_add(&title, "Gradient and update, layer %zu", l + 1);
        section(p, title.text);
        for (size_t i = 0; i <= layer->in; i++) {
            bool is_bias = i == layer->in;
            for (size_t j = 0; j < layer->out && (!is_bias || layer->has_bias);
                 j++) {
                mlp_trace_text parameter = {0}, input = {0};
                if (is_bias) {
                    mlp_trace_add(&parameter, "b%zu[%zu]", l + 1, j + 1);
                    print_update(p, l, j, &parameter, layer->b[j], NULL, 1.0);
                } else {
                    mlp_trace_add(&parameter, "W%zu[%zu,%zu]", l + 1, i + 1,
                                  j + 1);
                    add_input(&input, l, i);
                    print_update(p, l, j, &parameter, layer->w[i][j], &input,
                                 x[i]);
                }
            }
        }
    }
}

void mlp_trace_print(FILE *out, const mlp_trace *trace, bool is_markdown)
{
    const printer p = {out, trace, is_markdown};
    fprintf(out, "%sOne step of a net ", is_markdown ? "# " : "");
    fprintf(out, "%zu", trace->layer[0].in);
    for (size_t l = 0; l < trace->layers; l++) {
        fprintf(out, "-%zu", trace->layer[l].out);
    }
    fprintf(out, "\n");
    print_forward(&p);
    print_loss(&p);
    print_backward(&p);
    print_updates(&p);
}
