"""The page's pictures: reliability, error rates against the threshold, classes over the sky, mistakes."""

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from jobs.measures.calibration import Reliability
from jobs.measures.thresholds import ErrorRates
from jobs.reports.evaluation.unlabelled import AXES, Axis, Distribution
from jobs.reports.pictures import style
from jobs.training.plots import draw_reliability

Floats = NDArray[np.float64]
_DPI = 110
_WIDE = 3.5  # inch, of one of several charts in a row
_COLOURS = (
    "#3b5bdb",
    "#d64545",
    "#159a76",
    "#b8860b",
    "#a04fb8",
    "#0f8fa8",
    "#d9730d",
    "#5b6270",
    "#7a4a1e",
    "#c2257a",
)


def data_url(drawn: Figure, dpi: int = _DPI) -> str:
    """A figure as a PNG in a data URL.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure
    dpi : int
        Pixels per inch.
    """
    out = io.BytesIO()
    drawn.savefig(out, format="png", dpi=dpi)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def reliability_chart(found: Reliability) -> Figure:
    """How often the called class is right, by its score.

    Parameters
    ----------
    found : Reliability
        Of the called class.
    """
    with style.styled():
        drawn = Figure(figsize=(4.6, 4.2), layout="constrained")
        draw_reliability(drawn.subplots(), found, "score of the called class")
        return drawn


def reliability_charts(classes: Sequence[str], found: Sequence[Reliability]) -> Figure:
    """The same for each class against all others.

    Parameters
    ----------
    classes : sequence of str
    found : sequence of Reliability
    """
    with style.styled():
        drawn, places = _grid(len(classes), 3.2)
        for axes, name, each in zip(places, classes, found, strict=False):
            draw_reliability(axes, each, f"score of {name}")
            axes.set_ylabel(f"share that is {name}")
        return drawn


def threshold_charts(classes: Sequence[str], found: Sequence[ErrorRates]) -> Figure:
    """False negatives and false positives of each class against the threshold, with Wilson intervals.

    Parameters
    ----------
    classes : sequence of str
    found : sequence of ErrorRates
    """
    with style.styled():
        drawn, places = _grid(len(classes), 3.2)
        for axes, name, each in zip(places, classes, found, strict=False):
            _draw_rates(axes, name, each)
        handles, words = places[0].get_legend_handles_labels()
        drawn.legend(handles, words, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
        return drawn


def _draw_rates(axes: Any, name: str, found: ErrorRates) -> None:
    for words, shares, colour in (
        ("missed (FNR)", found.false_negatives, _COLOURS[1]),
        ("false alarms (FPR)", found.false_positives, _COLOURS[0]),
    ):
        value = np.array([share.value for share in shares])
        low, high = np.array([share.interval for share in shares]).T
        axes.plot(found.thresholds, value, color=colour, label=words)
        if shares[0].n:
            axes.fill_between(found.thresholds, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_title(f"{name}, n = {found.members.sum():,}; others {found.others.sum():,}", fontsize=9.5)
    axes.set_yscale("log")
    axes.set_ylim(1e-3, 1)
    axes.set_xlim(0, 1)
    axes.set_xlabel("threshold on the score")
    axes.grid(color=style.LINE, linewidth=0.6)


def distribution_charts(found: Distribution) -> Figure:
    """What is called what, over brightness, latitudes and score; of latitudes also how sources that are everywhere alike lie.

    Parameters
    ----------
    found : Distribution
    """
    with style.styled():
        drawn = Figure(figsize=(11, 6.4), layout="constrained")
        for axes, axis in zip(drawn.subplots(2, 2).ravel(), AXES, strict=True):
            _draw_axis(axes, axis, found)
        handles, names = drawn.axes[0].get_legend_handles_labels()
        if handles:
            drawn.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False, fontsize=9)
        return drawn


def _draw_axis(axes: Any, axis: Axis, found: Distribution) -> None:
    edges = np.array(axis.edges)
    for number, name in enumerate(found.classes):
        counts = found.along[axis.name][number]
        if counts.sum():
            colour = _COLOURS[number % len(_COLOURS)]
            axes.stairs(
                counts / counts.sum(), edges, color=colour, linewidth=1.6, label=f"{name} {found.called[number]:,}"
            )
    if axis.isotropic:
        axes.stairs(np.diff(np.sin(np.radians(edges))) / 2, edges, color="0.6", linestyle=":", label="_")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel(axis.title)
    axes.set_ylabel("share of the class")


def _grid(number: int, height: float) -> tuple[Figure, list[Any]]:
    """As many charts as are asked for, three in a row at most; what is left of the last row is empty."""
    columns = min(max(number, 1), 3)
    rows = math.ceil(max(number, 1) / columns)
    drawn = Figure(figsize=(_WIDE * columns, height * rows), layout="constrained")
    places = list(drawn.subplots(rows, columns, squeeze=False).ravel())
    for axes in places[number:]:
        axes.set_axis_off()
    return drawn, places
