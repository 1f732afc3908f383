"""Data larger than --memory-limit: the same weights as from memory, within the
limit, and an end with one line when reading goes wrong.

The files are IDX, whose rows lie in the file as they do in memory; IDX in
gzip, which must be copied; and HDF5 of both kinds where h5py is installed.
"""
import gzip
import os
import pathlib
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time

try:
    import h5py
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    h5py = None

TOOL = os.path.join(os.environ["MLP_BUILD"], "mlp")
TRAIN = os.path.join(os.environ["MLP_BUILD"], "mlp_train")
IS_FULL = os.environ.get("MLP_TEST_FULL") == "1"
IS_SANITIZED = "asan" in os.environ["MLP_BUILD"]
for name in ("MLP_DATA", "OMP_NUM_THREADS", "MLP_KERNELS", "TMPDIR"):
    os.environ.pop(name, None)
if os.geteuid() == 0:
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
SIDE = 16
LIMIT = "450K"  # of 2.7 MB


def fail(text):
    sys.exit(f"FAILED: {text}")


def play_nodes(size):
    """Let so many ranks of this machine play a node; 0: it is one node."""
    os.environ.pop("MLP_TEST_NODE_SIZE", None)
    if size > 0:
        os.environ["MLP_TEST_NODE_SIZE"] = str(size)


def command(ranks, *options):
    if ranks == "mlp":
        return [TOOL, *(str(o) for o in options)]
    launcher = ["mpirun", "--oversubscribe", "--bind-to", "none",
                "-np", str(ranks)] if ranks else []
    return [*launcher, TRAIN, *(str(o) for o in options)]


def run(ranks, *options, status=0, limits=None):
    done = subprocess.run(
        command(ranks, *options), capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=300,
        preexec_fn=limits and (lambda: resource.setrlimit(*limits)))
    if done.returncode != status:
        fail(f"exit code {done.returncode}, not {status}: {ranks} {options}\n"
             f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done


def digest(done):
    return done.stdout.split("weights sha256 ")[-1].strip()


def own_lines(text):
    """Messages, without advice on placement, which depends on the cores."""
    return [line for line in text.splitlines()
            if line.startswith(("mlp_train: ", "mlp: "))
            and "--memory-limit: " not in line
            and "more than its share" not in line]


def parts(rows, side, seed):
    """Pixels, a third of them 0, and labels that are in the pixels."""
    draw = random.Random(seed)
    table = bytes(max(0, i - 85) for i in range(256))
    pixels = bytearray(draw.randbytes(rows * side * side).translate(table))
    labels = bytes(draw.randrange(10) for _ in range(rows))
    for row, label in enumerate(labels):
        pixels[row * side * side + label] = 255
    return bytes(pixels), labels


def write_idx(folder, counts, side=SIDE, pack=lambda name, b: (name, b)):
    folder.mkdir()
    for seed, (split, rows) in enumerate(zip(("train", "t10k"), counts)):
        pixels, labels = parts(rows, side, seed)
        for part, head, body in (
                ("images-idx3", struct.pack(">4I", 2051, rows, side, side),
                 pixels),
                ("labels-idx1", struct.pack(">2I", 2049, rows), labels)):
            name, content = pack(f"{split}-{part}-ubyte", head + body)
            (folder / name).write_bytes(content)
    return folder


def packed(name, content):
    return name + ".gz", gzip.compress(content, 1)


def write_hdf5(path, counts, **how):
    import numpy as np
    with h5py.File(path, "w") as file:
        for seed, (split, rows) in enumerate(zip(("train", "test"), counts)):
            pixels, labels = parts(rows, SIDE, seed)
            shape = (rows, SIDE, SIDE)
            file.create_dataset(f"{split}/images", **how, data=np.frombuffer(
                pixels, np.uint8).reshape(shape))
            file.create_dataset(f"{split}/labels",
                                data=np.frombuffer(labels, np.uint8))
    return path


def sources(place):
    counts = 9000, 1500
    made = [write_idx(place / "plain", counts),
            write_idx(place / "gz", counts, pack=packed)]
    if h5py is None:
        print("not tried with HDF5: h5py is not installed")
        return made
    return made + [
        write_hdf5(place / "whole.h5", counts),
        write_hdf5(place / "chunks.h5", counts, chunks=(300, 16, 8),
                   compression=1)]


def test_digests(data):
    """Any file, team and limit: one digest."""
    runs = 0
    sets = (["--epochs", 1],
            ["--epochs", 1, "--scaling", "standard", "--validation", 0.2,
             "--batch", 100, "--accumulate", 3, "--shards", 11,
             "--dropout", 0.2])
    for options in sets:
        expected = digest(run(0, "--data", data[0], *options, "--quiet",
                              "--threads", 1))
        teams = [(0, 1, 0), (0, 2, 0), (2, 1, 0), (3, 2, 0), (2, 2, 1),
                 (4, 1, 2)]
        if IS_FULL:
            teams += [(2, 4, 0), (4, 1, 0), (8, 1, 0), (4, 2, 1), (8, 1, 2)]
        for i, (ranks, threads, node_size) in enumerate(teams):
            for k, path in enumerate(data):
                if (i + k) % 2 and not IS_FULL:
                    continue
                play_nodes(node_size)
                done = run(ranks, "--data", path, *options, "--memory-limit",
                           LIMIT, "--threads", threads)
                play_nodes(0)
                if node_size > 0 and ", rows sent ahead" not in done.stdout:
                    fail(f"nodes send no rows: {done.stdout}")
                if digest(done) != expected:
                    fail(f"{path}: other weights: {ranks} x {threads}")
                if "of rows stay in files" not in done.stderr:
                    fail(f"{path}: not read ahead: {done.stderr}")
                runs += 1
    print(f"{runs} runs within {LIMIT} had the digest of a run from memory")


def test_resume(place, data):
    """Stopped in an epoch and resumed by another team, with and without."""
    common = ["--data", data[0], "--epochs", 2, "--quiet"]
    expected = digest(run(0, *common))
    for i, (first, then) in enumerate((([0, LIMIT], [3, "0"]),
                                       ([3, "0"], [2, LIMIT]))):
        folder = place / f"runs{i}"
        for step in (17, 95, 0):
            ranks, limit = (first, then)[step == 95]
            status = 75 if step else 0
            done = run(ranks, *common, "--checkpoint", folder, "--resume",
                       "auto", "--memory-limit", limit, "--max-steps", step,
                       status=status)
        if digest(done) != expected:
            fail("a resumed run has other weights")
    run(2, "--replay", place / "runs0", "--data", data[0], "--from", 0,
        "--steps", 95, "--memory-limit", LIMIT)


def write_table(path):
    draw = random.Random(7)
    lines = ["a,b,c,d,y"]
    for _ in range(4000):
        x = [draw.randrange(100) for _ in range(4)]
        lines.append(",".join(map(str, [*x, x[0] + 2 * x[1] - x[2]])))
    path.write_text("\n".join(lines) + "\n")
    return path


def unranked(text):
    """Without the scores that rank all rows, for which there is no room."""
    return re.sub(r'(?m)^ *"?(roc.auc|average.precision).*\n', "", text,
                  flags=re.IGNORECASE)


def test_tool(place, data):
    """mlp eval and predict give the same results for rows in files."""
    run(0, "--data", data[0], "--epochs", 1, "--quiet", "--checkpoint",
        place / "model")
    table = write_table(place / "table.csv")
    run(0, "--data", table, "--label", "y", "--task", "regression", "--epochs",
        1, "--test-fraction", 0.9, "--quiet", "--checkpoint", place / "number")
    commands = [("eval", "model", LIMIT, "--split", "train"),
                ("eval", "model", "290K", "--format", "json"),
                ("predict", "model", LIMIT, "--split", "train"),
                ("predict", "model", "290K", "--format", "text", "--first", 3)]
    tries = [(path, command) for path in data for command in commands]
    tries += [(table, ("eval", "number", "70K")),
              (table, ("predict", "number", "70K", "--split", "test"))]
    os.environ["TMPDIR"] = str(place / "absent")
    for path, (name, model, limit, *options) in tries:
        line = [name, place / model, "--data", path, *options]
        expected = run("mlp", *line).stdout
        if path.suffix == ".csv" or path.name in ("gz", "chunks.h5"):
            run("mlp", *line, "--memory-limit", limit, status=74)
            del os.environ["TMPDIR"]
        found = run("mlp", *line, "--memory-limit", limit)
        os.environ["TMPDIR"] = str(place / "absent")
        if (unranked(found.stdout) != unranked(expected) or found.stderr
                or not expected):
            fail(f"{path}: within {limit} {line} says something else")
    del os.environ["TMPDIR"]
    low = run("mlp", "eval", place / "model", "--data", data[0],
              "--memory-limit", "50K", status=64)
    if len(own_lines(low.stderr)) != 1 or "too low" not in low.stderr:
        fail(f"mlp eval with no room: {low.stderr}")
    print(f"{len(tries)} times mlp eval and predict said the same")


def test_tool_fault(place):
    """A file that is truncated while its rows are predicted. The output is not
    read completely before, so that the tool has to wait."""
    data = write_idx(place / "short", (9000, 100))
    with subprocess.Popen(
            command("mlp", "predict", place / "model", "--data", data,
                    "--split", "train", "--memory-limit", LIMIT),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        os.truncate(data / "train-images-idx3-ubyte", 400000)
        rows, errors = process.communicate(timeout=60)
    lines = own_lines(errors.decode())
    if process.returncode != 74 or len(lines) != 1 or \
            "while it was in use" not in lines[0] or rows.count(b"\n") > 8999:
        fail(f"cut short: exit code {process.returncode}: {errors}")


def peak(*options, ranks=0):
    """Peak memory of a run in bytes."""
    program = ("import resource, subprocess, sys;"
               "subprocess.run(sys.argv[1:], check=True,"
               " stdout=subprocess.DEVNULL);"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    return 1024 * int(subprocess.run(
        [sys.executable, "-c", program, *command(ranks, *options, "--threads", 1)],
        check=True, capture_output=True, text=True).stdout)


def test_memory(place):
    """Peak memory is at most that of a run on few rows, plus the limit."""
    allowed = 2 << 20
    large = write_idx(place / "large", (60000, 5000), side=28)
    small = write_idx(place / "small", (100, 10), side=28)
    common = ["--epochs", 1, "--quiet", "--checkpoint"]
    base = peak("--data", small, *common, place / "a")
    whole = peak("--data", large, *common, place / "b")
    for mebibytes in (2, 16):
        limited = peak("--data", large, *common, place / f"c{mebibytes}",
                       "--memory-limit", f"{mebibytes}M")
        print(f"peak {base >> 10} KiB without data, {whole >> 10} KiB in "
              f"memory, {limited >> 10} KiB with {mebibytes} MiB")
        if limited > base + (mebibytes << 20) + allowed:
            fail(f"the limit of {mebibytes} MiB is not kept")
    if whole < base + (16 << 20) + allowed:
        fail("the test is invalid: the data is not larger than the limit")
    for name in ("eval", "predict"):
        common = [name, place / "b", "--split", "train", "--memory-limit", "2M"]
        base = peak(*common, "--data", small, ranks="mlp")
        limited = peak(*common, "--data", large, ranks="mlp")
        print(f"mlp {name}: peak {base >> 10} KiB without data, "
              f"{limited >> 10} KiB with 2 MiB")
        if limited > base + (2 << 20) + allowed:
            fail(f"mlp {name} does not keep the limit")


def test_faults_under_way(place):
    """A file that is truncated, or changed, while two ranks read it, of one
    node or of two that send each other rows."""
    def cut(path):
        os.truncate(path, 400000)

    def change(path):
        os.utime(path, (1, 1))

    for spoil, word, node_size in ((cut, "cut short", 0),
                                   (change, "was changed", 0),
                                   (cut, "cut short", 1)):
        name = f"{spoil.__name__}-{node_size}"
        data = write_idx(place / name, (9000, 1500))
        log = place / f"{name}.jsonl"
        play_nodes(node_size)
        with subprocess.Popen(
                command(2, "--data", data, "--epochs", 100000, "--log", log,
                        "--memory-limit", LIMIT, "--progress", "never"),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True) as process:
            end = time.time() + 60
            while not (log.exists()
                       and '"event":"epoch"' in log.read_text()):
                if time.time() > end:
                    process.kill()
                    fail("the run does not begin")
                time.sleep(0.05)
            spoil(data / "train-images-idx3-ubyte")
            try:
                errors = process.communicate(timeout=60)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                fail(f"{word}: it goes on")
        lines = own_lines(errors)
        if process.returncode != 74 or len(lines) != 1 or \
                word not in lines[0] or str(data) not in lines[0]:
            fail(f"{word}: exit code {process.returncode}: {errors}")
    play_nodes(0)


def test_faults_at_the_start(place, data):
    """No room for a copy; a limit that nothing fits into."""
    short = run(0, "--data", data[1], "--memory-limit", LIMIT, status=74,
                limits=(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    lines = own_lines(short.stderr)
    if len(lines) != 1 or "File too large" not in lines[0]:
        fail(f"a full disk: {short.stderr}")
    os.environ["TMPDIR"] = str(place / "absent")
    absent = run(0, "--data", data[1], "--memory-limit", LIMIT, status=74)
    del os.environ["TMPDIR"]
    if "absent" not in own_lines(absent.stderr)[0]:
        fail(f"no place for a copy: {absent.stderr}")
    for text, word in (("50K", "too low"), ("1.5G", "not a number of bytes")):
        low = run(0, "--data", data[0], "--memory-limit", text, status=64)
        if len(own_lines(low.stderr + "\n")) > 1 or word not in low.stderr:
            fail(f"--memory-limit {text}: {low.stderr}")
    enough = run(0, "--data", data[0], "--memory-limit", "1G", "--epochs", 1)
    if "stay in files" in enough.stderr:
        fail("data that fits is left in files")
    if len(data) > 2:
        coarse = write_hdf5(place / "coarse.h5", (9000, 4500),
                            chunks=(4500, SIDE, SIDE))
        refused = run(0, "--data", coarse, "--memory-limit", LIMIT, status=64)
        if "has chunks of 4500 rows" not in refused.stderr:
            fail(f"chunks that do not fit: {refused.stderr}")


def main():
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        data = sources(place)
        test_digests(data)
        test_resume(place, data)
        test_tool(place, data)
        test_tool_fault(place)
        test_faults_under_way(place)
        test_faults_at_the_start(place, data)
        if IS_SANITIZED:
            print("peak memory is not measured under a sanitizer")
        else:
            test_memory(place)
    print("ok")


main()
