"""MNIST's files as bytes: read, count, and truncate to fewer rows."""
import gzip
import pathlib

TRAIN_IMAGES = "train-images-idx3-ubyte"
FILES = (TRAIN_IMAGES, "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
         "t10k-labels-idx1-ubyte")


def read(folder, name):
    """An IDX file, plain or .gz."""
    path = pathlib.Path(folder) / name
    packed = path.with_name(name + ".gz")
    return (gzip.decompress(packed.read_bytes()) if packed.exists()
            else path.read_bytes())


def extents(data):
    return [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big")
            for i in range(data[3])]


def values(data):
    """The bytes after the header."""
    return data[4 + 4 * data[3]:]


def nonzero_pixels(folder):
    """Mean number of non-zero pixels of a training row."""
    data = read(folder, TRAIN_IMAGES)
    pixels = values(data)
    return (len(pixels) - pixels.count(0)) / extents(data)[0]


def first_rows(data, rows):
    """The same file with fewer rows."""
    all_values = values(data)
    row_bytes = len(all_values) // extents(data)[0]
    return (data[:4] + rows.to_bytes(4, "big") + data[8:4 + 4 * data[3]] +
            all_values[:rows * row_bytes])


def write_part(folder, place, train_rows, test_rows):
    """Write the first rows of all files to another folder."""
    for name in FILES:
        rows = train_rows if name.startswith("train") else test_rows
        (pathlib.Path(place) / name).write_bytes(
            first_rows(read(folder, name), rows))
