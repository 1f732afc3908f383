"""A multilayer perceptron in NumPy, written for the tests: forward, backward
and gradient in float64, and the built-in rows as mlp_train sees them.

On import, restarts the program with the system's Python if this one lacks numpy
or h5py, or else ends it as skipped.
"""
import gzip
import math
import os
import pathlib
import subprocess
import sys

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

erf = np.vectorize(math.erf)


def sigmoid(z):
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def normal(z):
    """Cumulative normal distribution."""
    return (1 + erf(z / math.sqrt(2))) / 2


def density(z):
    """Density of the normal distribution."""
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
    """W, b and slopes c of each layer."""

    def __init__(self, widths, activations, seed):
        draw = np.random.default_rng(seed)
        self.activations = activations
        self.loss = math.nan
        self.layers = []
        for n, (rows, cols) in enumerate(zip(widths, widths[1:])):
            layer = {"W": draw.normal(0, 1 / math.sqrt(rows), (rows, cols)),
                     "b": draw.normal(0, 0.1, cols)}
            if activations[n] == "prelu":
                layer["slopes"] = draw.uniform(0.1, 0.4, cols)
            # round to float32, as in the files for mlp_train
            self.layers.append({name: array.astype(np.float32).astype(float)
                                for name, array in layer.items()})

    def zeros(self):
        """Zeros in the shape of the parameters."""
        return [{name: np.zeros_like(array) for name, array in layer.items()}
                for layer in self.layers]

    def apply(self, n, which, z):
        """f(z) of layer n, or with which = 1 its derivative."""
        pair = ACTIVATIONS[self.activations[n]]
        slopes = self.layers[n].get("slopes")
        return pair[which](z) if slopes is None else pair[which](z, slopes)

    def gradient(self, x, wanted, loss, weights):
        """Mean over rows of the loss's derivative, layer by layer; of
        cross-entropy, the mean itself is in self.loss then."""
        sums, outputs = [], [x]
        for n, layer in enumerate(self.layers):
            sums.append(outputs[-1] @ layer["W"] + layer["b"])
            outputs.append(self.apply(n, 0, sums[-1]))
        if loss == "cross-entropy":
            e = np.exp(sums[-1] - sums[-1].max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            delta = p - wanted
            self.loss = (weights * -(wanted * np.log(p)).sum(axis=1)).mean()
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

    def save(self, path):
        """Write a file for --weights."""
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
    """Run a program that may stop after --max-steps; return its output."""
    done = subprocess.run([str(a) for a in arguments], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode in (0, 75), done.stderr
    return done.stdout


def largest_difference(net, checkpoint):
    """Largest difference to a checkpoint's parameters."""
    with h5py.File(checkpoint) as file:
        return max(np.abs(file[f"model/layer{n}/{name}"][:] - array).max()
                   for n, layer in enumerate(net.layers)
                   for name, array in layer.items())
