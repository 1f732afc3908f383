#!/usr/bin/env python3
"""Malicious files, for every reader of both programs.

Each is refused in one line that names it, with the exit code of bad or missing
input, within a second of computing and 256 MiB of memory; none crashes or hangs
the program. HDF5 files are crafted with h5py: each is a data set that is sound
but for one thing.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

try:
    import h5py
    import numpy as np
except ImportError as error:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print(f"SKIP: {error.name} is not installed")
    sys.exit(77)

BUILD = pathlib.Path(os.environ["MLP_BUILD"])
for name in ("MLP_DATA", "MLP_KERNELS"):
    os.environ.pop(name, None)
SECONDS, MEGABYTES = 1.0, 256
HAS_SANITIZER = b"\nMLP_SANITIZE:STRING=\n" not in (
    BUILD / "CMakeCache.txt").read_bytes()
ROWS = 8
F32, U8 = h5py.h5t.IEEE_F32LE, h5py.h5t.STD_U8LE


def fail(text):
    sys.exit(f"FAILED: {text}")


def run(words):
    """Exit code, stderr, CPU seconds and MiB."""
    with tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=err)
        until = time.monotonic() + 120
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid != 0:
                break
            if time.monotonic() > until:
                child.kill()
                fail(f"hangs: {words}")
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        return (child.returncode, err.read(), usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss / 1024)


worst = [0.0, 0.0]


def expect_refused(words, path, what):
    code, err, seconds, megabytes = run([str(w) for w in words])
    what = f"{what}: {' '.join(map(str, words[:3]))}"
    if code not in (64, 65, 66, 74):
        fail(f"{what}: exit code {code}: {err}")
    lines = [line for line in err.splitlines() if line.startswith("mlp")]
    if len(lines) != 1 or path.name not in lines[0]:
        fail(f"{what}: not one line that names the file: {err}")
    if not HAS_SANITIZER and (seconds > SECONDS or megabytes > MEGABYTES):
        fail(f"{what}: took {seconds:.2f} s and {megabytes:.0f} MiB")
    worst[0] = max(worst[0], seconds)
    worst[1] = max(worst[1], megabytes)


# ---- HDF5 files: what is wrong with /train/images of [ROWS, 4] ---------------

IMAGES = b"images"


def create(group, shape, kind=F32, name=IMAGES, chunk=None, edit=None,
           maximum=None):
    """A dataset by HDF5's own calls, with nothing stored."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if chunk is not None:
        plist.set_chunk(chunk)
    if edit is not None:
        edit(plist)
    space = h5py.h5s.create_simple(shape, maximum)
    h5py.h5d.create(group.id, name, kind, space, plist)


def external(plist):
    plist.set_external(b"/etc/passwd", 0, 4 * 4 * ROWS)


def unknown_filter(plist):
    plist.set_filter(32768 + 1234, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3))


def virtual(group):
    layout = h5py.VirtualLayout((ROWS, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (ROWS, 4))
    group.create_virtual_dataset("images", layout)


def cycle(group):
    """A path through a group that is its own child."""
    group["images"] = group


def reference(group):
    group.create_dataset("images", (ROWS, 4), h5py.ref_dtype)


def attributes(group):
    """More dimensions than our files have; and no rows."""
    for i in range(2000):
        group.attrs[f"attribute{i}"] = i


CASES = {
    "shape bomb, contiguous": lambda g: create(g, (2**40, 4)),
    "shape bomb, chunked": lambda g: create(g, (2**31, 784), chunk=(1, 784)),
    "2^62 rows": lambda g: create(g, (2**62, 1), U8, chunk=(2**10, 1)),
    "extents that overflow": lambda g: create(g, (2**62, 2**62), chunk=(8, 8)),
    "chunk bomb": lambda g: create(g, (ROWS, 4), chunk=(2**29, 1),
                                   maximum=(h5py.h5s.UNLIMITED, 4)),
    "rank 32": lambda g: create(g, (1,) * 32),
    "rank 1": lambda g: create(g, (ROWS,)),
    "no rows": lambda g: create(g, (0, 4)),
    "no features": lambda g: create(g, (ROWS, 0)),
    "a scalar": lambda g: g.create_dataset("images", data=1.0),
    "a null space": lambda g: g.create_dataset("images",
                                               data=h5py.Empty("f4")),
    "variable length": lambda g: g.create_dataset(
        "images", (ROWS, 4), h5py.vlen_dtype(np.float32)),
    "compound": lambda g: g.create_dataset(
        "images", (ROWS, 4), [("a", "f4"), ("b", "u1")]),
    "enum": lambda g: g.create_dataset(
        "images", (ROWS, 4), h5py.enum_dtype({"a": 0, "b": 1})),
    "opaque": lambda g: g.create_dataset("images", (ROWS, 4), "V64"),
    "an array type": lambda g: g.create_dataset(
        "images", (ROWS, 4), np.dtype(("f4", (3,)))),
    "references": reference,
    "text": lambda g: g.create_dataset("images", (ROWS, 4), "S8"),
    "complex": lambda g: g.create_dataset("images", (ROWS, 4), "c8"),
    "soft link to nothing": lambda g: g.__setitem__(
        "images", h5py.SoftLink("/nowhere")),
    "soft link in a loop": lambda g: g.__setitem__(
        "images", h5py.SoftLink("/train/images")),
    "external link": lambda g: g.__setitem__(
        "images", h5py.ExternalLink("/etc/passwd", "/x")),
    "external storage": lambda g: create(g, (ROWS, 4), edit=external),
    "virtual dataset": virtual,
    "unknown filter": lambda g: create(g, (ROWS, 4), chunk=(1, 4),
                                       edit=unknown_filter),
    "a group, its own child": cycle,
    "2,000 attributes and nothing else": attributes,
}


def craft(path, build, labels=ROWS):
    with h5py.File(path, "w", libver="latest") as file:
        group = file.create_group("train")
        group["labels"] = np.arange(labels, dtype="u1") % 2
        build(group)


def sound(group):
    group["images"] = np.arange(4 * ROWS, dtype="f4").reshape(ROWS, 4)


# ---- special and huge files --------------------------------------------------


def oddities(place):
    fifo, loop = place / "fifo.h5", place / "loop.h5"
    folder, sparse = place / "folder.h5", place / "sparse.h5"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    folder.mkdir()
    with open(sparse, "wb") as file:
        file.truncate(1 << 40)
    device = place / "device.h5"
    device.symlink_to("/dev/zero")
    return [fifo, loop, folder, sparse, device, place / "absent.h5"]


def readers(path):
    """Command lines for each way to read this file."""
    train, tool = BUILD / "mlp_train", BUILD / "mlp"
    job = ["--epochs", "1", "--quiet"]
    yield [train, "--data", path, *job]
    yield [train, "--config", path, *job]
    yield [train, "--data", "digits", "--weights", path, *job]
    yield [tool, "show", path]
    yield [tool, "import", path, "--output", path.parent / "new.h5"]
    yield [tool, "trace", path]
    table = path.with_suffix(".csv")
    if not table.exists() and not table.is_symlink() and path.name[0] != "a":
        table.symlink_to(path)
    yield [train, "--data", table, "--label", "y", *job]


def main():
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        path = place / "data.h5"
        job = [BUILD / "mlp_train", "--epochs", "1", "--quiet", "--data", path]
        craft(path, sound)
        code, err, _, _ = run([str(word) for word in job])
        if code != 0:
            fail(f"a sound file is refused: {err}")
        for what, build in CASES.items():
            craft(path, build)
            expect_refused(job, path, what)
        craft(path, sound, labels=ROWS + 1)
        expect_refused(job, path, "a label too many")
        count = 0
        for odd in oddities(place):
            for words in readers(odd):
                expect_refused(words, pathlib.Path(odd.stem), odd.name)
                count += 1
    print(f"{len(CASES) + 1} crafted HDF5 files and {count} times no file at "
          f"all: refused after {worst[0]:.2f} s of computing and with "
          f"{worst[1]:.0f} MiB at most")


main()
