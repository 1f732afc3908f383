"""Lists system calls of programs on the files of one directory, makes them fail
or transfer less, or kills the program at one: by the preloaded library
fault_calls.c, without a tracer.
"""
import collections
import contextlib
import fcntl
import os
import re
import sys

FAULTS = os.path.join(os.environ["MLP_BUILD"], "tests", "mlp_fault_calls.so")
PIPE_BYTES = 1 << 20  # room for all lines of a run


def need_calls():
    if not os.path.exists(FAULTS):
        print("SKIP: calls are trapped on x86-64 only")
        sys.exit(77)


class Call(collections.namedtuple("Call",
                                  "place name flags result struck path to")):
    """A system call: its number among the run's calls below the directory, its
    name, the flags of an open, its result (minus errno on failure, None if it
    was never made), whether the result was injected, its path, and the second
    path of a rename."""

    @classmethod
    def of_line(cls, line):
        place, name, flags, result, struck, path, to = line.split("\t")
        return cls(int(place), name, int(flags),
                   None if result == "killed" else int(result),
                   struck == "1", path, to)

    def key(self):
        """The part that is equal in all runs: names of temporary files differ."""
        return (self.place, self.name, re.sub(r"\.tmp\..*", ".tmp", self.path))

    def __str__(self):
        to = f" -> {self.to}" if self.to else ""
        return f"call {self.place}, {self.name} {self.path}{to} = {self.result}"


class Trap:
    """The library's task for one run of a program."""

    def __init__(self, below, action="list", place=0, is_list=False):
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK)
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        # Each process opens it: launchers close unknown descriptors.
        self.environment = {
            "MLP_CALLS_BELOW": str(below), "MLP_CALLS": f"{action} {place}",
            "MLP_CALLS_LIST": str(int(is_list)),
            "MLP_CALLS_TOLD": f"/proc/{os.getpid()}/fd/{self.writer}"}
        self.preload = {"LD_PRELOAD": FAULTS}

    def calls(self):
        """The reported calls, in order, after the program has ended."""
        os.close(self.writer)
        chunks = []
        with contextlib.suppress(BlockingIOError):  # a launcher may hold it
            while not chunks or chunks[-1]:
                chunks.append(os.read(self.reader, PIPE_BYTES))
        os.close(self.reader)
        lines = b"".join(chunks).decode().splitlines()
        return sorted(map(Call.of_line, lines), key=lambda call: call.place)
