"""One call of training: options, messages, and an end by Ctrl-C."""
from __future__ import annotations

import threading
import warnings
from typing import Callable

from ._failure import MLPWarning, as_message, check, failure
from ._libmlp import ffi, lib
from ._network import Network
from ._samples import Samples
from ._team import team


@ffi.def_extern()
def mlp_python_on_message(context, is_warning, line):
    if is_warning:
        ffi.from_handle(context).append(as_message(line))


class _Thread(threading.Thread):
    """A thread for one call, whose result or exception the caller takes."""

    def __init__(self, call: Callable[[], object]):
        super().__init__(name="mlp training", daemon=True)
        self.is_done = threading.Event()
        self._call = call
        self._result, self._error = None, None

    def run(self):
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        finally:
            self.is_done.set()

    def result(self):
        if self._error is not None:
            raise self._error
        return self._result


def _call_interruptibly(call, stop):
    """Make a call in a thread of its own, and stop it if this one is interrupted.

    Python runs signal handlers in the main thread between its own instructions
    only, never during a call of the library. And OpenMP's threads belong to the
    thread that made them: with that they end here, so a later fork finds none.

    Returns
    -------
    result : object
        Of the call.
    interrupt : BaseException or None
        What interrupted it, such as KeyboardInterrupt.
    """
    thread, interrupt = _Thread(call), None
    thread.start()
    while not thread.is_done.is_set():  # an interrupted join loses the thread
        try:
            thread.is_done.wait()
        except BaseException as raised:  # of a signal handler
            interrupt = raised
            stop()
    thread.join()
    return thread.result(), interrupt


def _create(ranks, options: dict[str, str], start: Network | None):
    """Create an estimator of the library, which goes when Python drops it."""
    made = ffi.new("mlp_estimator **")
    check(lib.mlp_estimator_create(ranks, made))
    estimator = ffi.gc(made[0], lambda _: lib.mlp_estimator_destroy(made))
    if start is not None:
        check(lib.mlp_estimator_start_from(estimator, start.handle))
    for name, value in options.items():
        check(lib.mlp_estimator_set(estimator, name.encode(), value.encode()))
    return estimator


def _run(ranks, function, estimator, rows):
    """Call a training function; return a failure, and what interrupted it."""
    def call():
        status = function(estimator, rows.pointer, ffi.NULL)
        is_trained = status in (lib.MLP_OK, lib.MLP_STOPPED)
        return None if is_trained else failure(status)

    if ranks != ffi.NULL:  # MPI is for the thread that has initialized it
        return call(), None
    return _call_interruptibly(call, lambda: lib.mlp_estimator_stop(estimator))


def train(options: dict[str, str], rows: Samples,
          start: Network | None = None,
          ) -> tuple[Network, BaseException | None]:
    """Train a network. The GIL is released meanwhile.

    Parameters
    ----------
    options : dict of str
        Options of mlp_train, by name.
    rows : Samples
        To train on; with several ranks the same on each.
    start : Network, optional
        To continue from, with the options' number of epochs.

    Returns
    -------
    network : Network
        After an interrupt, that of the last complete epoch.
    interrupt : BaseException or None
        For the caller to raise.
    """
    ranks = team()
    estimator = _create(ranks, options, start)
    messages: list[str] = []
    context = ffi.new_handle(messages)
    lib.mlp_estimator_on_message(estimator, lib.mlp_python_on_message, context)
    function = (lib.mlp_estimator_train if start is None
                else lib.mlp_estimator_train_on)
    error, interrupt = _run(ranks, function, estimator, rows)
    for text in messages:
        warnings.warn(text, MLPWarning, stacklevel=5)
    if error is not None:
        raise interrupt or error
    network = ffi.new("mlp_network **")
    status = lib.mlp_estimator_network(estimator, network)
    if status != lib.MLP_OK and interrupt is not None:
        raise interrupt  # came before there were any weights
    check(status)
    return Network(network), interrupt
