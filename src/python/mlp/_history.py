"""The epochs of a run as a table, a data frame and a page."""
from __future__ import annotations

import html

import numpy as np

_PLAIN = ("epoch", "step", "learning_rate", "seconds")
_SPLITS = ("train", "validation", "test")


def history_columns(facts) -> dict[str, np.ndarray]:
    """Return the history's columns, in order, by name.

    Splits without rows are left out, and so is the metric of the other task.

    Parameters
    ----------
    facts : cdata, mlp_network_facts
    """
    epochs = facts.history[0:facts.history_count]
    columns = {name: np.array([getattr(e, name) for e in epochs])
               for name in _PLAIN}
    metric = "r2" if facts.is_regression else "accuracy"
    for split in _SPLITS:
        scores = [getattr(e, split) for e in epochs]
        if any(score.rows > 0 for score in scores):
            for name in ("loss", metric):
                columns[f"{split}_{name}"] = np.array(
                    [getattr(score, name) for score in scores])
    return columns


def to_frame(columns: dict[str, np.ndarray]):
    """Return a pandas.DataFrame of the columns."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("a history is a pandas.DataFrame: "
                          "pip install pandas") from error
    return pandas.DataFrame(columns)


def _curves(columns, width=360, height=120) -> str:
    """Return the losses over the epochs as SVG."""
    losses = {name: values for name, values in columns.items()
              if name.endswith("_loss") and np.isfinite(values).all()}
    epochs = len(columns["epoch"])
    if epochs < 2 or not losses:
        return ""
    top = max(float(values.max()) for values in losses.values()) or 1.0
    x = np.linspace(4, width - 4, epochs)
    lines, labels = [], []
    for (name, values), color in zip(losses.items(),
                                     ("#4477aa", "#cc6677", "#228833")):
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in
                          zip(x, height - 4 - values / top * (height - 8)))
        lines.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" '
                     f'points="{points}"><title>{name}</title></polyline>')
        labels.append(f'<tspan fill="{color}">{name.replace("_", " ")}</tspan>')
    return (f'<svg role="img" aria-label="loss by epoch" width="{width}" '
            f'height="{height + 20}" font-size="12" font-family="sans-serif">'
            f'<rect width="{width}" height="{height}" fill="none" '
            f'stroke="#888" stroke-opacity="0.5"/>' + "".join(lines)
            + f'<text x="4" y="{height + 15}" fill="currentColor">'
            f'{", ".join(labels)}: 0 to {top:.3g}, {epochs} epochs</text></svg>')


def _last_values(columns) -> dict[str, str]:
    return {name.replace("_", " "): f"{values[-1]:.6g}"
            for name, values in columns.items()
            if name.endswith(("_loss", "_accuracy", "_r2"))}


def to_html(network) -> str:
    """Return a table of facts about a network, and its losses as curves."""
    columns = history_columns(network._facts)
    names = network.class_names
    rows = {"layers": " - ".join(map(str, network.widths)),
            "parameters": f"{network.parameters:,}",
            "epochs": f"{network.epochs:,}", "updates": f"{network.steps:,}"}
    if names is not None:
        rows["classes"] = ", ".join(names[:10]) + (
            f" ... ({len(names)})" if len(names) > 10 else "")
    if len(columns["epoch"]) > 0:
        rows.update(_last_values(columns))
    rows["SHA-256 of the weights"] = network.weights_sha256
    cells = "".join(f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
                    f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
                    for name, value in rows.items())
    return f"<table>{cells}</table>{_curves(columns)}"
