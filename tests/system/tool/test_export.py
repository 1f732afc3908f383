"""Export a model, and compute with independent readers of the formats.

Every activation goes through every format that can hold it; the outputs of
rows of the digits must be those of mlp predict, to 1e-6. h5py reads Keras's
files and the onnx package ONNX's; safetensors is read by its own
specification, and the C header is compiled.
"""
import csv
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ["MLP_BUILD"])
TOLERANCE = 1e-6
ROWS = 20


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


try:
    import h5py
    import numpy as np
except ImportError as error:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    skip(f"{error.name} is not installed")
try:
    import onnx
    import onnx.numpy_helper
except ImportError:
    onnx = None

erf = np.vectorize(__import__("math").erf)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = {
    "linear": lambda z: z,
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "step": lambda z: (z >= 0) * 1.0,
    "arctan": np.arctan,
    "leaky-relu": lambda z: np.where(z < 0, 0.01 * z, z),
    "elu": lambda z: np.where(z < 0, np.expm1(np.minimum(z, 0)), z),
    "softplus": lambda z: np.logaddexp(z, 0),
    "exp": np.exp, "exponential": np.exp,
    "silu": lambda z: z * sigmoid(z),
    "swish": lambda z: z * sigmoid(z),
    "gelu": lambda z: z / 2 * (1 + erf(z / np.sqrt(2))),
    "softmax": lambda z: np.exp(z - z.max(1, keepdims=True)) /
    np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True),
}


def run(*words, status=0):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != status:
        sys.exit(f"FAILED: exit code {done.returncode} of {words}\n"
                 f"{done.stdout[-2000:]}\n{done.stderr.decode()[-2000:]}")
    return done


def digits():
    """The first test rows of the built-in digits, as in source/digits.c."""
    import gzip
    source = pathlib.Path(os.environ["MLP_SOURCE"]) / "data/digits.csv.gz"
    table = np.array([[int(x) for x in line.split(",")]
                      for line in gzip.open(source, "rt")])
    return table[3::4][:ROWS, :64].astype(float)


def predict(checkpoint, *rows):
    rows = rows or ("--data", "digits", "--rows", ROWS)
    text = run(BUILD / "mlp", "predict", checkpoint, *rows).stdout.decode()
    return np.array([[float(x) for x in line.split("\t")[2:]]
                     for line in text.splitlines()[1:]])


def attribute(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def keras(path, x):
    """The steps of keras.models.load_model."""
    with h5py.File(path) as file:
        config = json.loads(attribute(file.attrs["model_config"]))
        assert config["class_name"] == "Sequential"
        weights = file["model_weights"]
        names = [attribute(n) for n in weights.attrs["layer_names"]]
        for layer in config["config"]["layers"]:
            own = layer["config"]
            group = weights.get(own["name"])
            values = [] if group is None else [
                group[attribute(n)][()] for n in group.attrs["weight_names"]]
            if values:
                assert names.pop(0) == own["name"], "layers in another order"
            kind = layer["class_name"]
            if kind == "InputLayer":
                assert own["batch_input_shape"] == [None, x.shape[1]]
            elif kind == "Rescaling":
                x = x * np.array(own["scale"]) + np.array(own["offset"])
            elif kind == "Reshape":
                x = x.reshape(-1, *own["target_shape"])
            elif kind == "UnitNormalization":
                assert own["axis"] == -1
                x = x / np.sqrt((x * x).sum(-1, keepdims=True))
            elif kind == "Dense":
                assert own["units"] == values[1].shape[0]
                x = ACTIVATIONS[own["activation"]](x @ values[0] + values[1])
            elif kind == "ReLU":  # only as a range of outputs
                assert own["negative_slope"] == own["threshold"] == 0
                x = np.clip(x, 0, own["max_value"])
            elif kind == "LeakyReLU":
                x = np.where(x < 0, own["alpha"] * x, x)
            elif kind == "PReLU":
                x = np.maximum(x, 0) - values[0] * np.maximum(-x, 0)
            else:
                sys.exit(f"FAILED: a layer of kind {kind}")
        assert not names, "weights of no layer"
    return x


def keras_weights(path, scaled, activations):
    x = scaled
    with h5py.File(path) as file:
        for i, name in enumerate(activations):
            suffix = "" if i == 0 else f"_{i}"
            dense = file[f"layers/dense{suffix}/vars"]
            x = x @ dense["0"][()] + dense["1"][()]
            if name == "prelu":
                slopes = file["layers/p_re_lu/vars/0"][()]
                x = np.where(x < 0, slopes * x, x)
            else:
                x = ACTIVATIONS[name](x)
    return x


def safetensors(path, scaled):
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    assert size % 8 == 0
    header = json.loads(raw[8:8 + size])
    data = raw[8 + size:]
    metadata = header.pop("__metadata__")
    names = metadata["activations"].split(",")
    ends = sorted(t["data_offsets"] for t in header.values())
    assert ends[0][0] == 0 and ends[-1][1] == len(data)
    assert all(a[1] == b[0] for a, b in zip(ends, ends[1:])), "holes"

    def tensor(name):
        t = header[name]
        assert t["dtype"] == "F32"
        begin, end = t["data_offsets"]
        return np.frombuffer(data[begin:end], "<f4").reshape(t["shape"])

    x = scaled
    if "input.shift" in header:
        x = (x - tensor("input.shift")) * tensor("input.scale")
    if "input_squeeze" in metadata:
        assert metadata["input_squeeze"] == "z / sqrt(1 + (z / 3)^2)"
        x = x / np.sqrt(1 + (x / 3) ** 2)
    for i, name in enumerate(names):
        x = x @ tensor(f"layers.{i}.weight").T + tensor(f"layers.{i}.bias")
        x = (np.where(x < 0, tensor(f"layers.{i}.slopes") * x, x)
             if name == "prelu" else ACTIVATIONS[name](x))
    if "output_least" in metadata:
        x = np.clip(x, float(metadata["output_least"]),
                    float(metadata["output_largest"]))
    return x


def attributes_of(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def label_encoder(texts, node):
    """ai.onnx.ml's map from texts to numbers."""
    its = attributes_of(node)
    number_of = dict(zip((attribute(k) for k in its["keys_strings"]),
                         its["values_floats"]))
    return np.array([[number_of.get(t, its["default_float"])]
                     for t in texts[:, 0]])


def onnx_graph(path, inputs):
    """The outputs by name.
    inputs: of each input its values; or a table, of the only one"""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    values = {}
    for t in model.graph.initializer:
        array = onnx.numpy_helper.to_array(t)
        values[t.name] = (np.array([attribute(s) for s in array]) if
                          t.data_type == onnx.TensorProto.STRING
                          else array.astype(float))
    if not isinstance(inputs, dict):
        inputs = {model.graph.input[0].name: inputs}
    assert {i.name for i in model.graph.input} == set(inputs)
    values.update(inputs)
    functions = {
        "Sub": np.subtract, "Mul": np.multiply, "Add": np.add,
        "Gemm": lambda a, w, b: a @ w + b, "Less": np.less,
        "Not": np.logical_not, "Cast": lambda z: z.astype(float),
        "Clip": np.clip, "Div": np.divide, "Sqrt": np.sqrt,
        "Erf": erf, "Atan": np.arctan, "Sigmoid": sigmoid, "Tanh": np.tanh,
        "Relu": ACTIVATIONS["relu"], "Elu": ACTIVATIONS["elu"],
        "LeakyRelu": ACTIVATIONS["leaky-relu"],
        "PRelu": lambda z, s: np.where(z < 0, s * z, z),
        "Softplus": ACTIVATIONS["softplus"], "Exp": np.exp,
        "Softmax": ACTIVATIONS["softmax"], "IsNaN": np.isnan,
        "Where": np.where, "Equal": np.equal,
        "Concat": lambda *parts: np.concatenate(parts, 1),
        "ArgMax": lambda z: z.argmax(1), "Gather": lambda a, i: a[i],
    }
    for node in model.graph.node:
        operands = [values[name] for name in node.input]
        values[node.output[0]] = (
            label_encoder(operands[0], node)
            if node.op_type == "LabelEncoder"
            else functions[node.op_type](*operands))
    return {o.name: values[o.name] for o in model.graph.output}


def onnx_output(path, inputs):
    outputs = onnx_graph(path, inputs)
    assert list(outputs) == ["output"]
    return outputs["output"]


def run_in_c(path, body, text):
    """The output of a C program that includes the header `path`, with `text`
    as its input."""
    program, binary = (path.with_suffix(s) for s in (".program.c", ".program"))
    program.write_text(f'#include <stdio.h>\n#include "{path}"\n'
                       f"int main(void) {{\n{body}}}\n", encoding="utf-8")
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", binary,
        program, "-lm")
    return subprocess.run([str(binary)], input=text, check=True,
                          capture_output=True, encoding="utf-8").stdout


def header_in_c(path, x, is_binary=False):
    found = run_in_c(
        path,
        "float x[MLP_INPUTS], y[MLP_OUTPUTS];\n"
        "for (;;) {\n"
        "for (int i = 0; i < MLP_INPUTS; i++)\n"
        'if (scanf("%f", &x[i]) != 1) return 0;\n'
        'printf("%d", mlp_predict(x, y));\n'
        'for (int j = 0; j < MLP_OUTPUTS; j++) printf(" %.9g", y[j]);\n'
        'printf("\\n"); }\n',
        " ".join(str(v) for v in x.ravel()))
    table = np.array([[float(v) for v in line.split()]
                      for line in found.splitlines()])
    classes = table[:, 1] >= 0.5 if is_binary else table[:, 1:].argmax(1)
    assert (table[:, 0] == classes).all()
    return table[:, 1:]


def expect_same(what, found, wanted):
    worst = abs(found - wanted).max()
    if not worst <= TOLERANCE:
        sys.exit(f"FAILED: {what}: differs by {worst}")


def check(place, name, options, activations, factor=1 / 16):
    checkpoint = place / name
    run(BUILD / "mlp_train", "--data", "digits", "--epochs", 2, "--quiet",
        "--threads", 1, "--checkpoint", checkpoint, *options)
    wanted = predict(checkpoint)
    x = digits()

    def export(form, suffix, status=0):
        path = place / f"{name}.{suffix}"
        run(BUILD / "mlp", "export", checkpoint, "--to", form, "--output",
            path, status=status)
        assert path.exists() == (status == 0), "a partial file"
        return path

    in_keras = not {"step", "arctan"} & set(activations)
    if in_keras:
        expect_same(f"{name}: keras", keras(export("keras", "h5"), x), wanted)
    else:
        export("keras", "h5", status=64)
    if in_keras and "leaky-relu" not in activations and factor != 1:
        expect_same(f"{name}: keras-weights", keras_weights(
            export("keras-weights", "weights.h5"), x * factor, activations), wanted)
    expect_same(f"{name}: safetensors", safetensors(
        export("safetensors", "safetensors"), x * factor), wanted)
    expect_same(f"{name}: c", header_in_c(export("c", "h"), x), wanted)
    path = export("onnx", "onnx")
    if onnx is not None:
        expect_same(f"{name}: onnx", onnx_output(path, x), wanted)
    for path in ([place / f"{name}.h5"] if in_keras else []) + [
            place / f"{name}.safetensors"]:
        back = place / f"{path.name}.ckpt"
        run(BUILD / "mlp", "import", path, "--output", back, "--size", "8x8")
        expect_same(f"{path.name}: imported", predict(back), wanted)
    print(f"{name}: same outputs to {TOLERANCE}")


def write_safetensors(path, tensors, cut=None):
    header, data = {}, b""
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape),
                        "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.astype("<f4").tobytes()
    text = json.dumps(header).encode()
    path.write_bytes((struct.pack("<Q", len(text)) + text + data)[:cut])


def refuse_import(place, why, *words):
    done = run(BUILD / "mlp", "import", *words, "--output", place / "no.h5",
               status=65)
    message = done.stderr.decode()
    if why not in message or message.count("\n") != 1:
        sys.exit(f"FAILED: {words}: says {message}, not {why}")
    assert not list(place.glob("no.h5*")), "a partial file"


def check_import(place):
    """Nets of PyTorch's and Keras's users, and files that are not nets."""
    rng = np.random.default_rng(5)
    w = [rng.normal(0, 0.1, shape).astype("f") for shape in
         [(12, 64), (10, 12)]]
    b = [rng.standard_normal(n).astype("f") for n in (12, 10)]
    x = digits()
    wanted = ACTIVATIONS["softmax"](
        np.tanh(x @ w[0].T.astype(float) + b[0]) @ w[1].T + b[1])
    torch = place / "torch.safetensors"
    net = {"net.10.weight": w[1], "net.10.bias": b[1], "net.9.weight": w[0],
           "net.9.bias": b[0]}
    write_safetensors(torch, net)
    run(BUILD / "mlp", "import", torch, "--activation", "tanh", "--output",
        place / "torch.h5")
    expect_same("PyTorch's names", predict(place / "torch.h5"), wanted)

    weights = place / "legacy.h5"  # as model.save_weights of Keras 2 has it
    with h5py.File(weights, "w") as file:
        file.attrs["layer_names"] = np.array(
            [b"flatten", b"dense", b"dense_1"])
        file.create_group("flatten").attrs["weight_names"] = []
        for i, name in enumerate(["dense", "dense_1"]):
            group = file.create_group(name)
            names = [f"{name}/kernel:0", f"{name}/bias:0"]
            group.attrs["weight_names"] = np.array(
                [n.encode() for n in names])
            group[names[0]], group[names[1]] = w[i].T, b[i]
    run(BUILD / "mlp", "import", weights, "--activation", "tanh", "--output",
        place / "legacy.ckpt.h5")
    expect_same("Keras's weights", predict(place / "legacy.ckpt.h5"), wanted)

    one = place / "one.safetensors"
    write_safetensors(one, {"a.weight": np.array([[1, 1]], "f"),
                            "a.bias": np.array([-1.5], "f")})
    run(BUILD / "mlp", "import", one, "--output", place / "no.h5", status=64)
    run(BUILD / "mlp", "import", one, "--output-activation", "sigmoid", "--output",
        place / "one.h5")
    text = run(BUILD / "mlp", "eval", place / "one.h5", "--data", "and",
               "--split", "train").stdout.decode()
    assert "100.00% (4 of 4)" in text, text

    bad = place / "bad.safetensors"
    write_safetensors(bad, {"a.weight": w[0], "b.weight": w[0]})
    refuse_import(place, "no chain of dense layers", bad)
    write_safetensors(bad, {"a.weight": w[0][0]})
    refuse_import(place, "a.weight is not F32 [out, in]", bad)
    write_safetensors(bad, {"a.weight": w[0], "a.bias": b[1]})
    refuse_import(place, "a.bias is not F32 [12]", bad)
    write_safetensors(bad, {"a.bias": b[0]})
    refuse_import(place, "has no dense layer", bad)
    whole = torch.read_bytes()
    for cut in [0, 7, 8, 100, len(whole) - 1]:
        bad.write_bytes(whole[:cut])
        refuse_import(place, str(bad), bad)
    for size in [2**63, 2**40, 0]:
        bad.write_bytes(struct.pack("<Q", size) + whole[8:])
        refuse_import(place, "its header's length", bad)
    header = {"a.weight": {"dtype": "F32", "shape": [2**31, 2**31],
                           "data_offsets": [0, 16]}}
    text = json.dumps(header).encode()
    bad.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    refuse_import(place, "not F32", bad)
    with h5py.File(place / "bad.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"conv"])
        file.create_group("conv").attrs["weight_names"] = np.array(
            [b"kernel:0"])
        file["conv/kernel:0"] = np.zeros((3, 3, 1, 8), "f")
    refuse_import(place, "is not the weights of a dense layer", place / "bad.h5")
    print("imports what it should, refuses the rest")


def check_regression(place, output):
    """A model of prices from years, km and one-hot colours predicts in the
    table's unit, within the range of its prices. Scaled positive outputs get an
    additional linear layer."""
    name = f"cars-{output}"
    table = pathlib.Path(os.environ["MLP_SOURCE"]) / "data/cars.csv"
    lines = [line.split(",") for line in table.read_text().split()[1:]]
    prices = [float(line[3]) for line in lines]
    colours = sorted({line[2] for line in lines})
    x = np.array([[float(line[0]), float(line[1])] +
                  [line[2] == c for c in colours] for line in lines], float)
    run(BUILD / "mlp_train", "--data", table, "--label", "price", "--task",
        "regression", "--hidden", 8, "--epochs", 50, "--quiet", "--output",
        output, "--checkpoint", place / name)
    # all rows are data for predict, which splits nothing; and some far ones
    far = place / "far.csv"
    more = [["0", "0", "red", "0"], ["60", "900000", "blue", "0"],
            ["90", "0", "red", "0"]]
    far.write_text(table.read_text() +
                   "".join(",".join(line) + "\n" for line in more))
    x = np.vstack([x, [[float(line[0]), float(line[1])] +
                       [line[2] == c for c in colours] for line in more]])
    text = run(BUILD / "mlp", "predict", place / name, "--data",
               far).stdout.decode()
    wanted = np.array([[float(line.split("\t")[1])]
                       for line in text.splitlines()[1:]])
    largest = abs(wanted).max()
    assert min(prices) <= wanted.min() and wanted.max() <= max(prices)
    if output == "identity":  # to rounding
        assert wanted.min() < min(prices) * (1 + 1e-6)
    for form, suffix, read in (("c", "h", header_in_c), ("keras", "h5", keras),
                               ("safetensors", "safetensors", safetensors),
                               ("onnx", "onnx", onnx_output)):
        path = place / f"{name}.{suffix}"
        run(BUILD / "mlp", "export", place / name, "--to", form, "--output",
            path)
        rows = x
        if form == "onnx":  # takes the columns as they are
            rows = {"years": x[:, :1], "km": x[:, 1:2],
                    "colour": np.array([[line[2]] for line in lines + more])}
        if form != "onnx" or onnx is not None:
            expect_same(f"{name}: {form}", read(path, rows) / largest,
                        wanted / largest)
    print(f"{name}: same outputs, relative to the largest")


COLUMNS = ["a", "b", "shop name", "kind", 'yes "no"', "y"]
MISSING = ("", "NA")


def table_rows(count):
    """Numbers with gaps, rare and missing texts, pairs."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(count):
        a = rng.normal(10, 3)
        kind = rng.choice(["p", "q"])
        rows.append({
            "a": "NA" if i % 9 == 4 else f"{a:.3f}", "b": str(i % 7),
            "shop name": rng.choice(["one", "two", "drei\u00e9", f"rare{i}"]),
            "kind": kind, 'yes "no"': ["u", "", "NA"][i % 3],
            "y": "big" if a > 10 and kind == "p" else "small"})
    return rows


def write_table(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def columns_in_onnx(path, rows):
    inputs = {name: np.array([[row[name]] for row in rows])
              for name in COLUMNS[:-1]}
    for name in ("a", "b"):
        inputs[name] = np.array([[float("nan" if t in MISSING else t)]
                                 for t in inputs[name][:, 0]])
    return onnx_graph(path, inputs)


def columns_in_c(path, rows):
    """mlp_encode and mlp_predict of a C header: outputs and classes."""
    found = run_in_c(
        path,
        "char line[999], *at; const char *cells[MLP_COLUMNS];\n"
        "float x[MLP_INPUTS], y[MLP_OUTPUTS];\n"
        "while ((at = fgets(line, 999, stdin)) != NULL) {\n"
        "for (int i = 0; i < MLP_COLUMNS; i++) {\n"
        "cells[i] = at; at += strcspn(at, \"\\t\\n\"); *at++ = 0; }\n"
        "int bad = mlp_encode(cells, x);\n"
        'if (bad) { printf("bad %d\\n", bad); continue; }\n'
        'printf("%s", mlp_classes[mlp_predict(x, y)]);\n'
        'for (int j = 0; j < MLP_OUTPUTS; j++) printf(" %.9g", y[j]);\n'
        'printf("\\n"); }\n',
        "".join("\t".join(row[n] for n in COLUMNS[:-1]) + "\n"
                for row in rows))
    return [line.split(" ") for line in found.splitlines()]


def check_table(place):
    """A table's columns go into ONNX and C as they are: gaps, rare texts, texts
    that no training row has, pairs of categories."""
    run_of = place / "table"
    train = table_rows(300)
    write_table(place / "train.csv", train)
    run(BUILD / "mlp_train", "--data", place / "train.csv", "--label", "y",
        "--rare", 3, "--hidden", 8, "--epochs", 9, "--quiet", "--threads", 1,
        "--checkpoint", run_of)
    rows = train[:50] + [dict(train[0], **{"shop name": "new", "kind": "z"})]
    write_table(place / "rows.csv", rows)
    text = run(BUILD / "mlp", "predict", run_of, "--data", place / "rows.csv",
               "--format", "csv").stdout.decode().splitlines()
    found = list(csv.DictReader(text))
    wanted = np.array([[float(r["probability_big"]),
                        float(r["probability_small"])] for r in found])
    for suffix in ("h", "onnx"):  # the ending names the format
        run(BUILD / "mlp", "export", run_of, "--output",
            place / f"table.{suffix}")
    lines = columns_in_c(place / "table.h", rows + [dict(rows[0], a="x")])
    assert lines.pop() == ["bad", "1"], "an invalid number is taken"
    expect_same("table: c", np.array([[float(v) for v in line[1:]]
                                      for line in lines]), wanted)
    assert [line[0] for line in lines] == [r["prediction"] for r in found]
    if onnx is not None:
        outputs = columns_in_onnx(place / "table.onnx", rows)
        expect_same("table: onnx", outputs["output"], wanted)
        assert list(outputs["class"]) == [r["prediction"] for r in found]
    print("a table's columns: same outputs and classes")


def check_binary(place):
    """One output for two classes, as a C function."""
    run(BUILD / "mlp_train", "--preset", "xor", "--quiet", "--threads", 1,
        "--checkpoint", place / "xor")
    wanted = predict(place / "xor", "--data", "xor", "--split", "train")
    path = place / "xor.h"
    run(BUILD / "mlp", "export", place / "xor", "--to", "c", "--output", path)
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    expect_same("xor", header_in_c(path, x, is_binary=True), wanted)
    assert (wanted[:, 0] >= 0.5).tolist() == [False, True, True, False]
    print("one output: same outputs and classes")


def check_best(place):
    """A run with --patience that was stopped has its best epoch's weights."""
    run(BUILD / "mlp_train", "--data", "digits", "--hidden", 8, "--lr", 5,
        "--validation", 0.2, "--split", "seed", "--patience", 5, "--epochs", 6,
        "--max-steps", 50, "--quiet", "--threads", 1,
        "--checkpoint", place / "best", status=75)
    path = place / "best.h"
    run(BUILD / "mlp", "export", place / "best", "--to", "c", "--output", path)
    expect_same("best", header_in_c(path, digits()), predict(place / "best"))
    print("the best epoch's weights: same outputs")


with tempfile.TemporaryDirectory() as directory:
    here = pathlib.Path(directory)
    check_regression(here, "identity")
    check_regression(here, "softplus")
    check_regression(here, "exp")
    check_table(here)
    check_binary(here)
    check_best(here)
    check_import(here)
    for activation in ["identity", "sigmoid", "tanh", "relu", "arctan",
                       "leaky-relu", "prelu", "elu", "softplus", "silu",
                       "gelu"]:
        check(here, activation,
              ["--hidden", "24,12", "--activation", f"{activation},tanh"],
              [activation, "tanh", "softmax"])
    check(here, "outputs", ["--hidden", "7", "--output", "sigmoid", "--loss",
                            "mse"], ["relu", "sigmoid"])
    check(here, "range", ["--hidden", "7", "--output", "tanh", "--loss",
                          "mse"], ["relu", "tanh"])
    check(here, "positive", ["--hidden", "7", "--output", "softplus", "--loss",
                             "mse"], ["relu", "softplus"])
    check(here, "standard", ["--scaling", "standard", "--hidden", "9"],
          ["relu", "softmax"], factor=1)
    check(here, "flat", ["--hidden", "none", "--output", "identity", "--loss",
                         "mse", "--lr", "0.01"], ["identity"])
    if onnx is None:
        print("without ONNX's reader: python3-onnx is not installed")

    for words in (["--to", "keras4"], [], ["--to", "c", "--format", "json"]):
        run(BUILD / "mlp", "export", here / "flat", *words, status=64)
    run(BUILD / "mlp", "export", here / "none", "--to", "c", status=66)
    run(BUILD / "mlp", "export", here / "flat", "--to", "c", "--output",
        here / "none/model.h", status=74)
