"""The rivals' measures: each a function of the bench that returns lines, all
of them a rival's epoch over ours, in turns. What is not installed is left out.
"""
import contextlib
import os
import pathlib
import tempfile

import mnist
from lines import Line
from machine import HERE, CannotRun, Missing, Rival, run
from measures import (BATCH, DEFORMED_OPTIONS, TRAIN_ROWS, WIDE_BATCH,
                      WIDE_OPTIONS, WIDE_WIDTHS, plural)


def mnist_rival(bench, script, arguments, module, threads, ranks=1):
    bench.need_mnist()
    return Rival(script, [bench.data, *arguments], module, threads,
                 bench.some_cores(threads * ranks))


def start(stack, starters):
    """The rivals that run, and the reasons of the others."""
    running, reasons = [], []
    for starter in starters:
        try:
            running.append(stack.enter_context(starter()))
        except Missing as missing:
            reasons.append(str(missing))
    if not running:
        raise Missing("; ".join(dict.fromkeys(reasons)))
    return running, reasons


def against(bench, line, starters, ours):
    """Fill a line with the fastest of these rivals over ours."""
    try:
        with contextlib.ExitStack() as stack:
            running, reasons = start(stack, starters)
            line.in_turns(bench.pairs,
                          lambda: min(rival.epoch() for rival in running),
                          ours)
            line.note = "; ".join(["version " + running[0].facts["version"],
                                   *reasons])
    except Missing as missing:
        line.values, line.times = [], []
        line.missing = str(missing)
    return line


def of_threads(bench, name, module, asked, scripts):
    """A line for one thread and one for two. scripts: program and arguments
    for each mode of the rival."""
    lines = []
    for threads in (1, 2):
        line = Line(f"{name} over ours, {plural(threads, 'thread')}",
                    asked.get(threads))
        starters = [
            lambda way=way, threads=threads: mnist_rival(
                bench, way[0], [threads, *way[1:]], module, threads)
            for way in scripts]
        lines.append(against(
            bench, line, starters,
            lambda threads=threads: bench.ours.epoch(
                bench.some_cores(threads), threads=threads)))
    return lines


def torch(bench):
    """Eager and compiled in every pair: the faster counts."""
    return of_threads(bench, "PyTorch's epoch (the faster of eager and "
                      "compiled)", "torch", {1: 3.5, 2: 4.2},
                      [("rival_torch.py", "eager"),
                       ("rival_torch.py", "compiled")])


def ddp(bench):
    return [against(
        bench, Line("PyTorch DDP's epoch (gloo, 2 ranks) over ours, 2 ranks",
                    12.0),
        [lambda: mnist_rival(bench, "rival_torch_ddp.py", [2], "torch", 1,
                             ranks=2)],
        lambda: bench.ours.epoch(bench.some_cores(2), ranks=2))]


def jax(bench):
    return of_threads(bench, "JAX's epoch (one jitted scan)", "jax",
                      {1: 2.5, 2: 3.0}, [("rival_jax.py",)])


def keras(bench):
    return of_threads(bench, "epoch of Keras on JAX", "keras", {},
                      [("rival_keras.py",)])


def sklearn(bench):
    return of_threads(bench, "scikit-learn's epoch", "sklearn", {},
                      [("rival_sklearn.py",)])


# ---- wide nets -------------------------------------------------------------

# Ours skips zeros, of which there are more with every step: a mean over so many
# of these short epochs, still fewer steps than two epochs of all rows have.
WIDE_EPOCHS = 8
WIDE_NETS = (([1024] * 3, 1, 1.5), ([1024] * 3, 2, 1.7),
             (WIDE_WIDTHS[:-1], 2, 1.6))
DEFORMED_NETS = (([1024] * 3, 1, 1.8), ([1024] * 3, 2, 2.0))


def of_wide_nets(bench, title, nets, words=(), options=()):
    """A line for each net: hidden layers, threads and target. words are the
    rival's, options are ours."""
    bench.need_mnist()
    lines = []
    with tempfile.TemporaryDirectory() as place:
        # A part of MNIST: a whole epoch of these nets takes half a minute.
        mnist.write_part(bench.data, place, bench.wide_rows, WIDE_BATCH)
        for hidden, threads, asked in nets:
            widths = ",".join(map(str, hidden))
            cores = bench.some_cores(threads)
            lines.append(against(
                bench, Line(f"{title} {widths.replace(',', '-')}, AdamW, "
                            f"batch {WIDE_BATCH}: PyTorch's time over ours, "
                            f"{plural(threads, 'thread')}", asked),
                [lambda mode=mode: Rival(
                    "rival_torch.py", [place, threads, mode, widths,
                                       WIDE_BATCH, *words], "torch", threads,
                    cores)
                 for mode in ("eager", "compiled")],
                lambda: bench.ours.epoch(
                    cores, "--hidden", widths, *WIDE_OPTIONS, *options,
                    threads=threads, data=place, epochs=WIDE_EPOCHS)))
    return lines


def wide(bench):
    """AdamW, whose update takes as long as a layer's forward products."""
    return of_wide_nets(bench, "wide net", WIDE_NETS)


def deformed(bench):
    """The same on images that are deformed anew in each epoch."""
    return of_wide_nets(bench, "deformed images, net", DEFORMED_NETS,
                        ["deformed"], DEFORMED_OPTIONS)


# ---- libxsmm-dnn -----------------------------------------------------------

XSMM = "MLP_LIBXSMM_DNN"


def xsmm_program():
    program = (pathlib.Path(os.environ.get(XSMM, "")).resolve() /
               "tests" / "mlp" / "mlp_mnist")
    if XSMM not in os.environ or not program.exists():
        raise Missing(f"a checkout of libxsmm-dnn in ${XSMM}, with "
                      "tests/mlp/mlp_mnist built")
    return program


def xsmm_seconds(program, folder, threads, cores, epochs):
    """Seconds of an epoch, from the mean time of a step that it prints."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads),
                       OMP_PROC_BIND="true")
    # epochs, batch, blocks of batch, outputs and inputs, no bfloat16, widths
    output = run([program, epochs, BATCH, 32, 32, 32, 0, 256, 128], cores,
                 environment, folder)
    for line in output.splitlines():
        if line.startswith("fp time = "):
            return float(line.split("=")[1]) * TRAIN_ROWS / BATCH
    raise Missing("mlp_mnist prints no time")


def libxsmm(bench):
    """Intel's trainer in C: plain SGD, float32, batches in the file's
    order."""
    bench.need_mnist()
    program = xsmm_program()
    lines = []
    with tempfile.TemporaryDirectory() as place:
        # It reads ../../datasets/mnist, with a dot in front of "idx".
        folder = pathlib.Path(place) / "tests" / "mlp"
        data = pathlib.Path(place) / "datasets" / "mnist"
        folder.mkdir(parents=True)
        data.mkdir(parents=True)
        for name in mnist.FILES:
            (data / name.replace("-idx", ".idx")).write_bytes(
                mnist.read(bench.data, name))
        for threads in (1, 2):
            cores = bench.some_cores(threads)
            line = Line("libxsmm-dnn's epoch over ours (plain SGD), "
                        f"{plural(threads, 'thread')}", 2.0)
            lines.append(line)
            try:
                line.in_turns(
                    bench.pairs,
                    lambda: xsmm_seconds(program, folder, threads, cores,
                                         1 + bench.ours.epochs),
                    lambda: bench.ours.epoch(cores, "--momentum", 0,
                                             threads=threads))
            except CannotRun as failure:
                line.missing = str(failure)
    return lines


# ---- FANN ------------------------------------------------------------------

FANN_EPOCHS = 100  # one takes milliseconds


def fann(bench):
    """One row at a time, on the net and the rows of --preset digits."""
    core = {bench.cores[0]}
    csv = HERE.parent.parent / "data" / "digits.csv.gz"
    line = Line("one row at a time (--preset digits): FANN's time over ours, "
                "one core", 4.0)
    return [against(
        bench, line, [lambda: Rival("rival_fann.py", [csv, FANN_EPOCHS],
                                    "numpy", 1, core)],
        lambda: FANN_EPOCHS * bench.ours.epoch(
            core, "--preset", "digits", data="digits", epochs=FANN_EPOCHS))]


ALL = {"torch": torch, "ddp": ddp, "jax": jax, "keras": keras,
       "sklearn": sklearn, "wide": wide, "deformed": deformed, "libxsmm": libxsmm, "fann": fann}
