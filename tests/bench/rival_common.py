"""Shared by the rivals: MNIST as arrays, and the protocol with bench.py.

A rival's process loads the data, runs a warm-up epoch, prints
{"ready": ...}, and then trains one epoch for each line on stdin and prints
{"seconds": ..., "loss": ...}, so that our epochs and theirs can alternate.
"""
import json
import sys
import time

import numpy

import mnist

WIDTHS = [784, 256, 128, 10]
BATCH = 128
LEARNING_RATE = 0.1
MOMENTUM = 0.9
# With deformed images:
DROPOUT = 0.1
LABEL_SMOOTHING = 0.02


def read_idx(folder, name):
    """An IDX file as an array of bytes."""
    data = mnist.read(folder, name)
    return numpy.frombuffer(mnist.values(data), numpy.uint8).reshape(
        mnist.extents(data))


def training_set(folder):
    """Pixels [60000, 784] float32 in 0..1, and labels [60000] int64."""
    images = read_idx(folder, mnist.TRAIN_IMAGES)
    labels = read_idx(folder, "train-labels-idx1-ubyte")
    pixels = images.reshape(len(images), -1).astype(numpy.float32) / 255
    return pixels, labels.astype(numpy.int64)


def send(**facts):
    print(json.dumps(facts), flush=True)


def serve(train_epoch, **facts):
    """Train an epoch for each line on stdin, until it ends.

    train_epoch() returns the mean loss of the epoch.
    """
    train_epoch()
    send(ready=True, **facts)
    for _ in sys.stdin:
        start = time.monotonic()
        loss = train_epoch()
        send(seconds=time.monotonic() - start, loss=loss)
