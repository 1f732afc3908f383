/** @file
 *  A model as an ONNX graph: the columns of a table as features, input scaling,
 *  then Gemm and activation for each layer.
 */
#include <string.h>

#include "export.h"
#include "onnx_graph.h"

/* 1 if z >= 0, else 0: the comparison's result is cast to float. */
static const char *add_step(mlp_onnx_graph *g, const char *z)
{
    const char *is_less =
        mlp_onnx_node(g, "Less", z, mlp_onnx_constant(g, 0.0F), NULL);
    const char *is_not = mlp_onnx_node(g, "Not", is_less, NULL, NULL);
    return mlp_onnx_as_float(g, is_not);
}

/* z/2 (1 + erf(z / sqrt(2))) */
static const char *add_gelu(mlp_onnx_graph *g, const char *z)
{
    const char *x =
        mlp_onnx_node(g, "Mul", z, mlp_onnx_constant(g, 0.70710678F), NULL);
    x = mlp_onnx_node(g, "Erf", x, NULL, NULL);
    x = mlp_onnx_node(g, "Add", x, mlp_onnx_constant(g, 1.0F), NULL);
    x = mlp_onnx_node(g, "Mul", x, mlp_onnx_constant(g, 0.5F), NULL);
    return mlp_onnx_node(g, "Mul", z, x, NULL);
}

/* Elu, LeakyRelu and Softmax have this project's parameters as defaults. */
static const char *add_activation(mlp_onnx_graph *g,
                                  const mlp_export_layer *layer, const char *z)
{
    switch (layer->activation) {
    case MLP_ACTIVATION_SIGMOID:
        return mlp_onnx_node(g, "Sigmoid", z, NULL, NULL);
    case MLP_ACTIVATION_TANH:
        return mlp_onnx_node(g, "Tanh", z, NULL, NULL);
    case MLP_ACTIVATION_RELU:
        return mlp_onnx_node(g, "Relu", z, NULL, NULL);
    case MLP_ACTIVATION_STEP:
        return add_step(g, z);
    case MLP_ACTIVATION_ARCTAN:
        return mlp_onnx_node(g, "Atan", z, NULL, NULL);
    case MLP_ACTIVATION_LEAKY_RELU:
        return mlp_onnx_node(g, "LeakyRelu", z, NULL, NULL);
    case MLP_ACTIVATION_PRELU:
        return mlp_onnx_node(g, "PRelu", z,
                             mlp_onnx_floats(g, 0, layer->out, layer->slopes),
                             NULL);
    case MLP_ACTIVATION_ELU:
        return mlp_onnx_node(g, "Elu", z, NULL, NULL);
    case MLP_ACTIVATION_SOFTPLUS:
        return mlp_onnx_node(g, "Softplus", z, NULL, NULL);
    case MLP_ACTIVATION_SILU:
        return mlp_onnx_node(g, "Mul", z,
                             mlp_onnx_node(g, "Sigmoid", z, NULL, NULL), NULL);
    case MLP_ACTIVATION_GELU:
        return add_gelu(g, z);
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    return z;
}

/* Robust scaling: z / sqrt(1 + (z/3)^2), as in kernels/gather.c. */
static const char *add_squeeze(mlp_onnx_graph *g, const char *z)
{
    z = mlp_onnx_node(g, "Clip", z, mlp_onnx_scalar(g, -1e9F),
                      mlp_onnx_scalar(g, 1e9F));
    const char *part =
        mlp_onnx_node(g, "Div", z, mlp_onnx_constant(g, 3.0F), NULL);
    const char *x = mlp_onnx_node(g, "Mul", part, part, NULL);
    x = mlp_onnx_node(g, "Add", x, mlp_onnx_constant(g, 1.0F), NULL);
    x = mlp_onnx_node(g, "Sqrt", x, NULL, NULL);
    return mlp_onnx_node(g, "Div", z, x, NULL);
}

/* The names of the graph's outputs, unless a column has them. */
static const char *name_output(const mlp_export_model *model, const char *name,
                               const char *otherwise)
{
    const mlp_schema *schema = &model->checkpoint->schema;
    for (size_t i = 0; i < schema->count; i++) {
        if (strcmp(schema->columns[i].name, name) == 0) {
            return otherwise;
        }
    }
    return name;
}

static const char *add_scaling(mlp_onnx_graph *g, const mlp_export_model *model,
                               const char *x)
{
    const mlp_scaler *s = &model->scaler;
    bool is_uniform = s->shifts == NULL;
    const char *shift = is_uniform
                            ? mlp_onnx_constant(g, s->shift)
                            : mlp_onnx_floats(g, 0, model->inputs, s->shifts);
    const char *scale = is_uniform
                            ? mlp_onnx_constant(g, s->scale)
                            : mlp_onnx_floats(g, 0, model->inputs, s->scales);
    x = mlp_onnx_node(g, "Sub", x, shift, NULL);
    x = mlp_onnx_node(g, "Mul", x, scale, NULL);
    return s->is_squeezed ? add_squeeze(g, x) : x;
}

static void add_layers(mlp_onnx_graph *g, const mlp_export_model *model,
                       const char *x)
{
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        const char *w =
            mlp_onnx_floats(g, layer->in, layer->out, layer->weights);
        const char *b = mlp_onnx_floats(g, 0, layer->out, layer->bias);
        x = mlp_onnx_node(g, "Gemm", x, w, b);
        x = add_activation(g, layer, x);
        if (layer->is_softmax || layer->is_exponential) {
            x = mlp_onnx_node(g, layer->is_softmax ? "Softmax" : "Exp", x, NULL,
                              NULL);
        }
    }
    if (model->is_clipped) {
        mlp_onnx_node(g, "Clip", x, mlp_onnx_scalar(g, model->clip[0]),
                      mlp_onnx_scalar(g, model->clip[1]));
    }
    const char *name = name_output(model, "output", "mlp_output");
    mlp_onnx_rename(g, name);
    mlp_onnx_output(g, name, false, model->outputs);
}

/* The name of the largest output's class. */
static void add_class(mlp_onnx_graph *g, const mlp_export_model *model)
{
    const mlp_names *classes = &model->checkpoint->class_names;
    const char *name = name_output(model, "class", "mlp_class");
    if (classes->count != model->outputs) {
        return;
    }
    const char *best = mlp_onnx_node(
        g, "ArgMax", name_output(model, "output", "mlp_output"), NULL, NULL);
    mlp_onnx_int(g, "axis", 1);
    mlp_onnx_int(g, "keepdims", 0);
    mlp_onnx_node(g, "Gather", mlp_onnx_texts(g, classes), best, NULL);
    mlp_onnx_rename(g, name);
    mlp_onnx_output(g, name, true, 0);
}

mlp_status mlp_export_onnx(FILE *out, const mlp_export_model *model)
{
    mlp_onnx_graph *g;
    const char *x = "input";
    MLP_TRY(mlp_onnx_create(&g));
    if (model->checkpoint->schema.count > 0) {
        x = mlp_export_onnx_table(g, &model->checkpoint->schema);
    } else {
        mlp_onnx_input(g, x, false, model->inputs);
    }
    add_layers(g, model, add_scaling(g, model, x));
    add_class(g, model);
    mlp_status status = mlp_onnx_write(g, out);
    mlp_onnx_destroy(&g);
    return status;
}
