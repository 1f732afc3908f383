"""A classifier's classes: any labels, numbered in the library's order."""
from __future__ import annotations

import numpy as np


def _library_key(name: str):
    """The order of mlp.h: integers by value, then all others by their bytes."""
    is_whole = name.isascii() and name.isdecimal() and len(name) <= 18
    return (0, int(name), name.encode()) if is_whole else (1, 0, name.encode())


class Classes:
    """Classes in scikit-learn's order, and their numbers in the library's.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        The distinct labels, sorted: an estimator's ``classes_``.
    """

    def __init__(self, labels: np.ndarray):
        names = [str(label) for label in labels.tolist()]
        order = list(range(len(names)))
        self.names = None  # if two labels are the same text
        if len(set(names)) == len(names):
            order.sort(key=lambda k: _library_key(names[k]))
            self.names = [names[k] for k in order]
        self.labels = labels
        self.order = np.array(order)
        self.numbers = np.argsort(self.order)

    def __len__(self):
        return len(self.labels)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the numbers of labels, uint16.

        Raises
        ------
        ValueError
            If one is not a class.
        """
        places = np.searchsorted(self.labels, y)
        places[places == len(self.labels)] = 0
        unknown = self.labels[places] != y
        if unknown.any():
            raise ValueError(f"y has labels that are not in classes: "
                             f"{np.unique(y[unknown])[:5].tolist()}")
        return self.numbers[places].astype(np.uint16)

    def columns(self, outputs: np.ndarray) -> np.ndarray:
        """Return columns of outputs in the order of the labels."""
        return outputs[:, self.numbers]
