"""All features of the objects of a batch: the bands one by one, all together, the period, the colours."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from science_modules.alerce_features_lsst.pooled import pooled
from science_modules.alerce_features_lsst.registry import ALL, COLOURS, PAIRS, column
from science_modules.common.curve_features.closed_forms import NAMES, closed_forms
from science_modules.common.curve_features.curves import LARGEST_ERROR_MAG, Curves
from science_modules.common.curve_features.drw import drw
from science_modules.common.curve_features.folded import folded
from science_modules.common.curve_features.harmonics import harmonics
from science_modules.common.curve_features.irregular_autoregressive import irregular_autoregressive
from science_modules.common.curve_features.mexican_hat import mexican_hat
from science_modules.common.curve_features.multiband_period import multiband_period
from science_modules.common.curve_features.structure_function import structure_function
from science_modules.common.curve_features.supernova_model import supernova_model
from science_modules.common.photometry import NJY_PER_UJY, magnitude_change
from science_modules.common.view import BANDS

Floats = NDArray[np.float64]

_TO_MICROJANSKY = float(magnitude_change(NJY_PER_UJY))  # of magnitudes: the model has mJy


def of_curves(curves: Curves) -> dict[str, Floats]:
    """Every feature of light curves.

    Parameters
    ----------
    curves : Curves
        Of n objects in six bands.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column; NaN is what is not defined.
    """
    together = pooled(curves)
    of_bands = {
        f"{name}_{band}": values[place :: len(BANDS)]
        for name, values in of_each_curve(curves).items()
        for place, band in enumerate(BANDS)
    }
    of_all = {f"{name}_{ALL}": values for name, values in of_each_curve(together).items()}
    return of_bands | of_all | _periodic(together) | colours(curves)


def of_each_curve(curves: Curves) -> dict[str, Floats]:
    """The features of a single curve.

    Parameters
    ----------
    curves : Curves
        With k curves in all.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (k,)
        By published name.
    """
    given = curves.time, curves.mag, curves.err
    closed = closed_forms(*given, curves.sign, curves.offsets)
    values: dict[str, Floats] = dict(zip(NAMES, closed.T, strict=True)) | _supernova(curves)
    for fit in _FITS:
        values |= fit(*given, curves.offsets)
    return values


_FITS: tuple[Callable[..., Mapping[str, Floats]], ...] = (
    drw, irregular_autoregressive, mexican_hat, structure_function
)  # fmt: skip


def _supernova(curves: Curves) -> dict[str, Floats]:
    """Of differences that stand out of the noise, whatever the source itself does."""
    known = np.where(curves.diff_err < LARGEST_ERROR_MAG, curves.diff_mag, np.nan)
    time, mag, err, offsets = replace(curves, diff_mag=known).difference
    return supernova_model(time, mag + _TO_MICROJANSKY, err, offsets)


def _periodic(together: Curves) -> dict[str, Floats]:
    """The period, and what the light curve is like when it is folded with it."""
    time, mag, err, offsets = together.time, together.mag, together.err, together.offsets
    found = multiband_period(time, mag, err, offsets, n_bands=1)
    period = found["Multiband_period"]
    of_period = {column(name): values for name, values in found.items() if name != "delta_period"}
    return of_period | harmonics(time, mag, err, offsets, period) | folded(time, mag, offsets, period)


def colours(curves: Curves) -> dict[str, Floats]:
    """The brightest and the mean colours of neighbouring bands, of the difference and, if corrected, of the source itself.

    Parameters
    ----------
    curves : Curves
        Of n objects in six bands.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column [mag]; NaN where a band has no point.
    """
    difference, source = (_of_neighbours(mag, curves) for mag in (curves.diff_mag, curves.mag))
    source[~curves.corrected] = np.nan
    values = np.concatenate([difference, source], axis=2)  # object, pair, colour
    names = [f"{blue}_{red}_{name}" for blue, red in PAIRS for name in COLOURS]
    return dict(zip(names, values.reshape(-1, len(names)).T, strict=True))


def _of_neighbours(mag: Floats, curves: Curves) -> Floats:
    """Brightest and mean magnitude of each band less that of the next redder one, shape (n, 5, 2)."""
    counts = np.diff(curves.offsets)
    curve = np.repeat(np.arange(len(counts)), counts)
    brightest = np.full(len(counts), np.inf)
    np.minimum.at(brightest, curve, mag)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(curve, mag, len(counts)) / counts
    brightest[counts == 0] = np.nan
    by_band = np.column_stack([brightest, mean]).reshape(len(curves), len(BANDS), 2)
    return np.asarray(by_band[:, :-1] - by_band[:, 1:])
