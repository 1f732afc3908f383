"""A tiny job for tests of saving, and the system calls of its saves.

The job is the last two steps of an epoch of a network of 4 hidden units, in a
directory that has a checkpoint of the first three; --keep 1, so that it is
deleted.
"""
import itertools
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

from calls import Trap

PROGRAM = os.path.join(os.environ["MLP_BUILD"], "mlp_train")
SECONDS = 120 # limit for a job of one second
IS_FULL = os.environ.get("MLP_TEST_FULL") == "1"
for name in ("MLP_DATA", "OMP_NUM_THREADS", "MLP_KERNELS"):
    os.environ.pop(name, None)
if os.geteuid() == 0:
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"


def fail(text):
    sys.exit(f"FAILED: {text}")


def write_data(folder):
    """IDX files: 40 training and 12 test pictures of 4 x 4."""
    folder.mkdir()
    for split, rows in (("train", 40), ("t10k", 12)):
        (folder / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">4I", 2051, rows, 4, 4)
            + bytes(i * 37 % 256 for i in range(16 * rows)))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(
            struct.pack(">2I", 2049, rows) + bytes(i % 3 for i in range(rows)))


def living_children(process):
    """Its process ids, without zombies."""
    lines = subprocess.run(["ps", "--ppid", str(process.pid), "-o",
                            "stat=,pid="], capture_output=True, text=True,
                           check=False).stdout.splitlines()
    return [int(line.split()[1]) for line in lines
            if not line.startswith("Z")]


def run_to_end(command, environment=None):
    """Wait for its result. None if mpirun hangs although all ranks are gone, which
    libpmix 4.2.2 does at times in PMIx_server_finalize."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **(environment or {})})
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        ranks = living_children(process)
        process.kill()
        process.communicate()
        if command[0] != "mpirun" or ranks:
            fail(f"hangs: {' '.join(command)}")
        print("mpirun itself hangs, without ranks: killed, and again")
        return None
    return subprocess.CompletedProcess(command, process.returncode, out, err)


class Job:
    """A directory for checkpoints, and the files and weights of a run."""

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

    def run(self, *words, under=()):
        done = run_to_end([*under, PROGRAM, *self.words, *words])
        return done or fail(f"hangs: {words}")

    def expect(self, done, code, what):
        if done.returncode != code:
            fail(f"{what}: exit code {done.returncode}, not {code}\n"
                 f"{done.stdout}{done.stderr}")

    def go_on(self, what):
        """Resume to the end and return the digest."""
        done = self.run("--epochs", "1", "--max-steps", "0", "--resume")
        self.expect(done, 0, f"{what}: resumed")
        return done.stdout.split()[-1]

    def expect_same_end(self, what):
        if self.go_on(what) != self.digest:
            fail(f"{what}: other weights")
        # An old one remains until the next save, if there was nothing to save.
        if not set(self.new) <= set(self.names()) <= set(self.old + self.new):
            fail(f"{what}: files are left: {self.names()}")

    def rest(self, ranks, *action):
        """Run the rest of the job with a trap on rank 0: its result and its
        calls, without those of MPI and of other ranks."""
        command = [PROGRAM, *self.words, "--epochs", "1", "--max-steps", "0",
                   "--resume"]
        done = None
        while done is None: # mpirun itself hangs at times
            self.begin()
            trap = Trap(self.folder, *action, is_list=True)
            preload = ["env", *(f"{k}={v}" for k, v in trap.preload.items())]
            team = ["mpirun", "--oversubscribe", "--bind-to", "none",
                    "-np", "1", *preload, *command,
                    ":", "-np", str(ranks - 1), *command]
            done = run_to_end(team if ranks else [*preload, *command],
                              trap.environment)
            calls = trap.calls()
        return done, calls

    def trace(self, ranks=0):
        """Calls of the rest without faults, equal in two runs."""
        lists = []
        for _ in range(2):
            done, calls = self.rest(ranks)
            self.expect(done, 0, "traced")
            lists.append(calls)
        for one, other in itertools.zip_longest(*lists):
            if one is None or other is None or one.key() != other.key():
                fail(f"two runs differ: {one}; {other}")
        return lists[0]

    def disturb(self, call, action, ranks=0):
        """Run the rest with an action (an errno or "kill") at one call: its
        result and its calls."""
        done, calls = self.rest(ranks, action, call.place)
        struck = [c for c in calls if c.struck]
        if [c.key() for c in struck] != [call.key()]:
            fail(f"{action} was to strike {call}, and struck "
                 f"{'; '.join(map(str, struck)) or 'nothing'}: {done.stderr}")
        return done, calls
