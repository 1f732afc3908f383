#!/usr/bin/env python3
"""Every system call of a save killed, and failed in every way.

A save is what the leader does in its directory from the lock to the deletion
of an old checkpoint. Whatever happens at whichever of its calls, the older or
the newer checkpoint is whole, a resumed run ends with the same weights, and
what failed is said in one line that names the file and the reason.

Quick: each call killed; each failed with one reason, those of the commit with
all. Full: each call with each reason.
"""
import errno
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from calls import need_calls  # noqa: E402
from saving import IS_FULL, Job, fail  # noqa: E402

REASONS = {"ENOSPC": "No space left on device",
           "EDQUOT": "Disk quota exceeded",
           "EIO": "Input/output error",
           "EROFS": "Read-only file system",
           "EACCES": "Permission denied"}
COMMIT = ("write", "fsync", "rename")


def is_temporary(call):
    return ".tmp." in call.path and "probe" not in call.path


def expect_order(calls):
    """R1: written, synced, closed, renamed, the directory synced; what is
    old is deleted after that."""
    steps = [c for c in calls if is_temporary(c)]
    rename = next(c for c in steps if c.name == "rename")
    writes = [c for c in steps if "write" in c.name]
    syncs = [c for c in steps if c.name == "fsync"]
    after = calls[calls.index(rename) + 1:]
    directory = next(c for c in after if c.name == "fsync")
    deletions = [c for c in calls if c.name == "unlink"
                 and "probe" not in c.path]
    at = calls.index
    if not (len(syncs) == 1 and writes
            and at(writes[-1]) < at(syncs[0]) < at(rename) < at(directory)
            and len(deletions) == 1 and at(directory) < at(deletions[0])
            and all(c.result >= 0 for c in [*writes, *syncs, directory])
            and ".h5" not in directory.path):
        fail("the order of a commit:\n" + "\n".join(map(str, calls)))
    opened = next(c for c in steps if c.name == "openat")
    if not opened.flags & os.O_EXCL:
        fail(f"a temporary file is not new: {opened}")


def kill_each(job, calls):
    """R3: before each call, which is after the one before it."""
    for call in calls:
        done, _ = job.disturb(call, "kill")
        if done.returncode != -signal.SIGKILL:
            fail(f"not killed at {call}")
        job.expect_same_end(f"killed at {call}")
    print(f"{len(calls)} kills, one before each call")


def expect_refusal(job, done, call, reason):
    """It ended with a message and left the older checkpoints."""
    what = f"{reason} of {call}"
    lines = [line for line in done.stderr.splitlines()
             if str(job.folder) in line and REASONS[reason] in line]
    if done.returncode not in (65, 66, 74) or len(lines) != 1:
        fail(f"{what}: exit code {done.returncode}, says: {done.stderr}")
    left = [n for n in job.names() # what could not be deleted stays
            if call.name != "unlink" or ".tmp." not in n]
    if left not in (job.old, job.new, sorted(job.old + job.new)):
        fail(f"{what}: left {job.names()}")


def expect_no_second_sync(calls, call):
    """R5: after a failed sync the file is discarded, not synced again."""
    if call.name == "fsync" and is_temporary(call):
        syncs = [c for c in calls if c.name == "fsync" and is_temporary(c)]
        deleted = [c for c in calls if c.name == "unlink" and is_temporary(c)]
        if len(syncs) != 1 or len(deleted) != 1:
            fail(f"after a failed fsync: {list(map(str, calls))}")


def fail_one(job, call, reason, ranks=0):
    done, calls = job.disturb(call, getattr(errno, reason), ranks)
    must_fail = is_temporary(call) and call.name in COMMIT
    if done.returncode == 0 and not must_fail:
        if done.stdout.split()[-1] != job.digest:
            fail(f"{reason} of {call}: other weights")
    else:
        expect_refusal(job, done, call, reason)
    expect_no_second_sync(calls, call)
    job.expect_same_end(f"{reason} of {call}")
    return done.returncode


def fail_each(job, calls):
    """R4."""
    refused = tried = 0
    for number, call in enumerate(calls):
        reasons = list(REASONS)
        if not IS_FULL and not (is_temporary(call) and call.name in COMMIT):
            reasons = [reasons[number % len(reasons)]]
        for reason in reasons:
            tried += 1
            refused += fail_one(job, call, reason) != 0
    if refused == 0:
        fail("nothing was refused")
    print(f"{tried} failures injected, {refused} ended the run, "
          "the others were harmless")


def limit_each(job):
    """Short writes: files may have this many bytes and no more."""
    size = (job.folder / job.new[0]).stat().st_size
    for limit in (1, 100, 512, size // 2, size - 1):
        job.begin()
        done = job.run("--epochs", "1", "--max-steps", "0", "--resume",
                       under=["prlimit", f"--fsize={limit}", "--"])
        says = [text for text in ("File too large", REASONS["ENOSPC"])
                if text in done.stderr]
        if done.returncode != 74 or not says or job.names() != job.old:
            fail(f"at most {limit} bytes: exit code {done.returncode}, "
                 f"{job.names()}: {done.stderr}")
        job.expect_same_end(f"at most {limit} bytes")
    print("5 short writes")


def fill_disk():
    """A real full file system."""
    if os.geteuid() != 0:
        print("no full disk: only root may mount one")
        return
    job = Job()
    disk = job.folder
    before = pathlib.Path(f"{disk}.before")
    disk.rename(before)
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)],
        capture_output=True, check=False)
    if mounted.returncode != 0:
        print("no full disk: a tmpfs cannot be mounted here")
        job.close()
        return
    try:
        old = job.place / "before" / job.old[0]
        (disk / job.old[0]).write_bytes(old.read_bytes())
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            ballast.write(bytes(24 * 1024))
        done = job.run("--epochs", "1", "--max-steps", "0", "--resume")
        if (done.returncode != 74 or str(disk) not in done.stderr
                or sorted(job.names()) != sorted(["ballast", job.old[0]])):
            fail(f"a full disk: exit code {done.returncode}, {job.names()}: "
                 f"{done.stderr}")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    job.close()
    print("a full disk")


def fail_on_two_ranks(job):
    """The other stops, too."""
    calls = job.trace(ranks=2)
    expect_order(calls)
    calls = [c for c in calls if is_temporary(c)]
    for number, call in enumerate(calls):
        is_commit = IS_FULL and call.name in COMMIT
        for reason in REASONS if is_commit else [list(REASONS)[number % 5]]:
            fail_one(job, call, reason, ranks=2)
    print(f"two ranks: {len(calls)} calls of the commit failed")


def main():
    need_calls()
    job = Job()
    calls = job.trace()
    expect_order(calls)
    print(f"{len(calls)} calls")
    kill_each(job, calls)
    fail_each(job, calls)
    limit_each(job)
    fail_on_two_ranks(job)
    job.close()
    fill_disk()


main()
