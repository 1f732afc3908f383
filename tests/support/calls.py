"""System calls of programs on the files of one directory: listed, failed,
halved, or the last before a kill. The library that does it, fault_calls.c, is
preloaded; no tracer is needed.
"""
import collections
import contextlib
import fcntl
import os
import re
import sys

FAULTS = os.path.join(os.environ["MLP_BUILD"], "tests", "mlp_fault_calls.so")
PIPE_BYTES = 1 << 20  # all lines of a run


def need_calls():
    if not os.path.exists(FAULTS):
        print("SKIP: calls are trapped on x86-64 only")
        sys.exit(77)


class Call(collections.namedtuple("Call",
                                  "place name flags result struck path to")):
    """Its number among the calls of the run below the directory, its name, the
    flags of an open, what it returned (minus errno if it failed, None if it
    was never made), whether that was injected, its path, and the other one of
    a rename."""

    @classmethod
    def of_line(cls, line):
        place, name, flags, result, struck, path, to = line.split("\t")
        return cls(int(place), name, int(flags),
                   None if result == "killed" else int(result),
                   struck == "1", path, to)

    def key(self):
        """What is the same in each run: temporary files are named anew."""
        return (self.place, self.name, re.sub(r"\.tmp\..*", ".tmp", self.path))

    def __str__(self):
        to = f" -> {self.to}" if self.to else ""
        return f"call {self.place}, {self.name} {self.path}{to} = {self.result}"


class Trap:
    """What the library is to do, for one run of a program."""

    def __init__(self, below, action="list", place=0, is_list=False):
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK)
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        # Opened anew by each process: launchers close what they don't know.
        self.environment = {
            "MLP_CALLS_BELOW": str(below), "MLP_CALLS": f"{action} {place}",
            "MLP_CALLS_LIST": str(int(is_list)),
            "MLP_CALLS_TOLD": f"/proc/{os.getpid()}/fd/{self.writer}"}
        self.preload = {"LD_PRELOAD": FAULTS}

    def calls(self):
        """Once it has ended: what was told, in the order of the calls."""
        os.close(self.writer)
        pieces = []
        with contextlib.suppress(BlockingIOError):  # a launcher lives on
            while not pieces or pieces[-1]:
                pieces.append(os.read(self.reader, PIPE_BYTES))
        os.close(self.reader)
        lines = b"".join(pieces).decode().splitlines()
        return sorted(map(Call.of_line, lines), key=lambda call: call.place)
