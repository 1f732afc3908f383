"""The library's status codes as Python's exceptions."""
from __future__ import annotations

import re

from ._libmlp import ffi, lib


class DivergedError(ArithmeticError):
    """A value of the training became infinite or NaN."""


class MLPWarning(UserWarning):
    """A warning that mlp_train would print."""


_EXCEPTIONS = {
    lib.MLP_ERROR_USAGE: ValueError,
    lib.MLP_ERROR_DATA: ValueError,
    lib.MLP_ERROR_MISSING: FileNotFoundError,
    lib.MLP_ERROR_INTERNAL: RuntimeError,
    lib.MLP_ERROR_IO: OSError,
    lib.MLP_DIVERGED: DivergedError,
}


def as_message(text) -> str:
    """Return the library's text with parameters in place of options.

    Parameters
    ----------
    text : cdata, const char *
        "--weight-decay: -1 is below 0", of ``weight_decay``.
    """
    return re.sub(r"(?<![\w-])--([a-z][a-z0-9-]*)",
                  lambda found: found[1].replace("-", "_"),
                  ffi.string(text).decode(errors="replace"))


def failure(status: int) -> Exception:
    """Return the exception for a failed call.

    Call it in the thread that made the call, which has the text.
    """
    return _EXCEPTIONS[status](as_message(lib.mlp_failure()))


def check(status: int) -> None:
    """Raise the exception for a status other than MLP_OK."""
    if status != lib.MLP_OK:
        raise failure(status)
