"""Every step against a NumPy model, from weights that are given.

mlp_train starts from the same weights (--weights) as the model of
support/numpy_mlp.py, takes the rows in the same order (--no-shuffle) and must
come to the same weights after every step, but for float32's rounding. Last,
one step of mlp trace must be the same, too.
"""
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from numpy_mlp import (TOOL, TRAIN, Net, digits, h5py,  # noqa: E402
                       largest_difference, np, run)

BATCH, STEPS = 97, 5
# Weights are near 1, a step's sums have some hundred terms: 2^-24 each.
TOLERANCE = 2e-5


def go_down(net, velocities, gradients, rate, momentum, l2):
    for layer, velocity, gradient in zip(net.layers, velocities, gradients):
        for name, array in layer.items():
            decay = l2 * array if name == "W" else 0
            velocity[name] = momentum * velocity[name] + gradient[name] + decay
            layer[name] = array - rate * velocity[name]


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
    velocities = net.zeros()
    for step in range(STEPS):
        rows = np.s_[step * BATCH:(step + 1) * BATCH]
        gradients = net.gradient(x[rows], wanted[rows], loss, weights[rows])
        go_down(net, velocities, gradients, rate, momentum, l2)
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
