"""The module's two forests: what an alert is by itself, and what it is among those that were seen before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest, probabilities
from science_modules.stamp import history, image_numbers, metadata

ALONE, WITH_HISTORY = "stamp_ztf.npz", "stamp_history_ztf.npz"  # files
FEATURES = (*metadata.NAMES, *image_numbers.NAMES)


@dataclass(frozen=True)
class Trees:
    """Both of them.

    Attributes
    ----------
    alone : Forest
        On FEATURES, of all classes.
    history : Forest
        On FEATURES and `history.NAMES`, of what is still there half an hour later: its logit of an asteroid is minus infinity.
    """

    alone: Forest
    history: Forest

    @classmethod
    def read(cls, artefacts: Mapping[str, bytes]) -> Self:
        """From files; the compiled walk is made ready.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            ALONE and WITH_HISTORY.

        Raises
        ------
        ValueError
            If the trees were grown on other features.
        """
        alone = Forest.of_features(artefacts[ALONE], FEATURES)
        return cls(alone, Forest.of_features(artefacts[WITH_HISTORY], (*FEATURES, *history.NAMES)))

    def calibrated(self, logits: Floats, x: Floats, past: Floats, earlier: NDArray[np.bool_]) -> Floats:
        """Calibrated probabilities, before any rule, shape (n, n_classes).

        Parameters
        ----------
        logits : numpy.ndarray of float64, shape (n, n_classes)
            What `alone` gives for `x`.
        x : numpy.ndarray of float64, shape (n, len(FEATURES))
        past : numpy.ndarray of float64, shape (n, len(history.NAMES))
        earlier : numpy.ndarray of bool, shape (n,)
            Which were seen before: their logits are the mean of both forests.
        """
        out = probabilities(logits, float(self.alone.temperature[0]))
        rows = np.flatnonzero(earlier)
        if len(rows):
            both = mean_logits(logits[rows], self.history.logits(np.hstack([x[rows], past[rows]])))
            out[rows] = probabilities(both, float(self.history.temperature[0]))
        return out


def mean_logits(alone: Floats, history: Floats) -> Floats:
    """The logits of an alert that was seen before, shape (n, n_classes).

    Parameters
    ----------
    alone, history : numpy.ndarray of float64, shape (n, n_classes)
        Of the two forests.
    """
    return (alone + history) / 2
