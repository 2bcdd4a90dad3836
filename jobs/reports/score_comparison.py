"""Two models that give scores, score by score: how each orders the alerts, and what a threshold on it misses and lets through."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.measures.ranking import PairedArea, paired_area
from jobs.measures.thresholds import STEPS, ErrorRates, error_rates
from jobs.reports.evaluation.classifier import REAL, Classifier

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ComparedScore:
    """A score of two models on the same alerts.

    Attributes
    ----------
    name : str
        The class that it is a score of.
    area : PairedArea
    rates : tuple of ErrorRates
        Missed and false at thresholds 0, 0.005, ... 1, of the first and of the second.
    """

    name: str
    area: PairedArea
    rates: tuple[ErrorRates, ErrorRates]

    def at(self, number: int, threshold: float) -> str:
        """FNR / FPR of one of the two at a threshold.

        Parameters
        ----------
        number : int
            0 or 1.
        threshold : float
            0 to 1; the next multiple of 0.005 is taken. `none` where there are no such alerts.
        """
        place, rates = round(threshold * STEPS), self.rates[number]
        told = (rates.false_negatives[place], rates.false_positives[place])
        return " / ".join(f"{each.value:.3f}" if each.n else "none" for each in told)

    def alike(self, number: int) -> str:
        """Where the two rates of one of the two are nearest to each other, and what they are there.

        Parameters
        ----------
        number : int
            0 or 1.
        """
        place = self.rates[number].equal
        if place is None:
            return "no examples of both"
        threshold = float(self.rates[number].thresholds[place])
        return f"{self.at(number, threshold)} at {threshold:.3f}"


def scored_classes(found: Classifier) -> tuple[str, ...]:
    """Classes whose scores are compared one by one: those of networks that were trained alone, and real against bogus.

    Parameters
    ----------
    found : Classifier
        Of probabilities of one whole there are none: what it calls an alert is compared.
    """
    if not found.are_probabilities:
        return found.classes
    return (REAL,) if REAL in found.classes else ()


def compared_scores(
    names: Sequence[str],
    classes: Sequence[str],
    label: NDArray[np.object_],
    scores: tuple[Floats, Floats],
    group: NDArray[np.int64],
) -> tuple[ComparedScore, ...]:
    """Compare scores of the same alerts.

    Parameters
    ----------
    names : sequence of str
        Those of `classes` that are compared.
    classes : sequence of str
        Of the columns.
    label : numpy.ndarray of object, shape (n,)
        Of `classes`.
    scores : tuple of numpy.ndarray, shape (n, n_classes)
        Of the first and of the second.
    group : numpy.ndarray of int64, shape (n,)
        Objects.
    """
    found = []
    for name in names:
        member = np.asarray(label == name, bool)
        one, other = (each[:, list(classes).index(name)] for each in scores)
        rates = (error_rates(member, one), error_rates(member, other))
        found.append(ComparedScore(name, paired_area(member, one, other, group), rates))
    return tuple(found)
