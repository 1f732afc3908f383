"""The measures: each a function of the bench that returns lines."""
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time
from concurrent import futures

import mnist
import steps
from lines import Line
from machine import (BLIS, HERE, OPENBLAS, PYTHON, CannotRun, Missing, Rival,
                     debian_environment, find_blas, python_with, run, run_json)

WIDTHS = [784, 256, 128, 10]
WIDE_WIDTHS = [2500, 2000, 1500, 1000, 500, 10]
BATCH, WIDE_BATCH = 128, 256
LEDGER_THREADS = (2, 3, 4, 6, 8, 16)
TRAIN_ROWS, TEST_ROWS, ROW_BYTES = 60000, 10000, 784 + 2
WIDE_OPTIONS = ("--batch", WIDE_BATCH, "--optimizer", "adamw", "--lr", 0.001)
# As rival_torch_deform.py and rival_common.py have them.
DEFORMED_OPTIONS = ("--augment", "elastic", "--augment-soft", "1,7",
                    "--dropout", 0.1, "--label-smoothing", 0.02)
PRODUCTS = ("forward", "backward", "gradient")
MIB = 1 << 20


def row_flops(widths, nonzero_inputs=None):
    """Flops of one row's training step: a multiply-add is two; forward and
    gradient of every layer, backward of all but the first. Counted dense, or
    with the first layer's products of so many inputs only."""
    pairs = list(zip(widths, widths[1:]))
    first = (nonzero_inputs or widths[0]) * widths[1]
    return 2 * (2 * first + 3 * sum(a * b for a, b in pairs[1:]))


def plural(count, word):
    return f"{count} {word}{'s'[:count > 1]}"


# ---- kernels ---------------------------------------------------------------

def net_pairs(bench, widths, batch, shards, data=()):
    return bench.ours.kernels("net", ",".join(map(str, widths)), batch, shards,
                              bench.kernel_pairs, *data, core=bench.cores[0])


def against_peak(pairs, wanted):
    """Fraction of the peak reached by the kernels that `wanted` selects."""
    shares = []
    for pair in pairs:
        picked = [kernel for kernel in pair["kernels"] if wanted(kernel)]
        flops = sum(kernel["flops"] for kernel in picked)
        seconds = sum(kernel["seconds"] for kernel in picked)
        shares.append(flops / seconds / 1e9 / pair["peak_gflops"])
    return shares


def is_product(kernel):
    return kernel["op"] in PRODUCTS


def details(name, pairs):
    """A line without target for each product of each layer."""
    lines = []
    for kernel in filter(is_product, pairs[0]["kernels"]):
        op, layer = kernel["op"], kernel["layer"]
        share = sum(pair["peak_gflops"] * 1e9 * one["seconds"]
                    for pair in pairs for one in pair["kernels"]
                    if (one["op"], one["layer"]) == (op, layer))
        total = sum(pair["peak_gflops"] * 1e9 * one["seconds"]
                    for pair in pairs for one in pair["kernels"]
                    if is_product(one))
        lines.append(Line(
            f"{name}: {op} {kernel['in']}x{kernel['out']}",
            values=against_peak(pairs, lambda one, op=op, layer=layer:
                                (one["op"], one["layer"]) == (op, layer)),
            note=f"{100 * share / total:.0f}% of the products' time"))
    return lines


def update_line(bench, pairs):
    """The update of the wide net does not fit a cache: it reads the sum, and
    reads and writes weights and velocity."""
    values = []
    for pair in pairs:
        updates = [kernel for kernel in pair["kernels"]
                   if kernel["op"] == "update"]
        gbytes = sum(20e-9 * kernel["in"] * kernel["out"]
                     for kernel in updates)
        seconds = sum(kernel["seconds"] for kernel in updates)
        values.append(gbytes / seconds / bench.triad)
    return Line("update of the wide net against the triad's bandwidth",
                values=values, note="at most 1.33 from memory: the triad's "
                "reads of what it overwrites are not counted")


def kernels(bench):
    lines, more = [], []
    for widths, batch, asked, name in (
            (WIDTHS, BATCH, 0.90, "784-256-128-10, batch 128"),
            (WIDE_WIDTHS, WIDE_BATCH, 0.85,
             "2500-2000-1500-1000-500-10, batch 256")):
        for shards in (1, 8):
            pairs = net_pairs(bench, widths, batch, shards)
            label = f"{name}, {plural(shards, 'shard')}"
            lines.append(Line(
                f"dense kernels against the FMA peak, one core: {label}",
                asked, values=against_peak(pairs, is_product)))
            more += details(label, pairs)
        if widths is WIDE_WIDTHS:
            more.append(update_line(bench, pairs))
    pairs = net_pairs(bench, [bench.features, *WIDTHS[1:]], BATCH, 8,
                      (bench.data,))
    for op in ("forward", "gradient"):
        more.append(Line(
            f"{bench.data_name}, zeros skipped and counted as done: {op} "
            f"{bench.features}x256, 8 shards",
            values=against_peak(pairs, lambda kernel, op=op:
                                (kernel["op"], kernel["layer"]) == (op, 1))))
    bench.details += more
    return lines


def blas(bench):
    """Time of a BLAS over ours for the same product."""
    lines = []
    for title, name in (("OpenBLAS", OPENBLAS), ("BLIS", BLIS)):
        try:
            library = find_blas(name)
        except Missing as missing:
            lines.append(Line(f"kernels against {title}",
                              missing=str(missing)))
            continue
        for shape in ((784, 256, 128), (256, 128, 128), (2500, 2000, 256)):
            pairs = bench.ours.kernels("blas", library, *shape,
                                       bench.kernel_pairs, core=bench.cores[0],
                                       environment=debian_environment(1))
            for index, op in enumerate(PRODUCTS):
                lines.append(Line(
                    f"{title}'s time over our kernel's: {op} "
                    f"{shape[0]}x{shape[1]}, batch {shape[2]}",
                    values=[pair["products"][index]["theirs"] /
                            pair["products"][index]["ours"]
                            for pair in pairs]))
    return lines


# ---- epochs ----------------------------------------------------------------

def perfect(bench, line, flops, cores, options):
    """Fill a line with the time of the flops at the peak of these cores over
    our epoch."""
    line.note = f"{flops / 1e9:.1f} GFLOP counted"
    for _ in range(bench.pairs):
        line.add(*bench.perfect_seconds(
            flops, cores, lambda: bench.ours.epoch(cores, **options)))
    return line


def epoch(bench):
    """The time of all flops at the peak over our epoch."""
    widths = [bench.features, *WIDTHS[1:]]
    return [perfect(bench, Line("perfect dense epoch over our whole epoch, "
                                "one core", 1.25),
                    bench.train_rows * row_flops(widths), {bench.cores[0]},
                    {})]


def nonzero(bench):
    """Flops without zero pixels at the peak, a lower bound of an epoch that
    skips zeros, over our epoch."""
    bench.need_mnist()
    flops = bench.train_rows * row_flops(
        WIDTHS, mnist.nonzero_pixels(bench.data))
    return [perfect(bench, Line("peak time of the multiply-adds without zero "
                                "pixels over our whole epoch, "
                                + plural(count, "core"), asked),
                    flops, bench.some_cores(count), {"threads": count})
            for count, asked in ((1, 0.65), (2, None))]


def late(bench):
    """Late epochs take no longer than the first: denormal momentum would be
    slow on Intel's processors."""
    line = Line("tenth epoch over the first of the same run, one core", 1.05,
                at_most=True)
    for _ in range(bench.pairs):
        records = bench.ours.run({bench.cores[0]}, "--threads", 1,
                                 "--epochs", 10)
        seconds = [record["seconds"] for record in records
                   if record["event"] == "epoch"]
        line.add(seconds[9], seconds[0])
    return [line]


def deform(bench):
    """What deforming adds to the time of gathering rows."""
    bench.need_mnist()
    core = {bench.cores[0]}
    line = Line("deformations' share of a step of 784-1024-1024-1024-10, "
                f"AdamW, batch {WIDE_BATCH}, one core", 0.10, at_most=True)
    by_row = Line("deforming an image of 28 x 28 pixels, one core", 8.0,
                  at_most=True, unit="us")

    def seconds(place, *options):
        """Of gathering, and of all phases."""
        records = bench.ours.run(
            core, "--threads", 1, "--epochs", 1, "--profile", "--hidden",
            "1024,1024,1024", *WIDE_OPTIONS, *DEFORMED_OPTIONS, *options,
            data=place)
        phases = next(record["rank_seconds"][0] for record in records
                      if record["event"] == "profile")
        return phases["gather"], sum(phases.values())

    with tempfile.TemporaryDirectory() as place:
        mnist.write_part(bench.data, place, bench.wide_rows, WIDE_BATCH)
        for _ in range(bench.pairs):
            gather, whole = seconds(place)
            plain, _ = seconds(place, "--augment", "none", "--augment-soft",
                               "none")
            line.add(gather - plain, whole)
            by_row.values.append(1e6 * (gather - plain) / bench.wide_rows)
    return [line, by_row]


# ---- ours against ours -----------------------------------------------------

def threads(bench):
    two = bench.some_cores(2)
    one = {bench.cores[0]}
    ours = bench.ours

    def seconds_of_two_runs():
        """Seconds of an epoch with a separate run on each core."""
        with futures.ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda core: ours.epoch({core}), two))
        return sum(both) / 4

    def against(line, first, second):
        return line.in_turns(bench.pairs, first, second)

    lines = []
    for name, options in (("two threads", {"threads": 2}),
                          ("two ranks", {"ranks": 2})):
        lines.append(against(
            Line(f"{name}: share of what two separate runs at once reach",
                 0.90, asked_worst=0.80),
            seconds_of_two_runs, lambda: ours.epoch(two, **options)))
    return [
        *lines,
        against(Line("two separate runs at once over one (what a second core "
                     "gives)", note="no thread or rank can bring more"),
                lambda: ours.epoch(one), seconds_of_two_runs),
        against(Line("2 threads over 1 (speed-up of an epoch)"),
                lambda: ours.epoch(one),
                lambda: ours.epoch(two, threads=2)),
        against(Line("2 ranks of 1 thread over 1 rank (speed-up of an epoch)"),
                lambda: ours.epoch(one, ranks=1),
                lambda: ours.epoch(two, ranks=2))]


def ledger(bench):
    """Bytes that go from core to core in a step, counted from the ranges that
    the code gives to threads."""
    lines = []
    for count in LEDGER_THREADS:
        stages = bench.ours.kernels("ledger", ",".join(map(str, WIDTHS)), BATCH,
                                    count, core=bench.cores[0])[0]["stages"]
        parts = ", ".join(f"{stage['op']} {stage['layer']}: "
                          f"{stage['bytes'] / 1e6:.2f}" for stage in stages
                          if stage["bytes"])
        total = sum(stage["bytes"] for stage in stages)
        lines.append(Line(f"from core to core in a step, {count} threads",
                          values=[total / 1e6], unit="MB", note=parts))
    return lines


def shards(bench):
    one = {bench.cores[0]}
    return [Line(
        f"cost of the digest: --shards 8 over --shards 1, batch {batch}",
        asked, at_most=True).in_turns(
            bench.pairs,
            lambda: bench.ours.epoch(one, "--batch", batch, "--shards", 8),
            lambda: bench.ours.epoch(one, "--batch", batch, "--shards", 1))
            for batch, asked in ((128, 1.08), (1024, 1.03))]


def crowd(bench):
    two = bench.some_cores(2)
    return [Line("epoch of 8 ranks over that of 2 ranks, on 2 cores", 1.2,
                 at_most=True).in_turns(
                     bench.pairs, lambda: bench.ours.epoch(two, ranks=8),
                     lambda: bench.ours.epoch(two, ranks=2))]


# ---- whole processes -------------------------------------------------------

FAST_PRESET = "mnist-fast"
GOAL = 0.98
EPOCHS_MOST = 12


def accuracy(records):
    """Test accuracy after the last epoch."""
    return [one["test_accuracy"] for one in records
            if one["event"] == "epoch"][-1]


def options_to_goal(bench, cores):
    """Options of a run that ends with 98.0%, and its name."""
    options = ["--threads", 2]
    if FAST_PRESET in bench.ours.help():
        options += ["--preset", FAST_PRESET]
        reached = accuracy(bench.ours.run(cores, *options))
        if reached < GOAL:
            raise Missing(f"--preset {FAST_PRESET} ends at "
                          f"{100 * reached:.2f}%")
        return options, f"--preset {FAST_PRESET}, {100 * reached:.2f}%"
    # A schedule may depend on the number of epochs: try them all.
    for epochs in range(1, EPOCHS_MOST + 1):
        reached = accuracy(bench.ours.run(cores, *options, "--epochs", epochs))
        if reached >= GOAL:
            return ([*options, "--epochs", epochs],
                    f"no preset {FAST_PRESET}: the defaults, {epochs} epochs, "
                    f"{100 * reached:.2f}%")
    raise Missing(f"{EPOCHS_MOST} epochs with the defaults do not reach "
                  f"{100 * GOAL:.1f}%")


def wall(bench):
    cores = bench.some_cores(2)
    line = Line("whole process to 98.0% test accuracy, 2 threads", 1.5,
                at_most=True, unit="s")
    over_peak = Line("the same over a dense epoch at the FMA peak of two "
                     "cores", 4.0, at_most=True)
    over_rival = Line("the same over one epoch of PyTorch's, 2 threads")
    lines = [line, over_peak, over_rival]
    try:
        bench.need_mnist()
        options, line.note = options_to_goal(bench, cores)
    except Missing as missing:
        for one in lines:
            one.missing = str(missing)
        return lines
    flops = bench.train_rows * row_flops(WIDTHS)

    def seconds():
        start = time.monotonic()
        bench.ours.run(cores, *options)
        return time.monotonic() - start

    def against_peak():
        """Seconds of a run, which both other lines use, too."""
        dense, measured = bench.perfect_seconds(flops, cores, seconds)
        line.values.append(measured)
        over_peak.add(measured, dense)
        return measured

    try:
        with Rival("rival_torch.py", [bench.data, 2, "eager"], "torch", 2,
                   cores) as rival:
            over_rival.in_turns(bench.pairs, against_peak, rival.epoch)
    except Missing as missing:
        over_rival.missing = str(missing)
        for _ in range(bench.pairs):
            against_peak()
    return lines


def loading(bench):
    line = Line("loading .gz, one core, over gzip -dc of the same files")
    absolute = Line("loading .gz, one core", 0.4, at_most=True, unit="s",
                    note="from opening to every row in memory and checked")
    folder = pathlib.Path(bench.data)
    files = sorted(folder.glob("*-ubyte.gz"))
    if len(files) != 4:
        line.missing = absolute.missing = "the four .gz files of MNIST"
        return [line, absolute]
    core = bench.cores[0]

    def ours():
        seconds = bench.ours.kernels("load", folder,
                                     core=core)[0]["seconds"]
        absolute.values.append(seconds)
        return seconds

    def unpack():
        start = time.monotonic()
        subprocess.run(["gzip", "-dc", *files], check=True,
                       stdout=subprocess.DEVNULL,
                       preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        return time.monotonic() - start

    ours()  # the files are in the page cache from here on
    absolute.values.clear()
    return [line.in_turns(bench.pairs, ours, unpack), absolute]


def memory(bench):
    """Peak resident set of the largest rank, minus its rows."""
    lines = []
    cores = bench.some_cores(2)
    rows = (TRAIN_ROWS + TEST_ROWS) * ROW_BYTES
    for ranks in (1, 2, 8):
        line = Line(f"peak RSS of a rank less its shards' bytes, {ranks} "
                    f"rank{'s'[:ranks > 1]}", 64.0, at_most=True, unit="MiB")
        lines.append(line)
        try:
            bench.need_mnist()
        except Missing as missing:
            line.missing = str(missing)
            continue
        with tempfile.TemporaryDirectory() as place:
            peaks = pathlib.Path(place) / "peaks"
            bench.ours.run(cores, "--threads", 1, "--epochs", 1, ranks=ranks,
                           wrapper=[PYTHON, HERE / "peak_rss.py", peaks])
            sizes = [1024 * int(line) for line in
                     peaks.read_text(encoding="ascii").split()]
        if len(sizes) != ranks:
            raise CannotRun(f"{len(sizes)} of {ranks} ranks left their size")
        line.values = [(max(sizes) - rows / ranks) / MIB]
        line.note = f"the largest of {ranks}" if ranks > 1 else ""
    return lines


PYARROW = """
import sys, time
from pyarrow import csv
start = time.monotonic()
csv.read_csv(sys.argv[1], csv.ReadOptions(use_threads=False))
print(time.monotonic() - start)
"""


def write_numbers(path, rows):
    """A table of 28 numbers and a label; its size in MB."""
    draw = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        names = [f"x{i}" for i in range(28)]
        print("label", *names, sep=",", file=file)
        for row in range(rows):
            numbers = (f"{draw.gauss(0, 1):.6f}" for _ in names)
            print(row % 2, *numbers, sep=",", file=file)
    return os.path.getsize(path) / 1e6


def table(bench):
    lines = [Line("CSV of numbers, one core", 300, unit="MB/s",
                  note="28 numbers a row; parsed, medians searched"),
             Line("CSV of numbers, two cores", 500, unit="MB/s"),
             Line("CSV of numbers, over pyarrow's read_csv, one core", 0.5)]
    core = bench.cores[0]
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "numbers.csv")
        size = write_numbers(path, 10000 if bench.pairs < 9 else 400000)

        def ours(cores):
            return run_json([bench.ours.bench_kernels, "table", path,
                             len(cores)], set(cores))[0]["seconds"]

        ours([core])  # the file is in the page cache from here on
        for line, count in ((lines[0], 1), (lines[1], 2)):
            if count <= len(bench.cores):
                line.values = [size / ours(bench.cores[:count])
                               for _ in range(bench.pairs)]
            else:
                line.missing = "two cores"
        try:
            python, environment = python_with("pyarrow", 1)
        except Missing as reason:
            lines[2].missing = str(reason)
            return lines
        lines[2].in_turns(bench.pairs, lambda: float(
            run([python, "-c", PYARROW, path], {core}, environment)),
            lambda: ours([core]))
    return lines


def plan(bench):
    """Steps as --plan predicts them, over those that it measured, of the
    median batch."""
    lines = []
    for ranks in (1, 2):
        line = Line(f"--plan's step over the measured one, {ranks} "
                    f"rank{'s'[:ranks > 1]}", 0.8,
                    note="should be 0.80 to 1.25")
        lines.append(line)
        cores = bench.some_cores(ranks)
        for _ in range(bench.pairs):
            records = bench.ours.run(cores, "--threads", 1, "--plan", 2,
                                     ranks=ranks)
            line.values.append(statistics.median_high(
                record["predicted_seconds"] / record["measured_seconds"]
                for record in records if record["event"] == "plan_check"))
    return lines


ALL = {"kernels": kernels, "blas": blas, "epoch": epoch, "nonzero": nonzero,
       "late": late, "deform": deform, "threads": threads, "ledger": ledger,
       "shards": shards, "crowd": crowd, "steps": steps.measure, "wall": wall,
       "loading": loading, "memory": memory, "table": table, "plan": plan}
