"""The MPI ranks that train together, in a build of the package with MPI."""
from __future__ import annotations

import atexit
import os

from ._failure import check
from ._libmlp import ffi, lib

HAS_MPI = hasattr(lib, "mlp_team_create")

# A launcher's variables are inherited by a rank's own child processes, such as
# joblib's workers, which are no ranks: only the first process to come here is.
_MARK = "MLP_PYTHON_RANK_PROCESS"
os.environ.setdefault(_MARK, str(os.getpid()))

_team = None


def _is_rank():
    return os.environ.get(_MARK) == str(os.getpid())


def _destroy():
    if _is_rank():  # and not a process that it has forked
        lib.mlp_team_destroy(_team)


def team():
    """Return the team of all ranks, or NULL for a single process.

    Under an MPI launcher the first call is collective, and initializes MPI
    unless mpi4py has done so.
    """
    global _team
    if not HAS_MPI or not _is_rank():
        return ffi.NULL
    if _team is None:
        made = ffi.new("mlp_team **")
        check(lib.mlp_team_create(ffi.NULL, ffi.NULL, made))
        _team = made
        atexit.register(_destroy)
    return _team[0] if lib.mlp_team_size(_team[0]) > 1 else ffi.NULL
