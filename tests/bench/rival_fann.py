"""FANN, row by row: python3 rival_fann.py DIGITS.CSV.GZ EPOCHS

The net of --preset digits, on as many rows as it trains on. Each line on
stdin asks for so many epochs, each of which is one call into the library.
"""
import ctypes
import gzip
import os
import sys
import tempfile

import rival_common as common

WIDTHS = [64, 32, 16, 10]
ROWS = 1348
LARGEST = 16
LEARNING_RATE = 0.1
INCREMENTAL = 0  # FANN_TRAIN_INCREMENTAL


def write_rows(path, file):
    """Write the rows in the format of fann_read_train_from_file."""
    file.write(f"{ROWS} {WIDTHS[0]} {WIDTHS[-1]}\n")
    with gzip.open(path, "rt", encoding="ascii") as table:
        for _, line in zip(range(ROWS), table):
            *pixels, label = map(int, line.split(","))
            targets = [int(label == unit) for unit in range(WIDTHS[-1])]
            for values in ([pixel / LARGEST for pixel in pixels], targets):
                file.write(" ".join(map(str, values)) + "\n")
    file.flush()


def open_fann():
    try:
        fann = ctypes.CDLL("libfloatfann.so.2")
    except OSError:
        sys.exit("libfann2 is not installed")
    fann.fann_create_standard_array.restype = ctypes.c_void_p
    fann.fann_read_train_from_file.restype = ctypes.c_void_p
    fann.fann_train_epoch.restype = ctypes.c_float
    return fann


def main():
    path, epochs = sys.argv[1], int(sys.argv[2])
    fann = open_fann()
    # Its default activation: a piecewise linear sigmoid.
    net = ctypes.c_void_p(fann.fann_create_standard_array(
        len(WIDTHS), (ctypes.c_uint * len(WIDTHS))(*WIDTHS)))
    fann.fann_set_training_algorithm(net, INCREMENTAL)
    fann.fann_set_learning_rate(net, ctypes.c_float(LEARNING_RATE))
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        write_rows(path, file)
        rows = ctypes.c_void_p(fann.fann_read_train_from_file(
            os.fsencode(file.name)))

    def train_epochs():
        for _ in range(epochs):
            loss = fann.fann_train_epoch(net, rows)
        return loss

    common.serve(train_epochs, version="2.2 (libfann2)")


main()
