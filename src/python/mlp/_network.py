"""Trained networks: predicting, saving, loading, and what they are."""
from __future__ import annotations

import os

import numpy as np
import scipy.sparse

from ._failure import check
from ._history import history_columns, to_frame, to_html
from ._libmlp import ffi, lib
from ._samples import TYPES, as_rows


class Network:
    """A trained network. It is immutable, and may be used in several threads.

    `load` makes one from a file; an estimator has its own as ``network_``.
    """

    def __init__(self, made):
        """Take ownership of a handle, an ``mlp_network **``."""
        self.handle = ffi.gc(made[0],
                             lambda _: lib.mlp_network_destroy(made))
        self._facts = lib.mlp_network_describe(self.handle)
        self._outputs = int(self._facts.outputs)
        self._features = int(self._facts.widths[0])

    # ---- what it is ------------------------------------------------------

    @property
    def widths(self) -> tuple[int, ...]:
        """Features, hidden units of each layer, outputs."""
        return tuple(self._facts.widths[0:self._facts.layers + 1])

    @property
    def is_regression(self) -> bool:
        """Whether it predicts numbers."""
        return bool(self._facts.is_regression)

    @property
    def class_names(self) -> list[str] | None:
        """Names of the classes, in the order of the outputs."""
        names = self._facts.class_names
        if names == ffi.NULL:
            return None
        return [ffi.string(names[k]).decode(errors="replace")
                for k in range(self._facts.classes)]

    @property
    def parameters(self) -> int:
        """Number of weights, biases and slopes."""
        return int(self._facts.parameters)

    @property
    def epochs(self) -> int:
        """Finished epochs."""
        return int(self._facts.epochs)

    @property
    def steps(self) -> int:
        """Updates."""
        return int(self._facts.steps)

    @property
    def weights_sha256(self) -> str:
        """The digest of the weights, in hexadecimal digits."""
        return ffi.string(self._facts.weights_sha256).decode()

    @property
    def history(self):
        """A pandas.DataFrame with a row for each epoch."""
        return to_frame(history_columns(self._facts))

    def __repr__(self):
        kind = "regression" if self.is_regression else "classification"
        return (f"<mlp.Network {'-'.join(map(str, self.widths))}, {kind}, "
                f"{self.epochs} epochs, {self.weights_sha256[:12]}>")

    def _repr_html_(self):
        return to_html(self)

    # ---- predicting ------------------------------------------------------

    def run(self, X: np.ndarray) -> np.ndarray:
        """Run rows forward in the calling thread, without scikit-learn's checks.

        Parameters
        ----------
        X : ndarray of shape (n, features)
            C-contiguous float32 or uint8. For a table, the encoded columns.

        Returns
        -------
        ndarray of shape (n, outputs), float32
            Probabilities of the classes (of class 1, if there is one output);
            for a regression the predictions.

        Raises
        ------
        ValueError
            For another layout, number of features, or a number that is not
            finite.
        """
        if X.ndim != 2 or X.dtype not in TYPES or not X.flags.c_contiguous:
            raise ValueError("expected a C-contiguous array of float32 or "
                             "uint8 in two dimensions")
        rows, features = X.shape
        outputs = np.empty((rows, self._outputs), np.float32)
        check(lib.mlp_python_predict(self.handle, rows, features,
                                     TYPES[X.dtype], ffi.from_buffer(X),
                                     ffi.from_buffer(outputs)))
        return outputs

    def predict_proba(self, X) -> np.ndarray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array or SciPy sparse matrix of shape (n, features)

        Returns
        -------
        ndarray of shape (n, classes), float64; rows sum to 1
        """
        if self.is_regression:
            raise ValueError("a regression has no probabilities of classes")
        outputs = self.run_any(X).astype(np.float64)
        if self._outputs == 1:
            return np.hstack([1.0 - outputs, outputs])
        outputs = np.maximum(outputs, 0.0)  # other outputs than softmax
        totals = outputs.sum(axis=1, keepdims=True)
        return np.divide(outputs, totals, where=totals > 0.0,
                         out=np.full_like(outputs, 1.0 / self._outputs))

    def predict(self, X) -> np.ndarray:
        """Return the predicted numbers, names of classes, or class numbers.

        Parameters
        ----------
        X : array or SciPy sparse matrix of shape (n, features)

        Returns
        -------
        ndarray of shape (n,)
        """
        if self.is_regression:
            return self.run_any(X)[:, 0].astype(np.float64)
        classes = self.predict_proba(X).argmax(axis=1)
        names = self.class_names
        return classes if names is None else np.array(names)[classes]

    def run_any(self, X, batch: int = 8192) -> np.ndarray:
        """`run` for rows of any type and layout, which are converted in batches.
        """
        if isinstance(X, np.ndarray) and X.dtype in (np.float32, np.uint8):
            return self.run(as_rows(X))
        X = X.tocsr() if scipy.sparse.issparse(X) else np.asarray(X)
        return np.vstack([self.run(as_rows(X[i:i + batch]))
                          for i in range(0, max(X.shape[0], 1), batch)])

    # ---- files and bytes -------------------------------------------------

    def save(self, path: str | os.PathLike) -> None:
        """Save as a checkpoint, which the program mlp also reads.

        An existing file is replaced atomically.
        """
        check(lib.mlp_network_save(self.handle, os.fsencode(path)))

    def to_bytes(self) -> bytes:
        """Return the content of such a file."""
        content, size = ffi.new("unsigned char **"), ffi.new("size_t *")
        check(lib.mlp_network_to_bytes(self.handle, content, size))
        try:
            return bytes(ffi.buffer(content[0], size[0]))
        finally:
            lib.free(content[0])

    @classmethod
    def from_bytes(cls, content: bytes) -> "Network":
        """Make a network of `to_bytes`'s result."""
        made = ffi.new("mlp_network **")
        check(lib.mlp_network_from_bytes(ffi.from_buffer(content),
                                         len(content), made))
        return cls(made)

    def __reduce__(self):
        return Network.from_bytes, (self.to_bytes(),)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def load(path: str | os.PathLike) -> Network:
    """Load a checkpoint of mlp_train or of `Network.save`.

    Parameters
    ----------
    path : path
        A file, or a directory: its newest valid checkpoint.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is damaged, or something else.
    """
    made = ffi.new("mlp_network **")
    check(lib.mlp_network_load(os.fsencode(path), made))
    return Network(made)
