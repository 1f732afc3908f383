"""Every step against a NumPy model, from weights that are given.

A multilayer perceptron written for this test, in float64: mlp_train starts
from the same weights (--weights), takes the rows in the same order
(--no-shuffle) and must come to the same weights after every step, but for
float32's rounding. Last, one step of mlp trace must be the same, too.
"""
import gzip
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError:
    if sys.executable != "/usr/bin/python3" and \
            pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("SKIP: python3-numpy and python3-h5py are not installed")
    sys.exit(77)

TRAIN = f"{os.environ['MLP_BUILD']}/mlp_train"
TOOL = f"{os.environ['MLP_BUILD']}/mlp"
SOURCE = pathlib.Path(os.environ["MLP_SOURCE"])
BATCH, STEPS = 97, 5
# Weights are near 1, a step's sums have some hundred terms: 2^-24 each.
TOLERANCE = 2e-5

erf = np.vectorize(math.erf)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def normal(z):
    return (1 + erf(z / math.sqrt(2))) / 2


def density(z):
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


# name -> f(z), f'(z); of prelu c is the slope
ACTIVATIONS = {
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "arctan": (np.arctan, lambda z: 1 / (1 + z * z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky-relu": (lambda z: np.where(z > 0, z, 0.01 * z),
                   lambda z: np.where(z > 0, 1, 0.01)),
    "prelu": (lambda z, c: np.where(z > 0, z, c * z),
              lambda z, c: np.where(z > 0, 1, c)),
    "elu": (lambda z: np.where(z > 0, z, np.exp(z) - 1),
            lambda z: np.where(z > 0, 1, np.exp(z))),
    "softplus": (lambda z: np.log(1 + np.exp(z)), sigmoid),
    "silu": (lambda z: z * sigmoid(z),
             lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "gelu": (lambda z: z * normal(z), lambda z: normal(z) + z * density(z)),
}


class Net:
    """W, b and slopes c of each layer, and their velocities."""

    def __init__(self, widths, activations, seed):
        draw = np.random.default_rng(seed)
        self.activations = activations
        self.layers = []
        for n, (rows, cols) in enumerate(zip(widths, widths[1:])):
            layer = {"W": draw.normal(0, 1 / math.sqrt(rows), (rows, cols)),
                     "b": draw.normal(0, 0.1, cols)}
            if activations[n] == "prelu":
                layer["slopes"] = draw.uniform(0.1, 0.4, cols)
            # what is handed over in float32 must be the same here
            self.layers.append({name: array.astype(np.float32).astype(float)
                                for name, array in layer.items()})
        self.velocities = [{name: np.zeros_like(array)
                            for name, array in layer.items()}
                           for layer in self.layers]

    def apply(self, n, which, z):
        pair = ACTIVATIONS[self.activations[n]]
        slopes = self.layers[n].get("slopes")
        return pair[which](z) if slopes is None else pair[which](z, slopes)

    def gradient(self, x, wanted, loss, weights):
        """Mean over rows of the loss's derivative, layer by layer."""
        sums, outputs = [], [x]
        for n, layer in enumerate(self.layers):
            sums.append(outputs[-1] @ layer["W"] + layer["b"])
            outputs.append(self.apply(n, 0, sums[-1]))
        if loss == "cross-entropy":
            e = np.exp(sums[-1] - sums[-1].max(axis=1, keepdims=True))
            delta = e / e.sum(axis=1, keepdims=True) - wanted
        elif loss == "binary-cross-entropy":
            delta = sigmoid(sums[-1]) - wanted
        else:
            delta = (outputs[-1] - wanted) * \
                self.apply(len(self.layers) - 1, 1, sums[-1])
        delta = delta * weights[:, None] / len(x)
        gradients = [{} for _ in self.layers]
        for n in reversed(range(len(self.layers))):
            gradients[n] |= {"W": outputs[n].T @ delta, "b": delta.sum(axis=0)}
            if n > 0:
                before = delta @ self.layers[n]["W"].T
                if "slopes" in self.layers[n - 1]:
                    gradients[n - 1]["slopes"] = (
                        before * np.minimum(sums[n - 1], 0)).sum(axis=0)
                delta = before * self.apply(n - 1, 1, sums[n - 1])
        return gradients

    def step(self, gradients, rate, momentum, l2):
        for layer, velocity, gradient in zip(self.layers, self.velocities,
                                             gradients):
            for name, array in layer.items():
                decay = l2 * array if name == "W" else 0
                velocity[name] = momentum * velocity[name] + \
                    gradient[name] + decay
                layer[name] = array - rate * velocity[name]

    def save(self, path):
        with h5py.File(path, "w") as file:
            for n, layer in enumerate(self.layers):
                for name, array in layer.items():
                    file[f"model/layer{n}/{name}"] = array.astype(np.float32)


def digits():
    """The built-in training rows, scaled as mlp_train does it."""
    with gzip.open(SOURCE / "data/digits.csv.gz", "rt") as file:
        table = np.array([[int(word) for word in line.split(",")]
                          for line in file])
    table = table[np.arange(len(table)) % 4 != 3]
    return table[:, :-1] / 16, table[:, -1]


def run(*arguments):
    done = subprocess.run([str(a) for a in arguments], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode in (0, 75), done.stderr
    return done.stdout


def largest_difference(net, checkpoint):
    with h5py.File(checkpoint) as file:
        return max(np.abs(file[f"model/layer{n}/{name}"][:] - array).max()
                   for n, layer in enumerate(net.layers)
                   for name, array in layer.items())


def compare(place, hidden, activations, output, loss, rate=0.1, momentum=0.0,
            l2=0.0, smoothing=0.0, balanced=False):
    x, labels = digits()
    linear = {"softmax": "identity"}.get(output, output)
    net = Net([64, *hidden, 10], [*activations, linear], seed=3)
    if loss == "binary-cross-entropy":
        net.activations[-1] = "identity"
    net.save(place / "first.h5")
    weights = np.ones(len(x))
    if balanced:
        weights = len(x) / (10 * np.bincount(labels))[labels]
    wanted = np.eye(10)[labels] * (1 - smoothing) + smoothing / 10
    for old in place.glob("runs/*"):
        old.unlink()
    run(TRAIN, "--data", "digits", "--hidden", ",".join(map(str, hidden)),
        "--activation", ",".join(activations), "--output", output, "--loss",
        loss, "--lr", rate, "--momentum", momentum, "--l2", l2, "--schedule",
        "constant", "--batch", BATCH, "--shards", 1, "--label-smoothing",
        smoothing, "--class-weights", "balanced" if balanced else "none",
        "--weights", place / "first.h5", "--no-shuffle", "--checkpoint",
        place / "runs", "--every", "1steps", "--keep", STEPS, "--max-steps",
        STEPS, "--quiet")
    worst = 0
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        net.step(net.gradient(x[rows], wanted[rows], loss, weights[rows]),
                 rate, momentum, l2)
        path = place / f"runs/ckpt-000000-{step + 1:08}.h5"
        worst = max(worst, largest_difference(net, path))
    print(f"{activations} {output} {loss}: off by {worst:.1e} at most")
    assert worst < TOLERANCE


def compare_trace(place):
    """A 2-3-2 net's only step, as mlp trace shows it and mlp_train does it."""
    net = Net([2, 3, 2], ["tanh", "sigmoid"], seed=5)
    net.save(place / "first.h5")
    with h5py.File(place / "row.h5", "w") as file:
        file["train/images"] = np.array([[1.0, 0.25]], np.float32)
        file["train/labels"] = np.array([0], np.uint8)
    lines = ["input = 1 0.25", "target = 1 0", "lr = 0.5", "activation = tanh"]
    for n, layer in enumerate(net.layers):
        rows = " | ".join(" ".join(map(repr, row))
                          for row in layer["W"].tolist())
        lines += [f"W{n + 1} = {rows}",
                  f"b{n + 1} = " + " ".join(map(repr, layer["b"].tolist()))]
    (place / "net.txt").write_text("\n".join(lines) + "\n")
    run(TRAIN, "--data", place / "row.h5", "--classes", 2, "--hidden", 3,
        "--activation", "tanh", "--output", "sigmoid", "--loss", "mse",
        "--lr", 0.5, "--momentum", 0, "--schedule", "constant", "--batch", 1,
        "--epochs", 1, "--weights", place / "first.h5", "--checkpoint",
        place / "step", "--quiet")
    shown = run(TOOL, "trace", place / "net.txt")
    values = re.findall(r"new (\w)(\d)\[([\d,]+)\] = .*\n.*\n +=(.*)", shown)
    assert len(values) == 2 * 3 + 3 + 3 * 2 + 2, shown
    worst = 0
    with h5py.File(place / "step/ckpt-000001-00000001.h5") as file:
        for name, layer, place_in, value in values:
            array = file[f"model/layer{int(layer) - 1}/{name}"][:]
            index = tuple(int(i) - 1 for i in place_in.split(","))
            worst = max(worst, abs(array[index] - float(value)))
    print(f"mlp trace: off by {worst:.1e} at most")
    assert worst < 1e-6


def main():
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        compare(place, [33, 17], ["relu", "tanh"], "softmax", "cross-entropy",
                momentum=0.9, l2=0.01)
        compare(place, [20], ["sigmoid"], "sigmoid", "mse")
        compare(place, [33, 17], ["gelu", "prelu"], "softmax", "cross-entropy",
                smoothing=0.1, balanced=True)
        compare(place, [17, 9], ["elu", "arctan"], "identity", "mse",
                rate=0.01, momentum=0.5)
        compare(place, [17, 9], ["silu", "softplus"], "sigmoid",
                "binary-cross-entropy")
        compare(place, [40], ["leaky-relu"], "tanh", "mse", smoothing=0.2)
        compare_trace(place)


main()
