"""The Python package beside scikit-learn and ONNX Runtime, on one thread.

    python_package.py fit DATA...        digits, a folder with MNIST, tables
    python_package.py predict MNIST      ONNX Runtime over Network.run

Run it with the Python of $MLP_BUILD/python (tests/python/prepare.sh makes it);
"predict" also needs onnxruntime and onnx. Both nets have the same shape, Adam
at the same rate, the same batch and epochs. Times are processor time, which
other programs disturb least; RUNS pairs of them (3) alternate, and the median
counts. A table is NAME.csv.gz:LABEL[,IGNORED...].
"""
import gzip
import os
import pathlib
import statistics
import sys
import time
import warnings

import numpy as np
import pandas
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as Rival
from sklearn.neural_network import MLPRegressor as RivalRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import mlp

HIDDEN, BATCH, RATE = (256, 128), 128, 0.001
RUNS = int(os.environ.get("RUNS", "3"))


def read_idx(path):
    with gzip.open(path) as file:
        content = file.read()
    extents = np.frombuffer(content, ">i4", content[3], 4)
    return np.frombuffer(content, np.uint8,
                         offset=4 + 4 * len(extents)).reshape(extents[0], -1)


def read_mnist(folder):
    names = ("train-images-idx3", "t10k-images-idx3", "train-labels-idx1",
             "t10k-labels-idx1")
    parts = [read_idx(folder / f"{name}-ubyte.gz") for name in names]
    pictures = [part.astype(np.float32) / 255 for part in parts[:2]]
    return *pictures, *(part[:, 0] for part in parts[2:])


def read_table(path, columns):
    """A CSV table; columns: the label, and those to leave out."""
    label, *ignored = columns.split(",")
    table = pandas.read_csv(path).drop(columns=ignored).dropna()
    y = table.pop(label)
    X = pandas.get_dummies(table).to_numpy(np.float32)
    X, test_X, y, test_y = train_test_split(X, y.to_numpy(), test_size=0.2,
                                            random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(test_X), y, test_y


def read(name):
    """(training rows, test rows, their labels) and epochs for them."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return train_test_split((X / 16).astype(np.float32), y, test_size=0.25,
                                random_state=0), 50
    path, _, columns = name.partition(":")
    if columns:
        return read_table(path, columns), 20
    return read_mnist(pathlib.Path(path)), 10


def pair(y, epochs):
    """The estimators: ours, and the rival."""
    common = {"hidden_layer_sizes": HIDDEN, "batch_size": BATCH, "alpha": 0,
              "learning_rate_init": RATE, "max_iter": epochs, "tol": 0,
              "n_iter_no_change": epochs, "random_state": 1}
    own = {"hidden": HIDDEN, "batch": BATCH, "lr": RATE, "epochs": epochs,
           "schedule": "constant", "scaling": "none", "threads": 1}
    if y.dtype.kind == "f" or len(np.unique(y)) > 1000:
        return mlp.MLPRegressor(**own), RivalRegressor(**common)
    return mlp.MLPClassifier(**own), Rival(**common)


def seconds_of(call):
    begin = time.process_time()
    call()
    return time.process_time() - begin


def compare(name):
    (X, test_X, y, test_y), epochs = read(name)
    if len(np.unique(y)) > 1000:  # both as scikit-learn's needs it
        mean, deviation = y.mean(), y.std()
        y, test_y = (y - mean) / deviation, (test_y - mean) / deviation
    own, rival = pair(y, epochs)
    times = [(seconds_of(lambda: own.fit(X, y)),
              seconds_of(lambda: rival.fit(X, y))) for _ in range(RUNS)]
    ratio = statistics.median(b / a for a, b in times)
    print(f"| {pathlib.Path(name.split(':')[0]).name} | {len(X):,} | {epochs} "
          f"| {statistics.median(a for a, _ in times):.2f} "
          f"| {statistics.median(b for _, b in times):.2f} | {ratio:.1f} "
          f"| {own.score(test_X, test_y):.4f} "
          f"| {rival.score(test_X, test_y):.4f} |", flush=True)


# ---- predicting ------------------------------------------------------------


def as_onnx(network, weights):
    """A model of ONNX with the same layers."""
    from onnx import TensorProto, helper, numpy_helper
    nodes, initializers, last = [], [], "x"
    for layer, (w, b) in enumerate(weights):
        initializers += [numpy_helper.from_array(w, f"w{layer}"),
                         numpy_helper.from_array(b, f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"],
                                      [f"z{layer}"]))
        is_last = layer == len(weights) - 1
        last = "y" if is_last else f"a{layer}"
        nodes.append(helper.make_node("Softmax" if is_last else "Relu",
                                      [f"z{layer}"], [last]))
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "net", [tensor("x", TensorProto.FLOAT, [None, network.widths[0]])],
        [tensor("y", TensorProto.FLOAT, [None, network.widths[-1]])],
        initializers)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8).SerializeToString()


def weights_of(network):
    import io

    import h5py
    with h5py.File(io.BytesIO(network.to_bytes())) as file:
        return [(file[f"model/layer{k}/W"][:], file[f"model/layer{k}/b"][:])
                for k in range(len(network.widths) - 1)]


def microseconds(call, count):
    return 1e6 * seconds_of(lambda: [call() for _ in range(count)]) / count


def predict(folder):
    import onnxruntime
    X, _, y, _ = read_mnist(pathlib.Path(folder))
    network = mlp.MLPClassifier(hidden=HIDDEN, epochs=1, scaling="none",
                                batch=BATCH).fit(X, y).network_
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        as_onnx(network, weights_of(network)), options,
        providers=["CPUExecutionProvider"])
    for rows, count in ((1, 2000), (10000, 3)):
        some = X[:rows].copy()
        np.testing.assert_allclose(session.run(None, {"x": some})[0],
                                   network.run(some), atol=1e-4)
        pairs = [(microseconds(lambda: network.run(some), count),
                  microseconds(lambda: session.run(None, {"x": some}), count))
                 for _ in range(9)]
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"{rows} rows: Network.run "
              f"{statistics.median(a for a, _ in pairs):.1f} us, ONNX Runtime "
              f"{statistics.median(b for _, b in pairs):.1f} us: {ratio:.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", mlp.MLPWarning)
    with threadpool_limits(1):
        if sys.argv[1] == "predict":
            predict(sys.argv[2])
        else:
            for each in sys.argv[2:]:
                compare(each)
