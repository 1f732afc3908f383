/** @file
 *  A model as an ONNX graph: input scaling, then Gemm and activation for each
 *  layer, encoded by protobuf-c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "export.h"
#include "onnx.pb-c.h"

enum {
    IR_VERSION = 7,
    OPSET = 13,
    NAME_BYTES = 32,
    INPUTS_MAX = 3,
    NODES_MAX = 8 * (MLP_MAX_HIDDEN + 3), /* up to seven per layer */
    TENSORS_MAX =
        4 * (MLP_MAX_HIDDEN + 3) /* up to three per layer, and some constants */
};

typedef struct {
    Onnx__NodeProto message;
    char name[NAME_BYTES]; /* of its only output */
    char inputs[INPUTS_MAX][NAME_BYTES];
    char *input[INPUTS_MAX], *output[1];
} node;

typedef struct {
    Onnx__TensorProto message;
    char name[NAME_BYTES];
    int64_t dims[2];
    float constant;
} tensor;

typedef struct {
    node nodes[NODES_MAX];
    Onnx__NodeProto *node_list[NODES_MAX];
    tensor tensors[TENSORS_MAX];
    Onnx__TensorProto *tensor_list[TENSORS_MAX];
    size_t node_count, tensor_count;
    Onnx__AttributeProto to; /* target type of a cast */
    Onnx__AttributeProto *attributes[1];
} graph;

/* A constant tensor: [rows, cols], or [cols] when rows is 0. */
static const char *add_tensor(graph *g, size_t rows, size_t cols,
                              const float *values)
{
    tensor *t = &g->tensors[g->tensor_count];
    size_t count = cols * (rows > 0 ? rows : 1);
    onnx__tensor_proto__init(&t->message);
    snprintf(t->name, sizeof t->name, "t%zu", g->tensor_count);
    t->dims[0] = (int64_t)(rows > 0 ? rows : cols);
    t->dims[1] = (int64_t)cols;
    t->message.name = t->name;
    t->message.has_data_type = 1;
    t->message.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->message.n_dims = rows > 0 ? 2 : 1;
    t->message.dims = t->dims;
    t->message.has_raw_data = 1; /* little endian, like this machine */
    t->message.raw_data =
        (ProtobufCBinaryData){count * sizeof *values, (uint8_t *)values};
    g->tensor_list[g->tensor_count++] = &t->message;
    return t->name;
}

static const char *add_constant(graph *g, float value)
{
    float *kept = &g->tensors[g->tensor_count].constant;
    *kept = value;
    return add_tensor(g, 0, 1, kept);
}

/* A constant without dimensions. */
static const char *add_scalar(graph *g, float value)
{
    const char *name = add_constant(g, value);
    g->tensors[g->tensor_count - 1].message.n_dims = 0;
    return name;
}

/* An operation on one to three named values; unused ones are NULL. */
static const char *add_node(graph *g, const char *operation, const char *a,
                            const char *b, const char *c)
{
    const char *const names[INPUTS_MAX] = {a, b, c};
    node *n = &g->nodes[g->node_count];
    onnx__node_proto__init(&n->message);
    snprintf(n->name, sizeof n->name, "v%zu", g->node_count);
    for (size_t i = 0; i < INPUTS_MAX && names[i] != NULL; i++) {
        snprintf(n->inputs[i], NAME_BYTES, "%s", names[i]);
        n->input[i] = n->inputs[i];
        n->message.n_input++;
    }
    n->output[0] = n->name;
    n->message.input = n->input;
    n->message.output = n->output;
    n->message.n_output = 1;
    n->message.op_type = (char *)operation;
    g->node_list[g->node_count++] = &n->message;
    return n->name;
}

/* 1 if z >= 0, else 0: the comparison's result is cast to float. */
static const char *add_step(graph *g, const char *z)
{
    Onnx__AttributeProto *to = &g->to;
    onnx__attribute_proto__init(to);
    to->name = (char *)"to";
    to->has_i = to->has_type = 1;
    to->i = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    to->type = ONNX__ATTRIBUTE_PROTO__TYPE__INT;
    g->attributes[0] = to;
    const char *is_less = add_node(g, "Less", z, add_constant(g, 0.0F), NULL);
    const char *is_not = add_node(g, "Not", is_less, NULL, NULL);
    const char *a = add_node(g, "Cast", is_not, NULL, NULL);
    Onnx__NodeProto *cast = g->node_list[g->node_count - 1];
    cast->n_attribute = 1;
    cast->attribute = g->attributes;
    return a;
}

/* z/2 (1 + erf(z / sqrt(2))) */
static const char *add_gelu(graph *g, const char *z)
{
    const char *x = add_node(g, "Mul", z, add_constant(g, 0.70710678F), NULL);
    x = add_node(g, "Erf", x, NULL, NULL);
    x = add_node(g, "Add", x, add_constant(g, 1.0F), NULL);
    x = add_node(g, "Mul", x, add_constant(g, 0.5F), NULL);
    return add_node(g, "Mul", z, x, NULL);
}

/* Elu, LeakyRelu and Softmax have this project's parameters as defaults. */
static const char *add_activation(graph *g, const mlp_export_layer *layer,
                                  const char *z)
{
    switch (layer->activation) {
    case MLP_ACTIVATION_SIGMOID:
        return add_node(g, "Sigmoid", z, NULL, NULL);
    case MLP_ACTIVATION_TANH:
        return add_node(g, "Tanh", z, NULL, NULL);
    case MLP_ACTIVATION_RELU:
        return add_node(g, "Relu", z, NULL, NULL);
    case MLP_ACTIVATION_STEP:
        return add_step(g, z);
    case MLP_ACTIVATION_ARCTAN:
        return add_node(g, "Atan", z, NULL, NULL);
    case MLP_ACTIVATION_LEAKY_RELU:
        return add_node(g, "LeakyRelu", z, NULL, NULL);
    case MLP_ACTIVATION_PRELU:
        return add_node(g, "PRelu", z,
                        add_tensor(g, 0, layer->out, layer->slopes), NULL);
    case MLP_ACTIVATION_ELU:
        return add_node(g, "Elu", z, NULL, NULL);
    case MLP_ACTIVATION_SOFTPLUS:
        return add_node(g, "Softplus", z, NULL, NULL);
    case MLP_ACTIVATION_SILU:
        return add_node(g, "Mul", z, add_node(g, "Sigmoid", z, NULL, NULL),
                        NULL);
    case MLP_ACTIVATION_GELU:
        return add_gelu(g, z);
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    return z;
}

/* Robust scaling: z / sqrt(1 + (z/3)^2), as in kernels/gather.c. */
static const char *add_squeeze(graph *g, const char *z)
{
    z = add_node(g, "Clip", z, add_scalar(g, -1e9F), add_scalar(g, 1e9F));
    const char *part = add_node(g, "Div", z, add_constant(g, 3.0F), NULL);
    const char *x = add_node(g, "Mul", part, part, NULL);
    x = add_node(g, "Add", x, add_constant(g, 1.0F), NULL);
    x = add_node(g, "Sqrt", x, NULL, NULL);
    return add_node(g, "Div", z, x, NULL);
}

static void add_layers(graph *g, const mlp_export_model *model)
{
    const mlp_scaler *s = &model->scaler;
    bool is_uniform = s->shifts == NULL;
    const char *shift = is_uniform ? add_constant(g, s->shift)
                                   : add_tensor(g, 0, model->inputs, s->shifts);
    const char *scale = is_uniform ? add_constant(g, s->scale)
                                   : add_tensor(g, 0, model->inputs, s->scales);
    const char *x = add_node(g, "Sub", "input", shift, NULL);
    x = add_node(g, "Mul", x, scale, NULL);
    if (s->is_squeezed) {
        x = add_squeeze(g, x);
    }
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        const char *w = add_tensor(g, layer->in, layer->out, layer->weights);
        const char *b = add_tensor(g, 0, layer->out, layer->bias);
        x = add_node(g, "Gemm", x, w, b);
        x = add_activation(g, layer, x);
        if (layer->is_softmax) {
            x = add_node(g, "Softmax", x, NULL, NULL);
        }
    }
    snprintf(g->nodes[g->node_count - 1].name, NAME_BYTES, "output");
}

/* The graph's input or output: float [batch, width]. */
typedef struct {
    Onnx__ValueInfoProto message;
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension dim[2];
    Onnx__TensorShapeProto__Dimension *dims[2];
} port;

static void make_port(port *p, const char *name, size_t width)
{
    onnx__value_info_proto__init(&p->message);
    onnx__type_proto__init(&p->type);
    onnx__type_proto__tensor__init(&p->tensor);
    onnx__tensor_shape_proto__init(&p->shape);
    for (size_t i = 0; i < 2; i++) {
        onnx__tensor_shape_proto__dimension__init(&p->dim[i]);
        p->dims[i] = &p->dim[i];
    }
    p->dim[0].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    p->dim[0].dim_param = (char *)"batch";
    p->dim[1].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    p->dim[1].dim_value = (int64_t)width;
    p->shape.n_dim = 2;
    p->shape.dim = p->dims;
    p->tensor.has_elem_type = 1;
    p->tensor.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    p->tensor.shape = &p->shape;
    p->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    p->type.tensor_type = &p->tensor;
    p->message.name = (char *)name;
    p->message.type = &p->type;
}

static mlp_status write_message(FILE *out, const Onnx__ModelProto *message)
{
    size_t size = onnx__model_proto__get_packed_size(message);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return mlp_fail_memory("the ONNX model");
    }
    onnx__model_proto__pack(message, bytes);
    fwrite(bytes, 1, size, out);
    free(bytes);
    return MLP_OK;
}

static mlp_status write_graph(FILE *out, graph *g,
                              const mlp_export_model *model)
{
    port input, output;
    Onnx__ValueInfoProto *inputs[] = {&input.message};
    Onnx__ValueInfoProto *outputs[] = {&output.message};
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};
    Onnx__GraphProto content = ONNX__GRAPH_PROTO__INIT;
    Onnx__ModelProto message = ONNX__MODEL_PROTO__INIT;
    make_port(&input, "input", model->inputs);
    make_port(&output, "output", model->outputs);
    opset.domain = (char *)"";
    opset.has_version = 1;
    opset.version = OPSET;
    content.name = (char *)"mlp";
    content.n_node = g->node_count;
    content.node = g->node_list;
    content.n_initializer = g->tensor_count;
    content.initializer = g->tensor_list;
    content.n_input = content.n_output = 1;
    content.input = inputs;
    content.output = outputs;
    message.has_ir_version = 1;
    message.ir_version = IR_VERSION;
    message.producer_name = (char *)"mlp";
    message.producer_version = (char *)MLP_VERSION;
    message.graph = &content;
    message.n_opset_import = 1;
    message.opset_import = opsets;
    return write_message(out, &message);
}

mlp_status mlp_export_onnx(FILE *out, const mlp_export_model *model)
{
    graph *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return mlp_fail_memory("the ONNX graph");
    }
    add_layers(g, model);
    mlp_status status = write_graph(out, g, model);
    free(g);
    return status;
}
