"""Pictures for docs/simulator.md: fields and scores, real beside simulated."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from jobs.simulation.checks.medians import CLASSES, COLUMNS
from jobs.simulation.checks.night_alerts import CLASSES as ALL_CLASSES
from jobs.simulation.checks.night_alerts import Alerts

_REAL, _SIMULATED = "#333333", "#d95f02"
_MISSING = -999.0
_BINS = 24


def draw(directory: Path, real: Alerts, simulated: Alerts, scores: Mapping[str, pd.DataFrame] | None) -> list[Path]:
    """Draw `fields.png` and `scores.png`: histograms by class, of equal area.

    Parameters
    ----------
    directory : Path
        Made if absent.
    real, simulated : Alerts
    scores : mapping of str to pandas.DataFrame, optional
        Of `real` and of `simulated`; without them there is no `scores.png`.

    Returns
    -------
    list of Path
        The files.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tables = {"real": real.fields, "simulated": simulated.fields}
    kinds = {"real": real.kind, "simulated": simulated.kind}
    drawn = [_histograms(directory / "fields.png", CLASSES, COLUMNS, tables, kinds, limits=None)]
    if scores is not None:
        names = list(scores["real"].columns)
        drawn.append(_histograms(directory / "scores.png", ALL_CLASSES, names, scores, kinds, limits=(0.0, 1.0)))
    return drawn


def _histograms(
    path: Path,
    classes: Sequence[str],
    columns: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    kinds: Mapping[str, NDArray[np.object_]],
    limits: tuple[float, float] | None,
) -> Path:
    figure = Figure(figsize=(1.7 * len(columns), 1.5 * len(classes)), layout="constrained")
    grid = figure.subplots(len(classes), len(columns), squeeze=False)
    for row, kind in zip(grid, classes, strict=True):
        for axes, column in zip(row, columns, strict=True):
            both = [_values(tables[origin].loc[kinds[origin] == kind, column]) for origin in ("real", "simulated")]
            _histogram(axes, both, limits)
            axes.set_title(f"{kind} {column}", fontsize=7)
    figure.savefig(path, dpi=110)
    return path


def _values(column: pd.Series) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.to_numpy(dtype=float)
    return np.asarray(values[np.isfinite(values) & (values != _MISSING)])


def _histogram(axes: Axes, both: Sequence[NDArray[np.float64]], limits: tuple[float, float] | None) -> None:
    if not len(both[0]):
        axes.set_axis_off()
        return
    low, high = limits or np.percentile(both[0], [1, 99])
    edges = np.linspace(low, max(high, low + 1e-6), _BINS + 1).tolist()
    for values, colour in zip(both, (_REAL, _SIMULATED), strict=True):
        weights = np.full(len(values), 1 / max(len(values), 1))
        axes.hist(np.clip(values, low, high), edges, weights=weights, histtype="step", color=colour)
    axes.tick_params(labelsize=6)
    axes.set_yticks([])
