"""JAX: python3 rival_jax.py MNIST THREADS

An epoch is one call of one compiled function: a scan over all whole batches,
then the last, smaller one. Its threads are as many as the cores it may use.
"""
import functools
import sys

import jax
import jax.numpy as jnp
import numpy

import rival_common as common


def make_parameters():
    draws = numpy.random.default_rng(1)
    return [(jnp.asarray(draws.normal(0, (2 / wider) ** 0.5, (wider, width)),
                         jnp.float32), jnp.zeros(width))
            for width, wider in zip(common.WIDTHS[1:], common.WIDTHS)]


def loss_of(parameters, rows, labels):
    for weights, bias in parameters[:-1]:
        rows = jax.nn.relu(rows @ weights + bias)
    weights, bias = parameters[-1]
    chances = jax.nn.log_softmax(rows @ weights + bias)
    return -jnp.mean(jnp.take_along_axis(chances, labels[:, None], 1))


@functools.partial(jax.jit, donate_argnums=(0, 1))
def train_rows(parameters, velocity, pixels, labels, order):
    """One epoch over the rows in this order; the last batch's loss."""
    def step(state, batch):
        parameters, velocity = state
        loss, gradient = jax.value_and_grad(loss_of)(
            parameters, pixels[batch], labels[batch])
        velocity = jax.tree.map(
            lambda v, g: common.MOMENTUM * v - common.LEARNING_RATE * g,
            velocity, gradient)
        return (jax.tree.map(jnp.add, parameters, velocity), velocity), loss

    whole = len(order) // common.BATCH * common.BATCH
    state, losses = jax.lax.scan(step, (parameters, velocity),
                                 order[:whole].reshape(-1, common.BATCH))
    loss = losses[-1]
    if whole < len(order):
        state, loss = step(state, order[whole:])
    return *state, loss


def main():
    pixels, labels = common.training_set(sys.argv[1])
    pixels, labels = jnp.asarray(pixels), jnp.asarray(labels, jnp.int32)
    parameters = make_parameters()
    velocity = jax.tree.map(jnp.zeros_like, parameters)
    draws = numpy.random.default_rng(1)

    def train_epoch():
        nonlocal parameters, velocity
        order = jnp.asarray(draws.permutation(len(labels)), jnp.int32)
        parameters, velocity, loss = train_rows(parameters, velocity, pixels,
                                                labels, order)
        return float(loss)  # waits for it

    common.serve(train_epoch, version=jax.__version__)


main()
