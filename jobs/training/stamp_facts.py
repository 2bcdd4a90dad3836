"""Further numbers for the card of the stamp classifier, of what the folds have not seen: what images give, whether it ages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.classification import confusion
from jobs.measures.intervals import Share
from jobs.measures.trade import trade
from science_modules.common.boosted_trees import Forest, probabilities
from science_modules.common.stamp_rules import with_rules
from science_modules.stamp import ASTEROID, CLASSES, image_numbers
from science_modules.stamp.growing import TrainingSet
from science_modules.stamp.trees import Trees

Floats = NDArray[np.float64]
ZTF_CHANGED = 59016.0  # MJD of 2020-06-16: later alerts have other catalogues and another drb
_KEPT = (0.80, 0.85, 0.90, 0.95)
_OTHER = {"science": "template", "template": "science"}
_SWAPPED = re.compile("|".join(_OTHER))


@dataclass(frozen=True)
class Unseen:
    """What a fold's forests have not seen and can answer.

    Attributes
    ----------
    trees : Trees
    known : TrainingSet
        With stamps.
    mjd : numpy.ndarray, shape (n,)
    """

    trees: Trees
    known: TrainingSet
    mjd: Floats

    def alone(self, numbers: Floats | None = None) -> Floats:
        """Calibrated probabilities of the alerts alone, shape (n, n_classes).

        Parameters
        ----------
        numbers : numpy.ndarray, shape (n, len(image_numbers.NAMES)), optional
            Instead of those of the alerts' own stamps.
        """
        known = self.known if numbers is None else replace(self.known, numbers=numbers)
        forest = self.trees.alone
        return probabilities(forest.logits(known.features), float(forest.temperature[0]))

    @property
    def labels(self) -> NDArray[np.object_]:
        """Classes by name, shape (n,)."""
        return np.array(CLASSES, object)[self.known.label]


def answered(trees: Trees, known: TrainingSet) -> Floats:
    """What the module answers, without its rule of known Solar-system objects, shape (n, n_classes).

    Parameters
    ----------
    trees : Trees
    known : TrainingSet
        With stamps.
    """
    x = known.features
    used = trees.calibrated(trees.alone.logits(x), x, known.past, known.earlier)
    return with_rules(used, known.earlier, np.zeros(len(known), bool), ASTEROID, (ASTEROID,))


def facts_of(folds: Sequence[Unseen]) -> dict[str, Any]:
    """All of these numbers, by what the card calls them.

    Parameters
    ----------
    folds : sequence of Unseen
        Of one kind, real or simulated.
    """
    labels = np.concatenate([fold.labels for fold in folds])
    alone = np.concatenate([fold.alone() for fold in folds])
    said = np.concatenate([answered(fold.trees, fold.known) for fold in folds])
    counted = confusion(labels, alone, CLASSES)
    found: dict[str, Any] = {
        "this alert alone: accuracy": str(counted.accuracy),
        "this alert alone: mean recall": round(counted.mean_recall, 4),
    }
    for name, changed in STAMPS.items():
        other = np.concatenate([fold.alone(changed(fold.known.numbers)) for fold in folds])
        found[f"this alert alone, {name}: accuracy"] = str(confusion(labels, other, CLASSES).accuracy)
        found[f"this alert alone, {name}: classes that change"] = str(_differ(alone, other))
    trades = _trade(labels, alone, "this alert alone, ") | _trade(labels, said, "")
    return found | _ageing(folds, labels, said) | trades


def no_units(forest: Forest) -> Mapping[str, str]:
    """What a forest has instead of units that never fire: numbers that none of its trees asks.

    Parameters
    ----------
    forest : Forest
    """
    asked = len(set(forest.feature[forest.left > 0].tolist()))
    n = len(forest.features)
    return {"dead units": f"n/a: trees have none; {n - asked} of {n} numbers are asked by no tree"}


def _of_others(numbers: Floats) -> Floats:
    """The stamps dealt out among the alerts."""
    return numbers[np.random.default_rng(0).permutation(len(numbers))]


def _none(numbers: Floats) -> Floats:
    return np.full_like(numbers, np.nan)


def _exchanged(numbers: Floats) -> Floats:
    """Science and template in each other's place; of pairs, what has no counterpart is missing."""
    names = list(image_numbers.NAMES)
    out = np.full_like(numbers, np.nan)
    for column, name in enumerate(names):
        other = name if name == "like_science_template" else _SWAPPED.sub(lambda found: _OTHER[found[0]], name)
        if other in names:
            out[:, column] = numbers[:, names.index(other)]
    return out


STAMPS = {
    "stamps of another alert": _of_others,
    "without stamps": _none,
    "science and template exchanged": _exchanged,
}


def _differ(one: Floats, other: Floats) -> Share:
    return Share(int((one.argmax(axis=1) != other.argmax(axis=1)).sum()), len(one))


def _ageing(folds: Sequence[Unseen], labels: NDArray[np.object_], said: Floats) -> dict[str, str]:
    """Recall of each class before ZTF changed and from then on."""
    later = np.concatenate([fold.mjd for fold in folds]) >= ZTF_CHANGED
    found = {}
    for number, name in enumerate(CLASSES):
        shares = [confusion(labels[part], said[part], CLASSES).recall(number) for part in (~later, later)]
        found[f"{name}: recall before / from 2020-06-16"] = " / ".join(map(str, shares))
    return found


def _trade(labels: NDArray[np.object_], said: Floats, how: str) -> dict[str, str]:
    curve = trade(labels, said, CLASSES, "VS", "AGN")
    if curve is None:
        return {}
    kept = " / ".join(f"{100 * each:.0f}" for each in _KEPT)
    found = " / ".join(f"{100 * curve.found_at(each):.0f}" for each in _KEPT)
    return {
        f"{how}AGN against VS: area under ROC": f"{curve.area:.3f} ({curve.n_find} AGN, {curve.n_keep} VS)",
        f"{how}AGN found [%] where {kept} % of VS stay": found,
    }
