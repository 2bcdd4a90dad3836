"""All features of the objects of a batch, group by group: which function gives which columns."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from science_modules.alerce_features.colours import colours, infrared
from science_modules.alerce_features.curves import LETTERS, Curves
from science_modules.alerce_features.limits import NAMES as LIMIT_NAMES
from science_modules.alerce_features.limits import limits
from science_modules.alerce_features.metadata import metadata
from science_modules.alerce_features.registry import column
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.curve_features.closed_forms import NAMES, closed_forms
from science_modules.common.curve_features.drw import drw
from science_modules.common.curve_features.folded import folded
from science_modules.common.curve_features.harmonics import harmonics
from science_modules.common.curve_features.irregular_autoregressive import irregular_autoregressive
from science_modules.common.curve_features.mexican_hat import mexican_hat
from science_modules.common.curve_features.multiband_period import multiband_period
from science_modules.common.curve_features.structure_function import structure_function
from science_modules.common.curve_features.supernova_model import supernova_model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = Mapping[str, Floats]
Step = Callable[[Curves, Columns], Columns]


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
    beside = metadata(batch, curves) | infrared(batch, curves)
    values = {name: of_all[eligible] for name, of_all in beside.items()}
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
    values: dict[str, Floats] = {}
    for step in STEPS.values():
        values |= step(curves, values)
    return values


def of_bands(values: Columns) -> dict[str, Floats]:
    """The columns of features that were computed curve by curve.

    Parameters
    ----------
    values : mapping of str to numpy.ndarray of float64, shape (2 n,)
        By feature; curve 2 k is object k in g, curve 2 k + 1 in r.
    """
    bands = range(len(LETTERS))
    return {f"{name}_{band + 1}": column[band :: len(LETTERS)] for name, column in values.items() for band in bands}


def _closed_forms(curves: Curves) -> Columns:
    values = closed_forms(curves.time, curves.mag, curves.err, curves.sign, curves.offsets)
    return of_bands(dict(zip(NAMES, values.T, strict=True)))


def _limits(curves: Curves) -> Columns:
    of_limits = curves.limit_time, curves.limit_mag, curves.limit_offsets
    values = limits(curves.time, curves.mag, curves.offsets, *of_limits)
    return of_bands(dict(zip(LIMIT_NAMES, values.T, strict=True)))


def _fit(fit: Callable[[Floats, Floats, Floats, Ints], Columns]) -> Step:
    return lambda curves, _: of_bands(fit(curves.time, curves.mag, curves.err, curves.offsets))


def _period(curves: Curves) -> Columns:
    values = multiband_period(curves.time, curves.mag, curves.err, curves.offsets)
    of_object = {column(name): values[name] for name in values if name != "delta_period"}
    return of_object | of_bands({"delta_period": values["delta_period"]})


def _harmonics(curves: Curves, known: Columns) -> Columns:
    period = np.repeat(known["Multiband_period"], len(LETTERS))
    return of_bands(harmonics(curves.time, curves.mag, curves.err, curves.offsets, period))


def _folded(curves: Curves, known: Columns) -> Columns:
    period = np.repeat(known["Multiband_period"], len(LETTERS))
    return of_bands(folded(curves.time, curves.mag, curves.offsets, period))


# In this order: a step sees the columns of those before it.
STEPS: Mapping[str, Step] = {
    "closed_forms": lambda curves, _: _closed_forms(curves),
    "limits": lambda curves, _: _limits(curves),
    "colours": lambda curves, _: colours(curves),
    "drw": _fit(drw),
    "irregular_autoregressive": _fit(irregular_autoregressive),
    "mexican_hat": _fit(mexican_hat),
    "structure_function": _fit(structure_function),
    "supernova_model": lambda curves, _: of_bands(supernova_model(*curves.difference)),
    "multiband_period": lambda curves, _: _period(curves),
    "harmonics": _harmonics,
    "folded": _folded,
}
