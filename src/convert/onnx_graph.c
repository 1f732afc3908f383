/** @file
 *  An ONNX graph under construction, encoded by protobuf-c.
 */
#include "onnx_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "onnx.pb-c.h"

enum { IR_VERSION = 7, OPSET = 13, OPSET_ML = 2, NAME_BYTES = 24 };
static const char ML[] = "ai.onnx.ml";

/* Memory that lives as long as the graph. */
typedef struct block {
    struct block *next;
    _Alignas(max_align_t) char bytes[];
} block;

/* Messages of one kind. */
typedef struct {
    void **items; /* [count] */
    size_t count, room;
} message_list;

struct mlp_onnx_graph {
    block *blocks;
    bool is_broken; /* memory was missing */
    bool has_ml;
    message_list nodes, tensors, inputs, outputs;
};

/* ---- memory ------------------------------------------------------------ */

void *mlp_onnx_keep(mlp_onnx_graph *g, size_t bytes)
{
    block *made = calloc(1, sizeof *made + bytes);
    if (made == NULL) {
        g->is_broken = true;
        return NULL;
    }
    made->next = g->blocks;
    g->blocks = made;
    return made->bytes;
}

static void append(mlp_onnx_graph *g, message_list *list, void *message)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : 2 * list->room;
        void **items = reallocarray(list->items, room, sizeof *items);
        if (items == NULL) {
            g->is_broken = true;
            return;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = message;
}

mlp_status mlp_onnx_create(mlp_onnx_graph **graph)
{
    *graph = calloc(1, sizeof **graph);
    return *graph != NULL ? MLP_OK : mlp_fail_memory("the ONNX graph");
}

void mlp_onnx_destroy(mlp_onnx_graph **graph)
{
    mlp_onnx_graph *old = *graph;
    if (old == NULL) {
        return;
    }
    for (block *at = old->blocks; at != NULL;) {
        block *next = at->next;
        free(at);
        at = next;
    }
    free(old->nodes.items);
    free(old->tensors.items);
    free(old->inputs.items);
    free(old->outputs.items);
    free(old);
    *graph = NULL;
}

/* ---- constants --------------------------------------------------------- */

typedef struct {
    Onnx__TensorProto message;
    char name[NAME_BYTES];
    int64_t dims[2];
} tensor;

/* @return NULL without memory */
static tensor *add_tensor(mlp_onnx_graph *g, size_t rows, size_t cols,
                          Onnx__TensorProto__DataType type)
{
    tensor *t = mlp_onnx_keep(g, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    onnx__tensor_proto__init(&t->message);
    snprintf(t->name, sizeof t->name, "mlp_t%zu", g->tensors.count);
    t->dims[0] = (int64_t)(rows > 0 ? rows : cols);
    t->dims[1] = (int64_t)cols;
    t->message.name = t->name;
    t->message.has_data_type = 1;
    t->message.data_type = (int32_t)type;
    t->message.n_dims = rows > 0 ? 2 : 1;
    t->message.dims = t->dims;
    append(g, &g->tensors, &t->message);
    return t;
}

static void set_floats(tensor *t, size_t count, const float *values)
{
    t->message.has_raw_data = 1; /* little endian, like this machine */
    t->message.raw_data =
        (ProtobufCBinaryData){count * sizeof *values, (uint8_t *)values};
}

const char *mlp_onnx_floats(mlp_onnx_graph *g, size_t rows, size_t cols,
                            const float *values)
{
    tensor *t = add_tensor(g, rows, cols, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    if (t == NULL) {
        return NULL;
    }
    set_floats(t, cols * (rows > 0 ? rows : 1), values);
    return t->name;
}

const char *mlp_onnx_constant(mlp_onnx_graph *g, float value)
{
    float *kept = mlp_onnx_keep(g, sizeof *kept);
    if (kept == NULL) {
        return NULL;
    }
    *kept = value;
    return mlp_onnx_floats(g, 0, 1, kept);
}

const char *mlp_onnx_scalar(mlp_onnx_graph *g, float value)
{
    const char *name = mlp_onnx_constant(g, value);
    if (name != NULL) {
        Onnx__TensorProto *last = g->tensors.items[g->tensors.count - 1];
        last->n_dims = 0;
    }
    return name;
}

const char *mlp_onnx_counts(mlp_onnx_graph *g, size_t count)
{
    float *values = mlp_onnx_keep(g, count * sizeof *values);
    for (size_t i = 0; values != NULL && i < count; i++) {
        values[i] = (float)i;
    }
    return values != NULL ? mlp_onnx_floats(g, 0, count, values) : NULL;
}

/* Texts as protobuf's bytes. */
static ProtobufCBinaryData *bytes_of(mlp_onnx_graph *g,
                                     const char *const *texts, size_t count)
{
    ProtobufCBinaryData *made = mlp_onnx_keep(g, count * sizeof *made);
    for (size_t i = 0; made != NULL && i < count; i++) {
        made[i] = (ProtobufCBinaryData){strlen(texts[i]), (uint8_t *)texts[i]};
    }
    return made;
}

const char *mlp_onnx_texts(mlp_onnx_graph *g, const mlp_names *names)
{
    tensor *t =
        add_tensor(g, 0, names->count, ONNX__TENSOR_PROTO__DATA_TYPE__STRING);
    if (t == NULL) {
        return NULL;
    }
    t->message.n_string_data = names->count;
    t->message.string_data =
        bytes_of(g, (const char *const *)names->items, names->count);
    return t->name;
}

/* ---- nodes ------------------------------------------------------------- */

enum { ATTRIBUTES_MOST = 3 };

typedef struct {
    Onnx__NodeProto message;
    char name[NAME_BYTES];
    char *output[1];
    Onnx__AttributeProto attributes[ATTRIBUTES_MOST];
    Onnx__AttributeProto *attribute_list[ATTRIBUTES_MOST];
} node;

const char *mlp_onnx_node_of(mlp_onnx_graph *g, const char *operation,
                             const char *const *inputs, size_t count)
{
    node *n = mlp_onnx_keep(g, sizeof *n);
    char **copied = mlp_onnx_keep(g, (count + 1) * sizeof *copied);
    if (n == NULL || copied == NULL) {
        return NULL;
    }
    onnx__node_proto__init(&n->message);
    snprintf(n->name, sizeof n->name, "mlp_v%zu", g->nodes.count);
    for (size_t i = 0; i < count; i++) {
        copied[i] = (char *)inputs[i];
        g->is_broken |= inputs[i] == NULL;
    }
    n->output[0] = n->name;
    n->message.n_input = count;
    n->message.input = copied;
    n->message.n_output = 1;
    n->message.output = n->output;
    n->message.op_type = (char *)operation;
    append(g, &g->nodes, &n->message);
    return n->name;
}

const char *mlp_onnx_node(mlp_onnx_graph *g, const char *operation,
                          const char *a, const char *b, const char *c)
{
    const char *const inputs[] = {a, b, c};
    size_t count = c != NULL ? 3 : b != NULL ? 2 : 1;
    return mlp_onnx_node_of(g, operation, inputs, count);
}

/* The last node; NULL if there is none. */
static node *last_node(const mlp_onnx_graph *g)
{
    return g->nodes.count > 0 && !g->is_broken
               ? g->nodes.items[g->nodes.count - 1] /* its first member */
               : NULL;
}

static Onnx__AttributeProto *add_attribute(mlp_onnx_graph *g, const char *name,
                                           Onnx__AttributeProto__Type type)
{
    node *n = last_node(g);
    if (n == NULL) {
        return NULL;
    }
    size_t i = n->message.n_attribute++;
    Onnx__AttributeProto *made = &n->attributes[i];
    onnx__attribute_proto__init(made);
    made->name = (char *)name;
    made->has_type = 1;
    made->type = type;
    n->attribute_list[i] = made;
    n->message.attribute = n->attribute_list;
    return made;
}

void mlp_onnx_int(mlp_onnx_graph *g, const char *name, long value)
{
    Onnx__AttributeProto *made =
        add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__TYPE__INT);
    if (made != NULL) {
        made->has_i = 1;
        made->i = value;
    }
}

void mlp_onnx_float(mlp_onnx_graph *g, const char *name, float value)
{
    Onnx__AttributeProto *made =
        add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__TYPE__FLOAT);
    if (made != NULL) {
        made->has_f = 1;
        made->f = value;
    }
}

void mlp_onnx_map(mlp_onnx_graph *g, const char *const *texts,
                  const float *numbers, size_t count, float other)
{
    Onnx__AttributeProto *keys =
        add_attribute(g, "keys_strings", ONNX__ATTRIBUTE_PROTO__TYPE__STRINGS);
    Onnx__AttributeProto *values =
        add_attribute(g, "values_floats", ONNX__ATTRIBUTE_PROTO__TYPE__FLOATS);
    float *kept = mlp_onnx_keep(g, count * sizeof *kept);
    ProtobufCBinaryData *bytes = bytes_of(g, texts, count);
    if (keys == NULL || values == NULL || kept == NULL || bytes == NULL) {
        return;
    }
    memcpy(kept, numbers, count * sizeof *kept);
    keys->n_strings = count;
    keys->strings = bytes;
    values->n_floats = count;
    values->floats = kept;
    mlp_onnx_float(g, "default_float", other);
    last_node(g)->message.domain = (char *)ML;
    g->has_ml = true;
}

const char *mlp_onnx_as_float(mlp_onnx_graph *g, const char *value)
{
    const char *made = mlp_onnx_node(g, "Cast", value, NULL, NULL);
    mlp_onnx_int(g, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    return made;
}

void mlp_onnx_rename(mlp_onnx_graph *g, const char *name)
{
    node *n = last_node(g);
    if (n != NULL) {
        n->output[0] = (char *)name;
    }
}

/* ---- inputs and outputs ------------------------------------------------ */

typedef struct {
    Onnx__ValueInfoProto message;
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension dim[2];
    Onnx__TensorShapeProto__Dimension *dims[2];
} port;

static void add_port(mlp_onnx_graph *g, message_list *list, const char *name,
                     bool is_text, size_t width)
{
    port *p = mlp_onnx_keep(g, sizeof *p);
    if (p == NULL) {
        return;
    }
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
    p->shape.n_dim = width > 0 ? 2 : 1;
    p->shape.dim = p->dims;
    p->tensor.has_elem_type = 1;
    p->tensor.elem_type = is_text ? ONNX__TENSOR_PROTO__DATA_TYPE__STRING
                                  : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    p->tensor.shape = &p->shape;
    p->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    p->type.tensor_type = &p->tensor;
    p->message.name = (char *)name;
    p->message.type = &p->type;
    append(g, list, &p->message);
}

void mlp_onnx_input(mlp_onnx_graph *g, const char *name, bool is_text,
                    size_t width)
{
    add_port(g, &g->inputs, name, is_text, width);
}

void mlp_onnx_output(mlp_onnx_graph *g, const char *name, bool is_text,
                     size_t width)
{
    add_port(g, &g->outputs, name, is_text, width);
}

/* ---- writing ----------------------------------------------------------- */

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

mlp_status mlp_onnx_write(const mlp_onnx_graph *g, FILE *out)
{
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto ml = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset, &ml};
    Onnx__GraphProto content = ONNX__GRAPH_PROTO__INIT;
    Onnx__ModelProto message = ONNX__MODEL_PROTO__INIT;
    if (g->is_broken) {
        return mlp_fail_memory("the ONNX graph");
    }
    opset.domain = (char *)"";
    opset.has_version = ml.has_version = 1;
    opset.version = OPSET;
    ml.domain = (char *)ML;
    ml.version = OPSET_ML;
    content.name = (char *)"mlp";
    content.n_node = g->nodes.count;
    content.node = (Onnx__NodeProto **)g->nodes.items;
    content.n_initializer = g->tensors.count;
    content.initializer = (Onnx__TensorProto **)g->tensors.items;
    content.n_input = g->inputs.count;
    content.input = (Onnx__ValueInfoProto **)g->inputs.items;
    content.n_output = g->outputs.count;
    content.output = (Onnx__ValueInfoProto **)g->outputs.items;
    message.has_ir_version = 1;
    message.ir_version = IR_VERSION;
    message.producer_name = (char *)"mlp";
    message.producer_version = (char *)MLP_VERSION;
    message.graph = &content;
    message.n_opset_import = g->has_ml ? 2 : 1;
    message.opset_import = opsets;
    return write_message(out, &message);
}
