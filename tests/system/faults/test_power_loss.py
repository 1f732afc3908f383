#!/usr/bin/env python3
"""Possible states of a directory after a power loss during a save.

What a save asks of the file system is recorded and played again: up to each
of its calls, with every subset of those not yet made durable. Blocks of a
file are durable once it is synced, names once their directory is; until then
the disk may hold any of them and lack the others. Each state must load as the
older or the newer checkpoint, and a committed one may not be lost.
(Pillai et al. 2014, "All file systems are not created equal": ALICE.)
"""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from calls import need_calls  # noqa: E402
from saving import Job, fail  # noqa: E402

TOOL = os.path.join(os.environ["MLP_BUILD"], "mlp")
BLOCKS = 6 # of a file: each doubles the number of states
MOST_STATES = 4096


def operations(calls):
    """("link", name) | ("write", name, block) | ("sync", name) |
    ("rename", from, to) | ("unlink", name) | ("sync directory",)"""
    found = []
    for call in calls:
        name = os.path.basename(call.path)
        if call.result < 0 or "probe" in name:
            continue
        if call.name == "openat" and call.flags & os.O_CREAT:
            found += [("link", name)] if name != ".lock" else []
        elif "write" in call.name and ".h5" in name:
            found += [("write", name, b) for b in range(BLOCKS)]
        elif call.name == "fsync" and ".h5" in name:
            found.append(("sync", name))
        elif call.name == "fsync":
            found.append(("sync directory",))
        elif call.name == "rename":
            found.append(("rename", name, os.path.basename(call.to)))
        elif call.name == "unlink":
            found.append(("unlink", name))
    return found


def split(done):
    """The durable operations, and the others."""
    durable, loose = [], []
    for at, one in enumerate(done):
        rest = done[at + 1:]
        if one[0].startswith("sync"):
            continue
        barrier = (("sync", one[1]) if one[0] == "write"
                   else ("sync directory",))
        (durable if barrier in rest else loose).append((at, one))
    return durable, loose


def play(steps, old, content):
    """The directory's content after these operations, in order."""
    files = dict(old)
    data = {}
    size = -(-len(content) // BLOCKS)
    for _, one in sorted(steps):
        if one[0] == "write":
            start = one[2] * size
            have = data.setdefault(one[1], bytearray())
            written = content[start:start + size]
            have.extend(bytes(max(0, start + len(written) - len(have))))
            have[start:start + len(written)] = written
        elif one[0] == "link":
            files[one[1]] = one[1]
        elif one[0] == "rename": # the name may be durable, the first one not
            files.pop(one[1], None)
            files[one[2]] = one[1]
        elif one[0] == "unlink":
            files.pop(one[1], None)
    return {name: bytes(data.get(what, b"")) if isinstance(what, str) else what
            for name, what in files.items()}


def states(done, old, content):
    durable, loose = split(done)
    for count in range(len(loose) + 1):
        for some in itertools.combinations(loose, count):
            yield play([*durable, *some], old, content)


def load(folder, state):
    """The name of the checkpoint that is loaded from this state."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in state.items():
        (folder / name).write_bytes(content)
    done = subprocess.run([TOOL, "show", str(folder)], capture_output=True,
                          text=True, check=False)
    names = re.findall(r"ckpt-\d+-\d+\.h5", done.stdout)
    if done.returncode != 0 or not names:
        fail(f"cannot be loaded: {sorted(state)}: {done.stderr}")
    return names[0]


def main():
    need_calls()
    job = Job()
    job.begin()
    old = {n: (job.folder / n).read_bytes() for n in job.names()}
    calls = job.trace()
    new = (job.folder / job.new[-1]).read_bytes()
    steps = operations(calls)
    kinds = {s[0] for s in steps}
    if kinds != {"link", "write", "sync", "rename", "sync directory",
                 "unlink"}:
        fail(f"a save that is not understood: {steps}")
    committed = steps.index(("sync directory",), [
        s[0] for s in steps].index("rename"))
    seen = {}
    tried = 0
    for end in range(len(steps) + 1):
        for state in states(steps[:end], old, new):
            tried += 1
            key = tuple(sorted(state.items()))
            if key not in seen:
                seen[key] = load(pathlib.Path(job.place) / "state", state)
            if end > committed and seen[key] != job.new[-1]:
                fail(f"a committed checkpoint is lost: {sorted(state)}")
            if tried > MOST_STATES:
                fail("too many states")
    if set(seen.values()) != {*job.old, job.new[-1]}:
        fail("only one of the two was ever loaded")
    job.close()
    print(f"{tried} states, {len(seen)} different ones, "
          "each loads as the old or the new checkpoint")


main()
