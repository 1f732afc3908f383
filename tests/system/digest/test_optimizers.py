"""Every optimizer, schedule and limit against models of their own.

The optimizers and schedules are written here once more, in NumPy and float64,
from the papers named in the headers; mlp_train starts from the same weights,
takes the rows in the same order, and must come to the same weights after each
step, but for float32's rounding, and to the same learning rates but for
float64's. Where PyTorch is installed, what it has, too, must agree with it.
"""
import json
import math
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from numpy_mlp import (TRAIN, Net, digits,  # noqa: E402
                       largest_difference, np, run)

try:
    import torch
except ImportError:
    torch = None

WIDTHS, BATCH, EPOCH_STEPS = [64, 20, 10], 337, 4  # 1348 rows
# A weight is about 1, so its float32 is off by up to 2^-24; each step adds one
# rounding of the weight and one of the step, which divides by a root.
TOLERANCE = 2e-6

X, LABELS = digits()
ROWS = [np.s_[s * BATCH:(s + 1) * BATCH] for s in range(EPOCH_STEPS)]
assert ROWS[-1].stop == len(X)

# ---- optimizers: (gradient, state, t, rate, options) -> the step down --------
# Each gets one layer's parameters and gradients, as dictionaries.


def norm(arrays):
    """The norm of all arrays together."""
    return math.sqrt(sum((a * a).sum() for a in arrays))


def decayed(layer, gradient, share):
    """Of weights, not of biases."""
    return {name: g + (share * layer[name] if name == "W" else 0)
            for name, g in gradient.items()}


def sgd(layer, gradient, state, _, rate, o):
    steps = {}
    for name, g in decayed(layer, gradient, o["l2"]).items():
        v = o["momentum"] * state.get(name, 0) + g
        state[name] = v
        ahead = g + o["momentum"] * v
        steps[name] = rate * (ahead if o["optimizer"] == "nesterov" else v)
    return steps


def rmsprop(layer, gradient, state, _, rate, o):
    steps = {}
    for name, g in decayed(layer, gradient, o["l2"]).items():
        v = o["rho"] * state.get(name, 0) + (1 - o["rho"]) * g * g
        state[name] = v
        steps[name] = rate * g / (np.sqrt(v) + o["epsilon"])
    return steps


def moments(name, g, state, t, o):
    m, v = state.get(name, (0, 0))
    m = o["beta1"] * m + (1 - o["beta1"]) * g
    v = o["beta2"] * v + (1 - o["beta2"]) * g * g
    state[name] = m, v
    return (m / (1 - o["beta1"] ** t)) / \
        (np.sqrt(v / (1 - o["beta2"] ** t)) + o["epsilon"])


def adam(layer, gradient, state, t, rate, o):
    return {name: rate * moments(name, g, state, t, o)
            for name, g in decayed(layer, gradient, o["l2"]).items()}


def adamw(layer, gradient, state, t, rate, o):
    """Loshchilov and Hutter: the decay is beside the moments."""
    directions = {name: moments(name, g, state, t, o)
                  for name, g in gradient.items()}
    return {name: rate * u for name, u in
            decayed(layer, directions, o["weight-decay"]).items()}


def lamb(layer, gradient, state, t, rate, o):
    """AdamW's direction, scaled to the norm of the layer's weights."""
    directions = adamw(layer, gradient, state, t, 1, o)
    ratio = norm(layer.values()) / norm(directions.values())
    return {name: rate * ratio * u for name, u in directions.items()}


def lars(layer, gradient, state, _, rate, o):
    decay = o["weight-decay"]
    size = norm(layer.values())
    ratio = o["trust"] * size / (norm(gradient.values()) + decay * size)
    for name, g in decayed(layer, gradient, decay).items():
        state[name] = o["momentum"] * state.get(name, 0) + rate * ratio * g
    return dict(state)


OPTIMIZERS = {"sgd": sgd, "nesterov": sgd, "rmsprop": rmsprop, "adam": adam,
              "adamw": adamw, "lamb": lamb, "lars": lars}
DEFAULTS = {"optimizer": "sgd", "lr": 0.1, "momentum": 0.0, "l2": 0.0,
            "rho": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
            "weight-decay": 0.0, "trust": 0.001, "clip-norm": 0.0,
            "max-norm": 0.0, "schedule": "constant", "gamma": 0.1,
            "lr-every": "10", "plateau": 5, "min-delta": 0.0, "warmup": "0",
            "lr-scale": "none", "epochs": 2, "label-smoothing": 0.0,
            "class-weights": "none"}
OWN = {"momentum": ("sgd", "nesterov", "lars"), "rho": ("rmsprop",),
       "beta1": ("adam", "adamw", "lamb"), "beta2": ("adam", "adamw", "lamb"),
       "epsilon": ("rmsprop", "adam", "adamw", "lamb"),
       "l2": ("sgd", "nesterov", "rmsprop", "adam"),
       "weight-decay": ("adamw", "lamb", "lars"), "trust": ("lars",)}

# ---- schedules: step from 0 -> rate ------------------------------------------


def steps_of(interval):
    """"2" are epochs, "3steps" are steps."""
    return int(interval[:-5]) if interval.endswith("steps") \
        else int(interval) * EPOCH_STEPS


def rate_of(step, o):
    lr = o["lr"] * {"none": 1, "linear": BATCH / 128,
                    "sqrt": math.sqrt(BATCH / 128)}[o["lr-scale"]]
    warmup, steps = steps_of(o["warmup"]), o["epochs"] * EPOCH_STEPS
    if step < warmup:
        return lr * (step + 1) / warmup
    done = (step - warmup) / (steps - warmup)
    if o["schedule"] == "linear":
        return lr * (1 - done)
    if o["schedule"] == "cosine":
        return lr * (1 + math.cos(math.pi * done)) / 2
    if o["schedule"] == "step":
        return lr * o["gamma"] ** (step // steps_of(o["lr-every"]))
    if o["schedule"] == "exponential":
        return lr * o["gamma"] ** (step // EPOCH_STEPS)
    if o["schedule"] == "one-cycle":
        def between(a, b, share):
            return b + (a - b) * (1 + math.cos(math.pi * share)) / 2
        if done < 0.3:
            return between(lr / 25, lr, done / 0.3)
        return between(lr, lr / 25e4, (done - 0.3) / 0.7)
    return lr


class Plateau:
    """Lower the rate after so many epochs in a row without improvement."""

    def __init__(self, o):
        self.o, self.best, self.waited, self.share = o, math.inf, 0, 1.0

    def update(self, loss):
        if loss < self.best - self.o["min-delta"]:
            self.best, self.waited = loss, 0
        elif self.o["schedule"] == "plateau":
            self.waited += 1
            if self.waited == self.o["plateau"]:
                self.share *= self.o["gamma"]
                self.waited = 0


# ---- the comparison ----------------------------------------------------------


def row_weights(o):
    if o["class-weights"] == "none":
        return np.ones(len(X))
    return len(X) / (10 * np.bincount(LABELS))[LABELS]


def wanted_outputs(o):
    share = o["label-smoothing"]
    return np.eye(10)[LABELS] * (1 - share) + share / 10


def clipped(gradients, limit):
    length = norm([g for layer in gradients for g in layer.values()])
    share = limit / length if 0 < limit < length else 1
    return [{name: share * g for name, g in layer.items()}
            for layer in gradients]


def limit_units(net, limit):
    for layer in net.layers:
        lengths = np.sqrt((layer["W"] ** 2).sum(axis=0))
        layer["W"] = layer["W"] * np.minimum(1, limit / lengths)


def steps_in_numpy(net, o):
    """Train, and yield the rate after each step."""
    wanted, weights, plateau = wanted_outputs(o), row_weights(o), Plateau(o)
    states, losses = [{} for _ in net.layers], []
    for step in range(o["epochs"] * EPOCH_STEPS):
        rows = ROWS[step % EPOCH_STEPS]
        gradients = clipped(net.gradient(X[rows], wanted[rows],
                                         "cross-entropy", weights[rows]),
                            o["clip-norm"])
        losses.append(net.loss)
        rate = plateau.share * rate_of(step, o)
        for layer, gradient, state in zip(net.layers, gradients, states):
            down = OPTIMIZERS[o["optimizer"]](layer, gradient, state, step + 1,
                                              rate, o)
            for name, by in down.items():
                layer[name] = layer[name] - by
        if o["max-norm"] > 0:
            limit_units(net, o["max-norm"])
        yield rate
        if (step + 1) % EPOCH_STEPS == 0:
            plateau.update(np.mean(losses[-EPOCH_STEPS:]))


def train(place, net, o):
    """The same steps by mlp_train, with a checkpoint after each."""
    for old in place.glob("runs/*"):
        old.unlink()
    (place / "log.jsonl").unlink(missing_ok=True)
    net.save(place / "first.h5")
    given = [f"--{name}={value}" for name, value in o.items()
             if o["optimizer"] in OWN.get(name, OPTIMIZERS)
             and not (name in ("gamma", "lr-every", "plateau", "min-delta")
                      and value == DEFAULTS[name])]
    run(TRAIN, "--data", "digits", "--hidden", WIDTHS[1], "--activation",
        "tanh", "--batch", BATCH, "--shards", 1, "--no-shuffle", "--weights",
        place / "first.h5", "--checkpoint", place / "runs", "--every", "1steps",
        "--keep", o["epochs"] * EPOCH_STEPS, "--log", place / "log.jsonl",
        "--threads", 1, "--quiet", *given)


def recorded_rates(place):
    lines = (place / "log.jsonl").read_text().splitlines()
    return [record["learning_rate"] for record in map(json.loads, lines)
            if record["event"] == "epoch"]


def compare(place, **changes):
    o = DEFAULTS | {name.replace("_", "-"): value
                    for name, value in changes.items()}
    net = Net(WIDTHS, ["tanh", "identity"], seed=3)
    train(place, net, o)
    rates, worst = [], 0
    for step, rate in enumerate(steps_in_numpy(net, o)):
        path, = place.glob(f"runs/ckpt-*-{step + 1:08}.h5")
        worst = max(worst, largest_difference(net, path))
        rates.append(rate)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    print(f"{told}: off by {worst:.1e} at most")
    assert worst < TOLERANCE, told
    for epoch, rate in enumerate(recorded_rates(place)):
        expected = rates[(epoch + 1) * EPOCH_STEPS - 1]
        assert math.isclose(rate, expected, rel_tol=1e-14), (rate, expected)
    return o


# ---- PyTorch -----------------------------------------------------------------


def torch_optimizer(groups, o):
    """PyTorch's optimizer of that name."""
    decay = o["weight-decay"] if o["optimizer"] == "adamw" else o["l2"]
    groups[0]["weight_decay"], groups[1]["weight_decay"] = decay, 0.0
    betas, eps = (o["beta1"], o["beta2"]), o["epsilon"]
    return {
        "sgd": lambda: torch.optim.SGD(groups, o["lr"], o["momentum"]),
        "nesterov": lambda: torch.optim.SGD(groups, o["lr"], o["momentum"],
                                            nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(groups, o["lr"], o["rho"], eps),
        "adam": lambda: torch.optim.Adam(groups, o["lr"], betas, eps),
        "adamw": lambda: torch.optim.AdamW(groups, o["lr"], betas, eps),
    }[o["optimizer"]]()


def torch_schedule(optimizer, o):
    """PyTorch's; a step of it is a step of training."""
    schedules = torch.optim.lr_scheduler
    steps = o["epochs"] * EPOCH_STEPS
    return {
        "constant": lambda: schedules.LambdaLR(optimizer, lambda _: 1.0),
        "linear": lambda: schedules.LinearLR(optimizer, 1.0, 0.0, steps),
        "cosine": lambda: schedules.CosineAnnealingLR(optimizer, steps),
        "step": lambda: schedules.StepLR(optimizer, steps_of(o["lr-every"]),
                                         o["gamma"]),
        "exponential": lambda: schedules.StepLR(optimizer, EPOCH_STEPS,
                                                o["gamma"]),
    }[o["schedule"]]()


def steps_in_torch(net, o):
    """Train in PyTorch, and put its weights into the net after each step."""
    tensors = [{name: torch.tensor(array, requires_grad=True)
                for name, array in layer.items()} for layer in net.layers]
    groups = [{"params": [t[name] for t in tensors]} for name in ("W", "b")]
    optimizer = torch_optimizer(groups, o)
    schedule = torch_schedule(optimizer, o)
    weights = torch.tensor(row_weights(o))
    x, labels = torch.tensor(X), torch.tensor(LABELS)
    for step in range(o["epochs"] * EPOCH_STEPS):
        rows = ROWS[step % EPOCH_STEPS]
        hidden = torch.tanh(x[rows] @ tensors[0]["W"] + tensors[0]["b"])
        losses = torch.nn.functional.cross_entropy(
            hidden @ tensors[1]["W"] + tensors[1]["b"], labels[rows],
            reduction="none", label_smoothing=o["label-smoothing"])
        optimizer.zero_grad()
        (weights[rows] * losses).mean().backward()
        if o["clip-norm"] > 0:
            torch.nn.utils.clip_grad_norm_(
                groups[0]["params"] + groups[1]["params"], o["clip-norm"])
        optimizer.step()
        schedule.step()
        net.layers = [{name: t.detach().numpy() for name, t in layer.items()}
                      for layer in tensors]
        yield step


def compare_torch(place, o):
    """The steps of the last mlp_train."""
    net = Net(WIDTHS, ["tanh", "identity"], seed=3)
    worst = 0
    for step in steps_in_torch(net, o):
        path, = place.glob(f"runs/ckpt-*-{step + 1:08}.h5")
        worst = max(worst, largest_difference(net, path))
    print(f"    PyTorch: off by {worst:.1e} at most")
    assert worst < TOLERANCE


def main():
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        both = compare if torch is None else \
            lambda place, **o: compare_torch(place, compare(place, **o))
        both(place, optimizer="sgd")
        both(place, optimizer="sgd", momentum=0.9, l2=0.01, clip_norm=0.5)
        both(place, optimizer="nesterov", momentum=0.8, l2=0.01,
             schedule="linear", label_smoothing=0.1, class_weights="balanced")
        both(place, optimizer="rmsprop", lr=0.002, rho=0.8, epsilon=1e-6,
             l2=0.01, schedule="cosine")
        both(place, optimizer="adam", lr=0.01, l2=0.01, schedule="step",
             lr_every="3steps", gamma=0.5)
        both(place, optimizer="adamw", lr=0.01, weight_decay=0.1, beta1=0.8,
             beta2=0.99, schedule="exponential", gamma=0.7, epochs=3)
        compare(place, optimizer="lars", lr=20.0, momentum=0.9,
                weight_decay=0.001, schedule="linear", warmup="1")
        compare(place, optimizer="lars", lr=5.0, trust=0.01)
        compare(place, optimizer="lamb", lr=0.02, weight_decay=0.1,
                schedule="cosine", warmup="3steps", lr_scale="sqrt")
        compare(place, lr=0.2, schedule="one-cycle", momentum=0.5, epochs=3)
        compare(place, lr=0.2, schedule="plateau", plateau=1, gamma=0.3,
                min_delta=0.3, epochs=6, lr_scale="linear", split="seed")
        compare(place, lr=0.5, schedule="exponential", gamma=0.9, warmup="1",
                max_norm=0.9, clip_norm=1.0)
    if torch is None:
        print("without PyTorch, which is not installed (python3-torch)")


main()
