"""Pictures of a model's card: confusion and calibration, and what finding more of a class costs of another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from jobs.measures.calibration import Reliability
from jobs.measures.classification import Confusion
from jobs.measures.trade import Trade
from jobs.storage.writing import replacing
from jobs.training.scoring import Scores


def write_plots(scores: Scores | None, folder: Path, trades: Sequence[tuple[str, str]] = ()) -> list[Path]:
    """A picture for each set of examples that is measured, and each pair of classes; none of a model without classes.

    Parameters
    ----------
    scores : Scores or None
        Of unseen examples.
    folder : pathlib.Path
        Where they are written.
    trades : sequence of (str, str)
        Pairs of classes that are taken for each other: how much of the second is found where how much of the first stays.
    """
    paths = []
    for name, own in (scores.measured() if scores is not None else {}).items():
        stem = name.replace(", ", "_").replace(" ", "_")
        paths.append(_saved(_figure(name, own), folder / f"{stem}.png"))
        for keep, find in trades:
            curve = own.trade(keep, find)
            if curve is not None:
                paths.append(_saved(_trade(name, curve), folder / f"{stem}_{find}_against_{keep}.png"))
    return paths


def _saved(drawn: Figure, path: Path) -> Path:
    with replacing(path) as temporary:
        drawn.savefig(temporary, format="png", dpi=110)
    return path


def _trade(name: str, curve: Trade) -> Figure:
    drawn = Figure(figsize=(5.6, 4.8), layout="constrained")
    axes = drawn.subplots()
    axes.step(100 * curve.stays, 100 * curve.found, where="post")
    axes.plot([100, 0], [0, 100], color="0.7", linewidth=1)
    axes.set_xlabel(f"{curve.keep} that stay [%], n = {curve.n_keep:,}")
    axes.set_ylabel(f"{curve.find} that are found [%], n = {curve.n_find:,}")
    axes.set_title(f"{name}: area {curve.area:.3f}", fontsize=10)
    axes.grid(color="0.9")
    return drawn


def _figure(name: str, scores: Scores) -> Figure:
    drawn = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = drawn.subplots(1, 2)
    _draw_confusion(left, scores.confusion())
    draw_reliability(right, scores.reliability())
    drawn.suptitle(f"{name}, n = {len(scores):,}")
    return drawn


def _draw_confusion(axes: Any, found: Confusion) -> None:
    share = found.shares
    axes.imshow(share, vmin=0, vmax=1, cmap="Blues")
    for row, column in np.ndindex(*share.shape):
        text = f"{share[row, column]:.2f}\n{found.counts[row, column]:,}"
        axes.text(column, row, text, ha="center", va="center", color="white" if share[row, column] > 0.5 else "black")
    axes.set_xticks(range(len(found.classes)), found.classes)
    axes.set_yticks(range(len(found.classes)), found.classes)
    axes.set_xlabel("called")
    axes.set_ylabel("true (share of the row, count)")


def draw_reliability(axes: Any, found: Reliability, said: str = "probability of the called class") -> None:
    """Draw how often what is said is right, with Wilson intervals, beside the diagonal.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    found : Reliability
    said : str
        What is on the x axis.
    """
    some = np.array([share.n > 0 for share in found.right])
    value = np.array([share.value for share in found.right])[some]
    low, high = np.array([share.interval for share in found.right])[some].reshape(-1, 2).T
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    bars = np.clip([value - low, high - value], 0, None)
    axes.errorbar(found.said[some], value, yerr=bars, fmt="o-", color="C0", capsize=2)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel(said)
    axes.set_ylabel("share that is right, Wilson 95 %")
    axes.set_title(f"expected calibration error {found.expected_error:.3f}", fontsize=10)
