"""Two runs on one picture: outputs that changed, the second run over the first."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobs.archive.comparing import Changed
from jobs.reports.pictures import style

MOST = 12  # outputs; the rest is in the table
_COLUMNS = 4
_SIDE = 2.7  # inch


def chosen(outputs: Sequence[Changed]) -> list[Changed]:
    """The numbers to draw: those of which most pairs differ, else the first.

    Parameters
    ----------
    outputs : sequence of Changed
        Of a comparison.
    """
    numbers = [each for each in outputs if len(each.a) and np.ptp(np.concatenate([each.a, each.b])) > 0]
    return sorted(numbers, key=lambda each: -each.differ)[:MOST]


def comparison(title: str, subtitle: str, outputs: Sequence[Changed]) -> Figure:
    """Draw outputs, each in a square with the line on which nothing changed.

    Parameters
    ----------
    title, subtitle : str
        What was compared with what.
    outputs : sequence of Changed
        As `chosen` gives them.
    """
    rows = max(-(-len(outputs) // _COLUMNS), 1)
    height = _SIDE * rows + 0.9
    with style.styled():
        drawn = style.figure(_SIDE * _COLUMNS, height)
        drawn.text(0.02, 1 - 0.32 / height, title, fontsize=14, fontweight="bold", va="center")
        drawn.text(0.02, 1 - 0.62 / height, subtitle, fontsize=9, color=style.QUIET, va="center")
        for place, each in enumerate(outputs):
            left, top = place % _COLUMNS / _COLUMNS, 1 - (0.9 + _SIDE * (place // _COLUMNS)) / height
            size = (0.68 / _COLUMNS, 0.68 * _SIDE / height)
            axes = drawn.add_axes((left + 0.06, top - 0.84 * _SIDE / height, *size))
            _square(axes, each)
        return drawn


def _square(axes: Axes, each: Changed) -> None:
    values = np.concatenate([each.a, each.b])
    low, high = (float(value) for value in np.percentile(values, [0.5, 99.5]))
    pad = 0.05 * (high - low) or 1.0
    axes.plot([low - pad, high + pad], [low - pad, high + pad], color=style.INK, lw=0.7, alpha=0.5)
    axes.plot(each.a, each.b, ls="", marker=".", ms=2.5, color=style.ACCENT, alpha=0.5, rasterized=len(values) > 4000)
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(low - pad, high + pad)
    axes.set_title(each.output, fontsize=8, loc="left", pad=3)
    axes.tick_params(labelsize=6)
    share = 100 * (each.both - each.equal) / each.both
    axes.text(0.03, 0.95, f"{share:.1f} % of {each.both} differ", transform=axes.transAxes, fontsize=6.5, va="top")
