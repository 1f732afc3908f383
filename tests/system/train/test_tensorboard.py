"""Event files against the run log of the same runs.

The reader is written from the public format and shares nothing with the
writer: TFRecord frames with both checksums, protobuf's wire format, and
TensorBoard's rule for several files in a directory: by rising name, and a
start at a step voids that step and later ones of earlier files.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

TRAIN = pathlib.Path(os.environ["MLP_BUILD"]) / "mlp_train"
os.environ.pop("MLP_DATA", None)
SPLITS = "train", "validation", "test"
TAGS = {f"{split}_{name}": f"{name}/{split}"
        for name in ("loss", "accuracy", "log_loss", "brier", "roc_auc",
                     "average_precision", "rmse", "mae", "r2")
        for split in SPLITS}
TAGS.update({name: name for name in ("learning_rate", "samples_per_second")})


def crc_of(byte):
    """CRC-32C of one byte, lowest power first."""
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


TABLE = [crc_of(byte) for byte in range(256)]


def fail(text):
    sys.exit(f"FAILED: {text}")


def expect(is_so, text):
    if not is_so:
        fail(text)


def masked_sum(data):
    rest = 0xFFFFFFFF
    for byte in data:
        rest = TABLE[(rest ^ byte) & 255] ^ rest >> 8
    rest ^= 0xFFFFFFFF
    return ((rest >> 15 | rest << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """The data of each record; both sums of each must be right."""
    content = path.read_bytes()
    at = 0
    while at < len(content):
        count, head_sum = struct.unpack_from("<QI", content, at)
        expect(head_sum == masked_sum(content[at:at + 8]),
               f"{path}: sum of the length at {at}")
        data = content[at + 12:at + 12 + count]
        data_sum, = struct.unpack_from("<I", content, at + 12 + count)
        expect(data_sum == masked_sum(data), f"{path}: sum of the data at {at}")
        yield data
        at += 16 + count


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """(number, value) of each field of a message; bytes for what has a length."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif kind == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            fail(f"wire type {kind}")
        yield key >> 3, value
    expect(at == len(data), "a message is cut")


def scalars(directory):
    """{(tag, step): value}, as TensorBoard shows them; each point once."""
    points = {}
    before = 0.0
    for path in sorted(directory.iterdir()):
        expect(path.name.startswith("events.out.tfevents."), path)
        for index, data in enumerate(records(path)):
            event = dict(fields(data))
            step = event.get(2, 0)
            expect(event[1] >= before, f"{path}: time goes back")
            before = event[1]
            if index == 0:
                expect(event.get(3) == b"brain.Event:2", f"{path}: version")
            elif index == 1:
                expect(dict(fields(event[7])) == {1: 1}, f"{path}: no start")
                points = {point: value for point, value in points.items()
                          if point[1] < step}
            else:
                add_values(points, step, event[5])
    return points


def add_values(points, step, summary):
    for number, content in fields(summary):
        expect(number == 1, f"field {number} in a summary")
        value = dict(fields(content))
        expect(sorted(value) == [1, 2], f"fields {sorted(value)} in a value")
        point = value[1].decode(), step
        expect(point not in points, f"{point} is there twice")
        points[point] = value[2]


def logged(path):
    """The same points, from the run log, rounded to float."""
    points = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["event"] != "epoch":
            continue
        for name, tag in TAGS.items():
            if record.get(name) is not None:
                value = struct.unpack("<f", struct.pack("<f", record[name]))
                points[tag, record["step"]] = value[0]
    return points


def train(*options, status=0):
    words = [str(word) for word in (TRAIN, "--threads", 1, "--quiet", *options)]
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    expect(done.returncode == status, f"code {done.returncode}, not {status}, "
           f"of {words}: {done.stderr}")
    return done.stderr


def expect_same(directory, log, epochs, tags):
    shown, wanted = scalars(directory), logged(log)
    expect(shown == wanted, f"{directory} differs from {log}:\n"
           f"{sorted(shown.items())}\n{sorted(wanted.items())}")
    expect({tag for tag, _ in shown} == set(tags), f"tags {sorted(shown)}")
    expect(len({step for _, step in shown}) == epochs,
           f"{directory}: not {epochs} epochs")


def tags_of(names, splits):
    return [f"{name}/{split}" for name in names for split in splits] + [
        "learning_rate", "samples_per_second"]


def class_tags(*splits):
    """Training does not measure all that an evaluation does."""
    return (tags_of(("loss", "accuracy"), ("train", *splits)) +
            tags_of(("log_loss", "brier", "roc_auc", "average_precision"),
                    splits))


def test_classification():
    job = ("--data", "digits", "--validation", 0.2, "--hidden", 8, "--epochs", 3)
    train(*job, "--tensorboard", "deep/er", "--log", "a.log")
    tags = class_tags("validation", "test")
    expect_same(pathlib.Path("deep/er"), pathlib.Path("a.log"), 3, tags)


def test_regression():
    rows = "".join(f"{i % 7},{i % 5},{i % 7 + 2 * (i % 5)}\n" for i in range(60))
    pathlib.Path("table.csv").write_text("a,b,y\n" + rows)
    train("--data", "table.csv", "--label", "y", "--task", "regression",
          "--test-fraction", 0.2, "--hidden", 4, "--batch", 8, "--epochs", 2,
          "--lr", 0.01, "--tensorboard", "numbers", "--log", "b.log")
    expect_same(pathlib.Path("numbers"), pathlib.Path("b.log"), 2,
                tags_of(("loss", "rmse", "mae", "r2"), ("train", "test")))


def files(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


def test_resume():
    """A stop within an epoch; then two at an epoch's end; then a run that
    resumes from a checkpoint that is older than the last recorded epochs."""
    steps = 11  # of an epoch: 1348 rows, 128 a batch
    job = ("--data", "digits", "--hidden", 8, "--epochs", 5, "--checkpoint",
           "run", "--keep", 9, "--resume", "auto", "--log", "c.log",
           "--tensorboard", "events")
    tags = class_tags("test")
    log = pathlib.Path("c.log")
    here = pathlib.Path("events")
    for stop, epochs, count in ((steps + 5, 1, 1), (3 * steps, 3, 2),
                                (4 * steps, 4, 3)):
        train(*job, "--max-steps", stop, status=75)
        expect_same(here, log, epochs, tags)
        expect(len(files(here)) == count, f"{files(here)} after {stop} steps")
    for path in pathlib.Path("run").glob("ckpt-*"):
        if int(path.stem.split("-")[2]) > 2 * steps:
            path.unlink()  # a run that was killed before it could save
    train(*job)
    expect_same(here, log, 5, tags)
    count = len(files(here))
    train(*job)  # nothing is left to train or to record
    expect(len(files(here)) == count, "a run without an epoch leaves a file")


def test_refusals():
    job = "--data", "digits", "--epochs", 1, "--hidden", 4, "--tensorboard"
    pathlib.Path("file").write_text("mine")
    places = ["file", "file/below", "/proc", "/proc/nowhere"]
    if os.geteuid() != 0:
        os.mkdir("locked", 0o555)
        places += ["locked", "locked/below"]
    for place in places:
        told = train(*job, place, status=74)
        expect(told.count("\n") == 1 and place in told, told)
    expect(pathlib.Path("file").read_text() == "mine", "a file is overwritten")
    told = train("--data", "digits", "--replay", "run", "--tensorboard", "no",
                 status=64)
    expect("--tensorboard" in told and not os.path.exists("no"), told)


def test_ranks():
    """One of the ranks writes; and its failure ends all of them."""
    launcher = shutil.which("mpirun")
    if launcher is None:
        print("skipped: ranks, for want of mpirun")
        return
    words = [launcher, "--oversubscribe", "--bind-to", "none", "-np", "3", TRAIN,
             "--threads", "1", "--data", "digits", "--hidden", "8", "--epochs",
             "2", "--quiet", "--log", "d.log", "--tensorboard"]
    for place, status in (("ranks", 0), ("file", 74)):
        done = subprocess.run([*words, place], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=300)
        expect(done.returncode == status,
               f"code {done.returncode} of ranks: {done.stderr}")
        if status == 0:
            expect_same(pathlib.Path(place), pathlib.Path("d.log"), 2,
                        class_tags("test"))
            expect(len(files(place)) == 1, f"{files(place)}")
        else:
            expect(done.stderr.count("is not a directory") == 1, done.stderr)


def main():
    expect(masked_sum(b"123456789") == 0xC78AB0E5, "the reader's own sum")
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for test in (test_classification, test_regression, test_resume,
                     test_refusals, test_ranks):
            print(test.__name__[5:], flush=True)
            test()
        os.chdir("/")


main()
