"""Train multilayer perceptrons, with scikit-learn's conventions.

`MLPClassifier` and `MLPRegressor` are estimators like scikit-learn's own;
`load` opens a network that the program mlp_train, or `Network.save`, has saved.
Equal options and equal float32 rows give bitwise equal weights, here and in
mlp_train, for any number of threads and MPI ranks.
"""
from ._estimators import MLPClassifier, MLPRegressor
from ._failure import DivergedError, MLPWarning
from ._libmlp import ffi as _ffi, lib as _lib
from ._network import Network, load

__version__ = _ffi.string(_lib.mlp_version()).decode()
__all__ = ["DivergedError", "MLPClassifier", "MLPRegressor", "MLPWarning",
           "Network", "load"]
