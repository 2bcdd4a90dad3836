"""Further numbers for the card of real_bogus_stamps, of what the folds have not seen: what is missed, what each stamp gives."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import Share
from jobs.training.real_bogus_set import RealBogusSet
from science_modules.common.boosted_trees import Forest
from science_modules.common.image_numbers import NAMES
from science_modules.real_bogus_stamps import probability

Floats = NDArray[np.float64]
Folds = Sequence[tuple[Forest, RealBogusSet]]


def facts_of(folds: Folds) -> dict[str, Any]:
    """All of these numbers of one survey, by what the card calls them; none of what has not both classes.

    Parameters
    ----------
    folds : sequence of (Forest, RealBogusSet)
        A fold's forest, and what it has not seen.
    """
    found: dict[str, Any] = {}
    for kind in ("real", "simulated"):
        own = [(forest, known.take(known.simulated == (kind == "simulated"))) for forest, known in folds]
        found |= {f"{kind} alerts{name}": value for name, value in _of_kind(own).items()}
    return found


def _of_kind(folds: Folds) -> dict[str, Any]:
    label = np.concatenate([known.label for _, known in folds]) if folds else np.zeros(0, int)
    if len(set(label.tolist())) < 2:
        return {}
    said = _answers(folds, lambda numbers: numbers)
    positive = np.concatenate([known.positive for _, known in folds])
    found: dict[str, Any] = {": area under ROC": _area(label, said)}
    for name, rows in (("", np.ones_like(positive)), (", brighter", positive), (", fainter", ~positive)):
        found[f"{name}: real below 0.5"] = str(_share(said[rows & (label == 1)] < 0.5))
        found[f"{name}: bogus from 0.5 on"] = str(_share(said[rows & (label == 0)] >= 0.5))
    for name, changed in WITHOUT.items():
        found[f", {name}: area under ROC"] = _area(label, _answers(folds, changed))
    return found


def _answers(folds: Folds, changed: Callable[[Floats], Floats]) -> Floats:
    return np.concatenate([probability(forest, changed(known.numbers)) for forest, known in folds])


def _area(label: NDArray[np.int64], said: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return round(float(roc_auc_score(label, said)), 4)


def _share(rows: NDArray[np.bool_]) -> Share:
    return Share(int(rows.sum()), len(rows))


def _of_others(numbers: Floats) -> Floats:
    """The stamps dealt out among the alerts."""
    return numbers[np.random.default_rng(0).permutation(len(numbers))]


def _without(stamp: str) -> Callable[[Floats], Floats]:
    columns = [place for place, name in enumerate(NAMES) if stamp in name]

    def lacking(numbers: Floats) -> Floats:
        out = numbers.copy()
        out[:, columns] = np.nan
        return out

    return lacking


WITHOUT: dict[str, Callable[[Floats], Floats]] = {
    "stamps of another alert": _of_others,
    "without stamps": lambda numbers: np.full_like(numbers, np.nan),
    **{f"without {stamp}": _without(stamp) for stamp in ("science", "template", "difference")},
}
