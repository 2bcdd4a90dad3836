"""Check 4: a forest that has seen simulated light curves only sorts real ones."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.measures.intervals import wilson
from jobs.simulation.checks.curve_numbers import curve_numbers
from jobs.simulation.checks.positive_curves import Curves, fewer, windows

KINDS = ("SN", "VS", "AGN")
GOAL_SN, GOAL_VS, GOAL_AGN = 0.85, 0.10, 0.20
LENGTHS = ((10.0, 31.0), (60.0, 400.0))  # [d]: a packet's history, and what a catalogue keeps of an object
_MOST = 400  # pieces of a class
_TREES, _LEAF, _SEED = 200, 5, 7


class Classifier:
    """A forest on numbers of simulated light curves: supernova, variable star or active nucleus.

    Parameters
    ----------
    simulated : Curves
        Cut into windows for training, so that the length of a light curve says nothing of its class.
    """

    def __init__(self, simulated: Curves) -> None:
        # scikit-learn is in the extra `training`; only the checks need it
        from sklearn.ensemble import RandomForestClassifier

        pieces = fewer(windows(simulated, LENGTHS, _SEED), _MOST, _SEED)
        values = curve_numbers(pieces)
        self.columns = list(values.columns)
        self.n = len(pieces)
        self._forest = RandomForestClassifier(
            _TREES, min_samples_leaf=_LEAF, max_features=0.2, random_state=_SEED, n_jobs=2
        )
        self._forest.fit(_filled(values), pieces.objects["kind"], sample_weight=_weights(pieces.objects))

    def kinds(self, curves: Curves) -> NDArray[np.str_]:
        """What each object is called, shape (n,): SN if that is likelier than all else together, else the likelier of the rest.

        Parameters
        ----------
        curves : Curves
            Of n objects.
        """
        kinds = np.asarray(self._forest.classes_).astype(str)
        chance = self._forest.predict_proba(_filled(curve_numbers(curves)))
        supernova = kinds == "SN"
        other = np.argmax(np.where(supernova, -1.0, chance), axis=1)
        return np.where(chance[:, supernova][:, 0] > 0.5, "SN", kinds[other])

    @property
    def important(self) -> list[str]:
        """The eight columns that the forest leans on most."""
        return [self.columns[place] for place in np.argsort(-self._forest.feature_importances_)[:8]]


def _filled(values: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(values.fillna(-999.0).clip(-1e6, 1e6).to_numpy(np.float64))


def _weights(objects: pd.DataFrame) -> NDArray[np.float64]:
    """Each kind weighs the same, and within a kind each class."""
    of_name = objects.groupby(["kind", "name"])["object"].transform("size")
    names = objects.groupby("kind")["name"].transform("nunique")
    weight = 1 / (of_name * names)
    return np.asarray(weight / weight.mean())


def transfer(forest: Classifier, real: Curves) -> dict[str, Any]:
    """Test on real light curves.

    Parameters
    ----------
    forest : Classifier
    real : Curves

    Returns
    -------
    dict
        n_training, important, rows (kind, n, and shares called SN, VS, AGN with the Wilson interval of SN),
        balanced_accuracy, ok.
    """
    called = forest.kinds(real)
    kind = real.objects["kind"].to_numpy()
    rows = [_row(name, called[kind == name]) for name in KINDS]
    share = {row["kind"]: row["SN"] for row in rows}
    return {
        "n_training": forest.n,
        "important": forest.important,
        "rows": rows,
        "balanced_accuracy": float(np.mean([row[row["kind"]] for row in rows])),
        "ok": bool(share["SN"] >= GOAL_SN and share["VS"] <= GOAL_VS and share["AGN"] <= GOAL_AGN),
    }


def _row(kind: str, called: NDArray[np.str_]) -> dict[str, Any]:
    n = len(called)
    low, high = wilson(int(np.sum(called == "SN")), n)
    shares = {name: float(np.mean(called == name)) if n else float("nan") for name in KINDS}
    return {"kind": kind, "n": n, **shares, "SN_low": low, "SN_high": high}
