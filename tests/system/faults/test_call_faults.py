#!/usr/bin/env python3
"""Files that fail: each system call on a file of the programs' fails in turn,
the first, the second and so on until they make no more of them. They end with
a documented code and one line that names file and reason, or can do without;
they never crash or hang, and no file is half there under its name. Reads and
writes that do half of what they should change nothing at all, nor do
interrupted ones of data and checkpoints. (For those of stdio, as for opening,
the programs rely on signals that restart calls.)

What a save does is left to save_faults. Quick: each 7th call, with EIO; full:
each, with EIO, EACCES and EINTR. Under a sanitizer it looks for leaks as well.
"""
import errno
import hashlib
import gzip
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from calls import Trap, need_calls  # noqa: E402

BUILD = pathlib.Path(os.environ["MLP_BUILD"])
IS_FULL = os.environ.get("MLP_TEST_FULL") == "1"
REASONS = [errno.EIO, errno.EACCES, errno.EINTR] if IS_FULL else [errno.EIO]
STRIDE = 1 if IS_FULL else 7
CODES = (65, 66, 74)
COMMON = ["--hidden", "4", "--batch", "8", "--threads", "1", "--epochs", "2",
          "--schedule", "constant"]
for name in ("MLP_DATA", "OMP_NUM_THREADS", "MLP_KERNELS"):
    os.environ.pop(name, None)
if os.geteuid() == 0:
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"

root = pathlib.Path(tempfile.mkdtemp()).resolve()
files = root / "files"        # where calls fail
pristine = root / "pristine"  # what is there before


def fail(text):
    sys.exit(f"FAILED: {text}")


# ---- files ----------------------------------------------------------------

def write_idx(folder, open_file, end):
    folder.mkdir()
    for split, rows in (("train", 40), ("t10k", 12)):
        for kind, head, body in (
                ("images-idx3", struct.pack(">4I", 2051, rows, 4, 4),
                 bytes(i * 37 % 256 for i in range(16 * rows))),
                ("labels-idx1", struct.pack(">2I", 2049, rows),
                 bytes(i % 3 for i in range(rows)))):
            with open_file(folder / f"{split}-{kind}-ubyte{end}", "wb") as f:
                f.write(head + body)


def write_pictures(folder):
    """PNG files of 4 x 4 grey pixels, in a folder for each of two classes."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    for number in range(4):
        (folder / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        rows = b"".join(b"\0" + bytes((number * 50 + 9 * r + c) % 256
                                      for c in range(4)) for r in range(4))
        (folder / "ab"[number % 2] / f"{number}.png").write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">2I5B", 4, 4, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run_plainly(*words, code=0):
    done = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=240,
                          check=False)
    if done.returncode != code:
        fail(f"{words}: exit code {done.returncode}\n{done.stderr}")


def prepare():
    """All files that the programs read."""
    files.mkdir()
    write_idx(files / "idx", open, "")
    write_idx(files / "gz", gzip.open, ".gz")
    write_pictures(files / "pictures")
    (files / "table.csv").write_text("a,b,y\n" + "".join(
        f"{i},{i * 7 % 11},{'uv'[i % 2]}\n" for i in range(40)))
    (files / "options").write_text("hidden = 4\nbatch = 8\nepochs = 2\n")
    (files / "net.txt").write_bytes(
        (pathlib.Path(os.environ["MLP_SOURCE"]) / "data" / "trace-2-3-2.txt")
        .read_bytes())
    train, mlp = BUILD / "mlp_train", BUILD / "mlp"
    run_plainly(mlp, "data", "convert", files / "idx", "-o", files / "set.h5")
    run_plainly(train, "--data", files / "idx", *COMMON, "--every", "1",
                "--checkpoint", files / "saved", "--log",
                files / "saved" / "log.jsonl")
    (files / "saved" / ".lock").unlink(missing_ok=True)
    for form, name in (("safetensors", "net.safetensors"), ("keras", "k.h5")):
        run_plainly(mlp, "export", files / "saved", "--to", form,
                    "--output", files / name)
    files.rename(pristine)


def contents():
    """The present files by name: digest and size; None for a directory."""
    found = {}
    for folder, _, names in os.walk(files):
        found[os.path.relpath(folder, files)] = None
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            found[os.path.relpath(path, files)] = (
                hashlib.sha256(data).digest(), len(data))
    found.pop("stdout", None)
    return found


def named(path):
    """Names of a file in a message: its name, its final name, or that of its
    directory."""
    if path == str(files / "stdout"):
        return ["standard output"]
    path = path.split(".tmp.")[0]
    return [path, os.path.dirname(path)]


def is_json(text):
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


# ---- a command and its result ----------------------------------------------

class Case:
    """A command whose words name files by FILES/.

    writes: what it makes; appends: what grows line by line, and may break off;
    is_timed: results that hold times are not compared; input: what may be
    interrupted."""

    def __init__(self, name, program, *words, writes=(), appends=(),
                 is_timed=False, input=None):
        self.input = input
        self.name, self.program = name, program
        self.command = [str(BUILD / program)] + [
            str(w).replace("FILES", str(files)) for w in words]
        self.writes, self.appends = set(writes), tuple(appends)
        self.is_timed = is_timed
        self.done, self.struck, self.before, self.after = None, None, {}, None
        self.begin()
        self.before = self.after = contents()
        self.run("list", 0)
        if self.done.returncode != 0 or self.struck:
            fail(f"{name}: undisturbed: {self.done}")
        self.expected_text, self.expected = self.text(), self.after

    def begin(self):
        """Restore the state before the command."""
        (files / "stdout").unlink(missing_ok=True)
        if self.after != self.before:
            shutil.rmtree(files, ignore_errors=True)
            shutil.copytree(pristine, files)

    def run(self, action, nth, below=files):
        """The result; `struck` has the calls that failed."""
        self.begin()
        trap = Trap(below, action, nth)
        with open(files / "stdout", "wb") as out:
            try:
                self.done = subprocess.run(
                    self.command, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.PIPE, text=True, timeout=240,
                    env={**os.environ, **trap.environment, **trap.preload},
                    check=False)
            except subprocess.TimeoutExpired:
                fail(f"{self.name}: {action} {nth}: hangs")
        self.struck = trap.calls()
        self.after = contents()

    def text(self):
        return (files / "stdout").read_text()

    def warns(self, reason, struck):
        """Whether it continued without the file, with a note on stderr or on
        the page that it makes."""
        said = self.done.stderr
        for name in self.writes & set(self.after):
            if name.endswith(".html"):
                said += (files / name).read_text()
        return os.strerror(reason) in said and any(
            n in said for n in named(struck.path))

    def expect_result(self, what, is_other=False):
        """The same as if nothing had happened; or another, but whole."""
        if self.done.returncode != 0:
            fail(f"{what}: exit code {self.done.returncode}: "
                 f"{self.done.stderr}")
        texts = [t.splitlines()[-1:] if self.is_timed else t
                 for t in (self.text(), self.expected_text)]
        if texts[0] != texts[1] and not is_other:
            fail(f"{what}: other results:\n{self.text()}")
        for name in self.writes:
            if not self.is_whole(name, is_other):
                fail(f"{what}: {name} is missing, or another")

    def is_whole(self, name, is_other=False):
        if name not in self.after:
            return False
        if name.endswith(".json"):  # has times
            return is_json((files / name).read_text())
        if name.endswith(".html") and is_other:
            return (files / name).read_text().endswith("</html>\n")
        digests, sizes = zip(self.after[name], self.expected[name])
        return digests[0] == digests[1] or (
            (is_other or name.endswith(".h5")) and sizes[0] == sizes[1])

    def expect_nothing_half(self, what, struck):
        for name, digest in self.after.items():
            is_old = name in self.before and self.before[name] == digest
            if is_old or name.startswith(self.appends):
                continue
            if name in self.writes and self.is_whole(name, True):
                continue
            if struck.name == "unlink" and ".tmp." in name:
                continue
            fail(f"{what}: left {name}: {self.done.stderr}")
        if not set(self.before) <= set(self.after):
            fail(f"{what}: gone: {set(self.before) - set(self.after)}")

    def expect_refusal(self, what, reason, struck):
        """One line, which names the file or the directory that has it."""
        # stdio loses errno of an earlier write
        reasons = [reason] + [errno.EIO] * (struck.name == "write")
        lines = [line for line in self.done.stderr.splitlines()
                 if line.startswith(f"{self.program}: ")
                 and not line.startswith(f"{self.program}: warning: ")]
        if (self.done.returncode not in CODES or len(lines) != 1
                or not any(os.strerror(r) in lines[0] for r in reasons)
                or not any(n in lines[0] for n in named(struck.path))):
            fail(f"{what}: exit code {self.done.returncode}: "
                 f"{self.done.stderr}")

    def expect_harmless(self):
        """Short and interrupted calls, all of them."""
        for action, below in ("half", files), (errno.EINTR, self.input):
            if below is None:
                continue
            self.run(action, 0, files / below)
            what = f"{self.name}: {action}: " + "; ".join(
                map(str, self.struck[-3:]))
            if not self.struck:
                fail(f"{self.name}: {action}: no call")
            self.expect_result(what)

    def each_fails(self, reason):
        """The number of calls that failed, and of those that mattered."""
        nth, struck_calls, refused = 1, 0, 0
        while True:
            self.run(reason, nth)
            if not self.struck:
                break
            struck = self.struck[0]
            what = f"{self.name}: {errno.errorcode[reason]} of {struck}"
            self.expect_nothing_half(what, struck)
            if self.done.returncode == 0:
                self.expect_result(what, self.warns(reason, struck))
            else:
                refused += 1
                self.expect_refusal(what, reason, struck)
            struck_calls += 1
            nth += STRIDE
        self.expect_result(f"{self.name}: after the last call")
        return struck_calls, refused


CASES = [
    ("options, log, timeline", "mlp_train", "--config", "FILES/options",
     "--data", "FILES/idx", "--schedule", "constant", "--threads", "1",
     "--log", "FILES/log.jsonl", "--timeline", "FILES/trace.json",
     "--tensorboard", "FILES/events",
     {"writes": ["trace.json"], "appends": ("log.jsonl", "events"),
      "is_timed": True}),
    ("gzip", "mlp_train", "--data", "FILES/gz", *COMMON, "--quiet",
     {"input": "gz"}),
    ("table", "mlp_train", "--data", "FILES/table.csv", "--label", "y",
     *COMMON, "--quiet", {}),
    ("HDF5", "mlp_train", "--data", "FILES/set.h5", *COMMON, "--quiet",
     {"input": "set.h5"}),
    ("rows in files", "mlp_train", "--data", "FILES/idx", "--memory-limit",
     "30000", *COMMON, "--quiet", {"input": "idx"}),
    ("resume", "mlp_train", "--data", "FILES/idx", "--checkpoint",
     "FILES/saved", "--resume", "--log", "FILES/saved/log.jsonl", "--quiet",
     {"writes": ["saved/ckpt-000002-00000010.h5"],
      "appends": ("saved/log.jsonl", "saved/.lock")}),
    ("weights", "mlp_train", "--data", "FILES/idx", "--weights",
     "FILES/saved/ckpt-000001-00000005.h5", *COMMON, "--quiet", {}),
    ("data", "mlp", "data", "show", "FILES/set.h5", {}),
    ("show", "mlp", "show", "FILES/saved", {}),
    ("verify", "mlp", "verify", "FILES/saved", {"input": "saved"}),
    ("eval", "mlp", "eval", "FILES/saved", "--data", "FILES/idx", {}),
    ("predict", "mlp", "predict", "FILES/saved", "--data", "FILES/idx", {}),
    ("report", "mlp", "report", "FILES/saved", "-o", "FILES/r.html",
     {"writes": ["r.html"]}),
    ("curves", "mlp", "report", "FILES/saved", "--format", "svg", "-o",
     "FILES/r.svg", {"writes": ["r.svg"]}),
    *[(f"export {form}", "mlp", "export", "FILES/saved", "--to", form, "-o",
       f"FILES/out{end}", {"writes": [f"out{end}"]})
      for form, end in (("keras", ".h5"), ("keras-weights", ".weights.h5"),
                        ("safetensors", ".safetensors"), ("onnx", ".onnx"),
                        ("c", ".h"))],
    ("import", "mlp", "import", "FILES/net.safetensors", "-o", "FILES/n.h5",
     {"writes": ["n.h5"]}),
    ("import keras", "mlp", "import", "FILES/k.h5", "-o", "FILES/n.h5",
     {"writes": ["n.h5"]}),
    ("convert", "mlp", "data", "convert", "FILES/gz", "-o", "FILES/n.h5",
     {"writes": ["n.h5"]}),
    ("import pictures", "mlp", "data", "import", "FILES/pictures", "--size",
     "4x4", "-o",
     "FILES/n.h5", {"writes": ["n.h5"]}),
    ("predict pictures", "mlp", "predict", "FILES/saved", "FILES/pictures/a",
     {}),
    ("trace", "mlp", "trace", "FILES/net.txt", {}),
]


def main():
    need_calls()
    prepare()
    only = sys.argv[1:]
    calls = refusals = 0
    for name, program, *words, more in CASES:
        if only and name not in only:
            continue
        case = Case(name, program, *words, **more)
        case.expect_harmless()
        for reason in REASONS:
            struck, refused = case.each_fails(reason)
            calls += struck
            refusals += refused
        print(f"{name}: {struck} calls", flush=True)
    print(f"{calls} calls failed, {refusals} of them with one line and a code "
          f"of {CODES}, the others without harm")
    if not only and refusals < calls / 3:
        fail("so few were refused")


try:
    main()
finally:
    shutil.rmtree(root, ignore_errors=True)
