"""Parameters of the estimators as options of mlp_train."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.utils import check_random_state

# Parameters that are options of the same name; None leaves the default.
NAMES = ("hidden", "activation", "output_activation", "loss", "dropout",
         "label_smoothing", "init", "optimizer", "lr", "schedule", "warmup",
         "momentum", "l2", "weight_decay", "clip_norm", "batch", "epochs",
         "patience", "validation", "shards", "threads")


def as_text(value) -> str:
    """Return a value as on the command line: (256, 128) as "256,128"."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(as_text, value)) or "none"
    return str(value)


def _seed(random_state) -> int:
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _threads() -> int:
    """Threads by OMP_NUM_THREADS, which joblib sets for its workers; 0: all."""
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(text) if text.isdecimal() else 0


def options_of(estimator, scaling: str) -> dict[str, str]:
    """Return an estimator's parameters as options.

    Parameters
    ----------
    estimator : object with the parameters in `NAMES`, random_state and options
    scaling : str
        Takes the place of the parameter's "auto".
    """
    options = {name.replace("_", "-"): as_text(getattr(estimator, name))
               for name in NAMES if getattr(estimator, name) is not None}
    options.setdefault("threads", str(_threads()))
    options["seed"] = str(_seed(estimator.random_state))
    options["scaling"] = (scaling if estimator.scaling == "auto"
                          else estimator.scaling)
    if estimator.monitor != "loss":  # allowed with patience only
        options["monitor"] = estimator.monitor
    further: Mapping = estimator.options or {}
    options.update({name.replace("_", "-"): as_text(value)
                    for name, value in further.items()})
    return options


def for_partial_fit(options: dict[str, str]) -> dict[str, str]:
    """Return options for one more epoch at a constant learning rate."""
    schedule_only = ("warmup", "gamma", "lr-every", "plateau", "monitor",
                     "min-delta")
    kept = {name: value for name, value in options.items()
            if name not in schedule_only}
    return kept | {"epochs": "1", "schedule": "constant", "patience": "0",
                   "validation": "0"}
