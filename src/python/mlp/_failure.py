"""The library's status codes as Python's exceptions."""
from __future__ import annotations

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


def failure(status: int) -> Exception:
    """Return the exception for a failed call, with the library's text.

    Call it in the thread that made the call, which has the text.
    """
    text = ffi.string(lib.mlp_failure()).decode(errors="replace")
    return _EXCEPTIONS[status](text)


def check(status: int) -> None:
    """Raise the exception for a status other than MLP_OK."""
    if status != lib.MLP_OK:
        raise failure(status)
