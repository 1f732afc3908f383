"""For tests of saving: a tiny job, and what strace sees of it.

The job is the last two steps of an epoch of a network of 4 hidden units, in a
directory that has a checkpoint of the first three; --keep 1, so that it is
deleted.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["MLP_BUILD"], "mlp_train")
TRIES = 5
IS_FULL = os.environ.get("MLP_TEST_FULL") == "1"
for name in ("MLP_DATA", "OMP_NUM_THREADS", "MLP_KERNELS"):
    os.environ.pop(name, None)
if os.geteuid() == 0:
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
WATCHED = ("openat,mkdir,read,pread64,write,pwrite64,ftruncate,fsync,fdatasync,"
           "close,rename,renameat,renameat2,unlink,unlinkat,flock,getdents64,"
           "newfstatat,fstat,statfs,fstatfs,lseek")
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+|\?)(.*)$")


def fail(text):
    sys.exit(f"FAILED: {text}")


def skip(text):
    print(f"SKIP: {text}")
    sys.exit(77)


def write_data(folder):
    """IDX files: 40 training and 12 test pictures of 4 x 4."""
    folder.mkdir()
    for split, rows in (("train", 40), ("t10k", 12)):
        (folder / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">4I", 2051, rows, 4, 4)
            + bytes(i * 37 % 256 for i in range(16 * rows)))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(
            struct.pack(">2I", 2049, rows) + bytes(i % 3 for i in range(rows)))


class Call:
    """A system call in the job's directory: its name, the how-manieth of that
    name it is in the whole process, the how-manieth in the directory, and the
    line that strace wrote."""

    def __init__(self, name, ordinal, place, text, result):
        self.name, self.ordinal, self.place = name, ordinal, place
        self.text, self.result = text, result

    def is_same(self, other):
        return (self.name, self.place) == (other.name, other.place)

    def __str__(self):
        return f"{self.name} {self.ordinal} ({self.text[:100]})"


class Job:
    """A place to save in. Its `saves` come from strace."""

    def __init__(self, place=None):
        self.place = pathlib.Path(place or tempfile.mkdtemp()).resolve()
        self.folder = self.place / "saved"
        write_data(self.place / "data")
        self.words = [
            "--data", str(self.place / "data"), "--hidden", "4", "--batch",
            "8", "--threads", "1", "--schedule", "constant", "--keep", "1",
            "--checkpoint", str(self.folder), "--quiet"]
        first = self.run("--epochs", "1", "--max-steps", "3")
        self.expect(first, 75, "the first steps")
        shutil.copytree(self.folder, self.place / "before")
        self.old = self.names()
        self.digest = self.go_on("undisturbed")
        self.new = self.names()

    def close(self):
        shutil.rmtree(self.place)

    def begin(self):
        """The directory as it is after the first steps."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.place / "before", self.folder)

    def names(self):
        return sorted(n for n in os.listdir(self.folder) if n != ".lock")

    def run(self, *words, launch=(), under=(), seconds=120):
        command = [*launch, *under, PROGRAM, *self.words, *words]
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return fail(f"hangs: {' '.join(command)}")

    def expect(self, done, code, what):
        if done.returncode != code:
            fail(f"{what}: exit code {done.returncode}, not {code}\n"
                 f"{done.stdout}{done.stderr}")

    def go_on(self, what):
        """Resume to the end: the digest."""
        done = self.run("--epochs", "1", "--max-steps", "0", "--resume")
        self.expect(done, 0, f"{what}: resumed")
        return done.stdout.split()[-1]

    def expect_same_end(self, what):
        if self.go_on(what) != self.digest:
            fail(f"{what}: other weights")
        # An old one stays if nothing was left to save: the next save's work.
        if not set(self.new) <= set(self.names()) <= set(self.old + self.new):
            fail(f"{what}: files are left: {self.names()}")

    def trace(self, *options, launch=()):
        """The rest under strace: what it came to, and its calls below here."""
        log = self.place / "trace"
        log.unlink(missing_ok=True)
        under = ["strace", "-f", "-y", "-s", "16", "-o",
                 str(log), "-e", f"trace={WATCHED}", *options]
        done = self.run("--epochs", "1", "--max-steps", "0", "--resume", launch=launch,
                        under=under)
        return done, self.read_trace(log)

    def trace_twice(self, names=None, launch=()):
        """An undisturbed rest: its calls below here (only those with these
        names), whose ordinals two runs in a row agree on. (On a busy machine
        malloc or MPI now and then make a call more.)"""
        before = []
        for _ in range(TRIES):
            self.begin()
            done, calls = self.trace(launch=launch)
            self.expect(done, 0, "traced")
            calls = [c for c in calls if not names or c.name in names]
            if ([(c.name, c.ordinal) for c in calls]
                    == [(c.name, c.ordinal) for c in before]):
                return calls
            before = calls
        return fail(f"{TRIES} runs, each with other calls")

    def disturb(self, call, how, launch=()):
        """The rest, with an injection (strace's words) at this very call: what
        it came to and its calls. Again if it struck another call."""
        for _ in range(TRIES):
            self.begin()
            done, calls = self.trace(
                "-e", f"inject={call.name}:{how}:when={call.ordinal}",
                launch=launch)
            struck = [c for c in calls
                      if "(INJECTED)" in c.text or c.result == "?"]
            if struck and struck[0].is_same(call):
                return done, calls
        return fail(f"{TRIES} times nothing was injected at {call}")

    def read_trace(self, log):
        calls, counts, main = [], {}, None
        for line in log.read_text().splitlines():
            main = main or line.split()[0]
            match = CALL.match(line)
            if match and line.split()[0] == main:
                name, arguments, result, rest = match.groups()
                counts[name] = counts.get(name, 0) + 1
                if str(self.folder) in arguments:
                    calls.append(Call(name, counts[name], len(calls),
                                      arguments + " = " + result + rest,
                                      result))
        return calls


def need_strace():
    if shutil.which("strace") is None:
        skip("strace is not installed")
    probe = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e",
         "trace=fsync", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        skip("strace may not trace here")
