"""All features of the objects of a batch, group by group: which function gives which columns."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from science_modules.alerce_features.closed_forms import NAMES, closed_forms
from science_modules.alerce_features.colours import colours, infrared
from science_modules.alerce_features.curves import LETTERS, Curves
from science_modules.alerce_features.limits import NAMES as LIMIT_NAMES
from science_modules.alerce_features.limits import limits
from science_modules.alerce_features.metadata import metadata
from science_modules.common.alert_batch import AlertBatch

Floats = NDArray[np.float64]
Columns = Mapping[str, Floats]


def features(batch: AlertBatch, curves: Curves) -> dict[str, Floats]:
    """Every feature of the objects that are eligible.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    curves : Curves
        Of its n alerts.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n_eligible,)
        By column; NaN is what is not defined.
    """
    eligible = curves.eligible
    values = {name: of_all[eligible] for name, of_all in metadata(batch, curves).items()}
    return values | of_curves(curves.select(eligible))


def of_curves(curves: Curves) -> dict[str, Floats]:
    """Every feature that light curves alone give.

    Parameters
    ----------
    curves : Curves
        Of n objects.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column; NaN is what is not defined.
    """
    return {name: column for group in GROUPS.values() for name, column in group(curves).items()}


def of_bands(names: tuple[str, ...], values: Floats) -> dict[str, Floats]:
    """The columns of features that were computed curve by curve.

    Parameters
    ----------
    names : tuple of str
        Of the features.
    values : numpy.ndarray of float64, shape (2 n, len(names))
        Curve 2 k is object k in g, curve 2 k + 1 in r.
    """
    by_band = values.reshape(-1, len(LETTERS), len(names))
    return {f"{name}_{b + 1}": by_band[:, b, j] for j, name in enumerate(names) for b in range(len(LETTERS))}


def _closed_forms(curves: Curves) -> Columns:
    return of_bands(NAMES, closed_forms(curves.time, curves.mag, curves.err, curves.sign, curves.offsets))


def _limits(curves: Curves) -> Columns:
    of_limits = curves.limit_time, curves.limit_mag, curves.limit_offsets
    return of_bands(LIMIT_NAMES, limits(curves.time, curves.mag, curves.offsets, *of_limits))


GROUPS: Mapping[str, Callable[[Curves], Columns]] = {
    "closed_forms": _closed_forms,
    "limits": _limits,
    "colours": colours,
    "infrared": infrared,
}
