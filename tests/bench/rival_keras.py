"""Keras on JAX: python3 rival_keras.py MNIST THREADS

Of fit a call is an epoch, its steps compiled by JAX. Its threads are as many
as the cores it may use.
"""
import sys

import keras

import rival_common as common


def main():
    pixels, labels = common.training_set(sys.argv[1])
    layers = keras.layers
    net = keras.Sequential([
        keras.Input((common.WIDTHS[0],)),
        *[layers.Dense(width, activation="relu")
          for width in common.WIDTHS[1:-1]],
        layers.Dense(common.WIDTHS[-1])])
    net.compile(
        optimizer=keras.optimizers.SGD(common.LEARNING_RATE,
                                       momentum=common.MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def train_epoch():
        history = net.fit(pixels, labels, batch_size=common.BATCH, epochs=1,
                          shuffle=True, verbose=0)
        return float(history.history["loss"][-1])

    train_epoch()  # the second call still compiles
    common.serve(train_epoch, version=f"{keras.__version__} on "
                 f"{keras.backend.backend()}")


main()
