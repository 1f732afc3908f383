"""Arrays as the library's rows, without a copy where their layout allows."""
from __future__ import annotations

import numpy as np
import scipy.sparse

from ._libmlp import ffi, lib

TYPES = {np.dtype(np.float32): lib.MLP_FLOAT32,
         np.dtype(np.uint8): lib.MLP_UINT8}


def as_rows(X) -> np.ndarray:
    """Return rows as the library reads them.

    Parameters
    ----------
    X : array or SciPy sparse matrix of shape (n, features)
        C-contiguous float32 and uint8 arrays are not copied. Other numbers are
        converted to float32; sparse rows become dense.

    Returns
    -------
    ndarray of shape (n, features), C-contiguous, float32 or uint8

    Raises
    ------
    ValueError
        If a number is too large for float32.
    """
    if scipy.sparse.issparse(X):
        X = X.toarray()
    if X.dtype not in TYPES:
        with np.errstate(over="ignore"):
            converted = X.astype(np.float32)
        if not np.isfinite(converted).all():
            raise ValueError("X contains infinity, NaN or a value too large "
                             "for dtype('float32').")
        X = converted
    return np.ascontiguousarray(X)


class Samples:
    """The library's mlp_samples, and the memory that it points to.

    Parameters
    ----------
    X : ndarray of shape (n, features), from `as_rows`
    labels : ndarray of shape (n,), uint16, optional
        Classes from 0.
    targets : ndarray of shape (n,), float32, optional
        Numbers to predict.
    names : list of str, optional
        Names of the classes, in the library's order.
    classes : int
        Number of classes; 0 for a regression.
    weights : ndarray of shape (n,), float32, optional
        Weights of the rows.
    """

    def __init__(self, X, labels=None, targets=None, names=None, classes=0,
                 weights=None):
        self.pointer = ffi.new("mlp_samples *")
        s = self.pointer
        s.rows, s.features = X.shape
        s.type = TYPES[X.dtype]
        s.classes = classes
        self._memory = [X, labels, targets, weights]
        s.values = ffi.from_buffer(X)
        if labels is not None:
            s.labels = self._keep(ffi.from_buffer("uint16_t[]", labels))
        if targets is not None:
            s.targets = self._keep(ffi.from_buffer("float[]", targets))
        if weights is not None:
            s.weights = self._keep(ffi.from_buffer("float[]", weights))
        if names is not None:
            texts = [self._keep(ffi.new("char[]", name.encode()))
                     for name in names]
            s.class_names = self._keep(ffi.new("const char *[]", texts))

    def _keep(self, memory):
        self._memory.append(memory)
        return memory
