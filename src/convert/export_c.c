/** @file
 *  A model as a C header: one function, which needs libm only.
 */
#include <string.h>

#include "base/version.h"
#include "export.h"

enum { NUMBERS_PER_LINE = 6 };

void mlp_export_c_number(FILE *out, float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", (double)value);
    fprintf(out, "%s%sf", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static void write_array(FILE *out, const char *name, size_t layer,
                        const float *values, size_t count)
{
    fprintf(out, "static const float mlp_%s_%zu[%zu] = {", name, layer, count);
    for (size_t i = 0; i < count; i++) {
        fputs(i % NUMBERS_PER_LINE == 0 ? "\n    " : " ", out);
        mlp_export_c_number(out, values[i]);
        fputs(i + 1 < count ? "," : "", out);
    }
    fputs("};\n\n", out);
}

/* f(z) in C. */
static const char *formula(const mlp_export_layer *layer)
{
    if (layer->is_exponential) {
        return "expf(z)";
    }
    switch (layer->activation) {
    case MLP_ACTIVATION_SIGMOID:
        return "1.0f / (1.0f + expf(-z))";
    case MLP_ACTIVATION_TANH:
        return "tanhf(z)";
    case MLP_ACTIVATION_RELU:
        return "z < 0.0f ? 0.0f : z";
    case MLP_ACTIVATION_STEP:
        return "z < 0.0f ? 0.0f : 1.0f";
    case MLP_ACTIVATION_ARCTAN:
        return "atanf(z)";
    case MLP_ACTIVATION_LEAKY_RELU:
        return "z < 0.0f ? 0.01f * z : z";
    case MLP_ACTIVATION_PRELU:
        return "z < 0.0f ? slopes[j] * z : z";
    case MLP_ACTIVATION_ELU:
        return "z < 0.0f ? expm1f(z) : z";
    case MLP_ACTIVATION_SOFTPLUS:
        return "(z < 0.0f ? 0.0f : z) + log1pf(expf(-fabsf(z)))";
    case MLP_ACTIVATION_SILU:
        return "z / (1.0f + expf(-z))";
    case MLP_ACTIVATION_GELU:
        return "0.5f * z * (1.0f + erff(z * 0.70710678f))";
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    return "z";
}

static void write_layer_function(FILE *out, size_t l,
                                 const mlp_export_layer *layer)
{
    fprintf(
        out,
        "static void mlp_layer_%zu(const float *x, float *y)\n{\n"
        "    for (int j = 0; j < %zu; j++) {\n"
        "        y[j] = mlp_b_%zu[j];\n    }\n"
        "    for (int i = 0; i < %zu; i++) {\n"
        "        for (int j = 0; j < %zu; j++) {\n"
        "            y[j] += x[i] * mlp_W_%zu[(size_t)i * %zu + (size_t)j];\n"
        "        }\n    }\n",
        l, layer->out, l, layer->in, layer->out, l, layer->out);
    if (layer->slopes != NULL) {
        fprintf(out, "    const float *slopes = mlp_slopes_%zu;\n", l);
    }
    fprintf(out,
            "    for (int j = 0; j < %zu; j++) {\n"
            "        float z = y[j];\n"
            "        y[j] = %s;\n    }\n}\n\n",
            layer->out, formula(layer));
}

static const char softmax[] =
    "static void mlp_softmax(float *y)\n{\n"
    "    float largest = y[0], sum = 0.0f;\n"
    "    for (int j = 1; j < MLP_OUTPUTS; j++) {\n"
    "        largest = y[j] > largest ? y[j] : largest;\n    }\n"
    "    for (int j = 0; j < MLP_OUTPUTS; j++) {\n"
    "        y[j] = expf(y[j] - largest);\n"
    "        sum += y[j];\n    }\n"
    "    for (int j = 0; j < MLP_OUTPUTS; j++) {\n"
    "        y[j] /= sum;\n    }\n}\n\n";

/* Robust scaling: z / sqrt(1 + (z/3)^2). */
static void write_squeeze(FILE *out)
{
    fputs("    for (int i = 0; i < MLP_INPUTS; i++) {\n"
          "        float z = a[i] > 1e9f ? 1e9f : a[i] < -1e9f ? -1e9f : "
          "a[i];\n"
          "        a[i] = z / sqrtf(1.0f + z / 3.0f * (z / 3.0f));\n    }\n",
          out);
}

/* Predictions stay within the range of the training rows. */
static void write_clip(FILE *out, const mlp_export_model *model,
                       const char *last)
{
    static const char *const sides[] = {"<", ">"};
    for (size_t i = 0; i < 2; i++) {
        fprintf(out, "    %s[0] = %s[0] %s ", last, last, sides[i]);
        mlp_export_c_number(out, model->clip[i]);
        fputs(" ? ", out);
        mlp_export_c_number(out, model->clip[i]);
        fprintf(out, " : %s[0];\n", last);
    }
}

/* The layers in turn, alternating between two buffers. */
static void write_predict(FILE *out, const mlp_export_model *model)
{
    fprintf(out,
            "/* Unscaled inputs [MLP_INPUTS] to outputs [MLP_OUTPUTS]. Returns "
            "%s. */\n"
            "static inline int mlp_predict(const float *inputs, float "
            "*outputs)\n{\n"
            "    float a[MLP_WIDEST], b[MLP_WIDEST];\n"
            "    for (int i = 0; i < MLP_INPUTS; i++) {\n"
            "        a[i] = (inputs[i] - ",
            model->is_binary ? "class\n * 1 from an output of 0.5 on, else 0"
                             : "the index\n * of the largest output");
    if (model->scaler.shifts != NULL) {
        fputs("mlp_shift_0[i]) * mlp_scale_0[i]", out);
    } else {
        mlp_export_c_number(out, model->scaler.shift);
        fputs(") * ", out);
        mlp_export_c_number(out, model->scaler.scale);
    }
    fputs(";\n    }\n", out);
    if (model->scaler.is_squeezed) {
        write_squeeze(out);
    }
    for (size_t l = 0; l < model->layers; l++) {
        fprintf(out, "    mlp_layer_%zu(%s);\n", l,
                l % 2 == 0 ? "a, b" : "b, a");
    }
    const char *last = model->layers % 2 == 1 ? "b" : "a";
    if (model->layer[model->layers - 1].is_softmax) {
        fprintf(out, "    mlp_softmax(%s);\n", last);
    }
    if (model->is_clipped) {
        write_clip(out, model, last);
    }
    fprintf(out,
            "    int best = 0;\n"
            "    for (int j = 0; j < MLP_OUTPUTS; j++) {\n"
            "        outputs[j] = %s[j];\n"
            "        best = outputs[j] > outputs[best] ? j : best;\n    }\n"
            "    return %s;\n}\n\n#endif\n",
            last, model->is_binary ? "outputs[0] >= 0.5F" : "best");
}

mlp_status mlp_export_c(FILE *out, const mlp_export_model *model)
{
    fprintf(out,
            "/* A multilayer perceptron, written by mlp %s. Link with -lm. */\n"
            "#ifndef MLP_MODEL_WEIGHTS_H\n#define MLP_MODEL_WEIGHTS_H\n\n"
            "#include <math.h>\n#include <stddef.h>\n%s\n"
            "enum { MLP_INPUTS = %zu, MLP_OUTPUTS = %zu, MLP_WIDEST = %zu "
            "};\n\n",
            MLP_VERSION,
            model->checkpoint->schema.count > 0
                ? "#include <stdlib.h>\n#include <string.h>\n"
                : "",
            model->inputs, model->outputs, model->widest);
    mlp_export_c_table(out, model->checkpoint);
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        write_array(out, "W", l, layer->weights, layer->in * layer->out);
        write_array(out, "b", l, layer->bias, layer->out);
        if (layer->slopes != NULL) {
            write_array(out, "slopes", l, layer->slopes, layer->out);
        }
        write_layer_function(out, l, layer);
    }
    if (model->layer[model->layers - 1].is_softmax) {
        fputs(softmax, out);
    }
    if (model->scaler.shifts != NULL) {
        write_array(out, "shift", 0, model->scaler.shifts, model->inputs);
        write_array(out, "scale", 0, model->scaler.scales, model->inputs);
    }
    write_predict(out, model);
    return MLP_OK;
}
