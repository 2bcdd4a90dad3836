"""From packets to the magnitudes that the features are made of: a curve per object and band, and its limits."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.light_curves import LightCurves
from science_modules.common.photometry import (
    LIMIT_SIGMA,
    has_magnitude,
    limit_of_error,
    magnitude_error,
    magnitude_of_flux,
)
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LARGEST_ERROR_MAG = 1.0  # 0 < error < 1 mag (Sanchez-Saez et al. 2021, AJ 161, 141)
LEAST_REAL_BOGUS = 0.55  # of ZTF's `rb`; other surveys' scores are other scales
LEAST_POINTS = 6  # in one of the bands


@dataclass(frozen=True)
class Curves:
    """Detections of n objects in b bands (two: g and r), in magnitudes: curve b k + j is object k in band j; limits likewise.

    Attributes
    ----------
    offsets : numpy.ndarray of int64, shape (b n + 1,)
        Curve j owns the points offsets[j]:offsets[j + 1], ascending in time.
    time : numpy.ndarray of float64, shape (n_points,)
        Days since the object's first point, of any of the bands.
    mag, err : numpy.ndarray of float64, shape (n_points,)
        AB magnitude and error: of the source itself if the object is corrected, else of the difference without its sign.
    diff_mag, diff_err : numpy.ndarray of float64, shape (n_points,)
        Of the difference, whatever the object is; NaN where the difference is not known.
    sign : numpy.ndarray of float64, shape (n_points,)
        1 for a positive difference, -1 for a negative one, NaN where it is not known.
    real_bogus : numpy.ndarray of float64, shape (n_points,)
    limit_offsets : numpy.ndarray of int64, shape (b n + 1,)
        The same of `limit_time` and `limit_mag`.
    limit_time, limit_mag : numpy.ndarray of float64, shape (n_limits,)
        Days since the object's first point; 5-sigma limiting magnitude.
    corrected : numpy.ndarray of bool, shape (n,)
        Which magnitude was taken.
    n_bands : int
        b, curves of an object.
    """

    offsets: Ints
    time: Floats
    mag: Floats
    err: Floats
    diff_mag: Floats
    diff_err: Floats
    sign: Floats
    real_bogus: Floats
    limit_offsets: Ints
    limit_time: Floats
    limit_mag: Floats
    corrected: Bools
    n_bands: int = 2

    def __len__(self) -> int:
        return len(self.corrected)

    @property
    def counts(self) -> Ints:
        """Points of each object in each band, shape (n, b)."""
        return np.diff(self.offsets).reshape(len(self), self.n_bands)

    @property
    def eligible(self) -> Bools:
        """Objects that the published classifier takes, shape (n,): see `enough`."""
        return enough(self.counts)

    @property
    def difference(self) -> tuple[Floats, Floats, Floats, Ints]:
        """Time, magnitude, error and offsets of the points whose difference has a magnitude, as `time` and `offsets`."""
        known = np.asarray(np.isfinite(self.diff_mag) & np.isfinite(self.diff_err))
        offsets = np.concatenate([[0], np.cumsum(known)]).astype(np.int64)[self.offsets]
        return self.time[known], self.diff_mag[known], self.diff_err[known], offsets

    def select(self, kept: Bools) -> "Curves":
        """Only some of the objects.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n,)
            True for those that stay.
        """
        points, offsets = _part(self.offsets, kept, self.n_bands)
        limits, limit_offsets = _part(self.limit_offsets, kept, self.n_bands)
        arrays = {name: getattr(self, name)[points] for name in _OF_POINTS}
        arrays |= {name: getattr(self, name)[limits] for name in ("limit_time", "limit_mag")}
        return replace(self, offsets=offsets, limit_offsets=limit_offsets, corrected=self.corrected[kept], **arrays)


_OF_POINTS = ("time", "mag", "err", "diff_mag", "diff_err", "sign", "real_bogus")


def curves_in(batch: AlertBatch, letters: tuple[str, ...]) -> Curves:
    """The detections and limits of a batch, one object per alert.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve`, `corrected` and `survey`.
    letters : tuple of str
        The bands, some that follow one another in `view.BANDS`.
    """
    points, corrected = batch.light_curves, batch["corrected"] == 1
    flux, flux_err = _flux(points, corrected)
    chosen, offsets = _by_curve(points, _usable(batch, letters), letters)
    limits, limit_offsets = _by_curve(points, _limiting(points, letters), letters)
    first = _first_time(points, chosen)
    difference, difference_err = points.flux[chosen], points.flux_err[chosen]
    return Curves(
        offsets=offsets,
        time=points.mjd[chosen] - first[points.owner[chosen]],
        mag=magnitude_of_flux(flux[chosen]),
        err=magnitude_error(flux[chosen], flux_err[chosen]),
        diff_mag=magnitude_of_flux(np.abs(difference)),
        diff_err=magnitude_error(difference, difference_err),
        sign=np.where(difference == 0, np.nan, np.sign(difference)),
        real_bogus=points.real_bogus[chosen],
        limit_offsets=limit_offsets,
        limit_time=points.mjd[limits] - first[points.owner[limits]],
        limit_mag=limit_of_error(points.flux_err[limits]),
        corrected=corrected,
        n_bands=len(letters),
    )


def counts_in(batch: AlertBatch, letters: tuple[str, ...]) -> Ints:
    """How many points of each alert in each band `curves_in` takes, shape (n, b); no curve is made for it.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve`, `corrected` and `survey`.
    letters : tuple of str
        The bands, some that follow one another in `view.BANDS`.
    """
    _, offsets = _by_curve(batch.light_curves, _usable(batch, letters), letters)
    return np.diff(offsets).reshape(len(batch), len(letters))


def enough(counts: NDArray[np.number]) -> Bools:
    """Objects that the published classifier takes: LEAST_POINTS in one of the bands at least, shape (n,).

    Parameters
    ----------
    counts : numpy.ndarray, shape (n, b)
        Points in each band; none where NaN.
    """
    return np.asarray((counts >= LEAST_POINTS).any(axis=1))


def _usable(batch: AlertBatch, letters: tuple[str, ...]) -> Bools:
    """Detections that have a magnitude and are not said to be bogus."""
    points = batch.light_curves
    flux, flux_err = _flux(points, batch["corrected"] == 1)
    detected = (points.kind == LC_KINDS.index("detection")) & _in_bands(points, letters)
    real = ~((points.real_bogus < LEAST_REAL_BOGUS) & (batch["survey"] == "ztf")[points.owner])
    return np.asarray(detected & real & has_magnitude(flux, flux_err, LARGEST_ERROR_MAG))


def _flux(points: LightCurves, corrected: Bools) -> tuple[Floats, Floats]:
    total = corrected[points.owner]
    flux = np.where(total, points.flux_total, np.abs(points.flux))
    return flux, np.where(total, points.flux_total_err, points.flux_err)


def _in_bands(points: LightCurves, letters: tuple[str, ...]) -> Bools:
    codes = [BANDS.index(letter) for letter in letters]
    return np.isin(points.band, codes) & np.isfinite(points.mjd)


def _limiting(points: LightCurves, letters: tuple[str, ...]) -> Bools:
    """Upper limits; of an alert that has none, forced measurements below five errors."""
    given = (points.kind == LC_KINDS.index("upper_limit")) & (points.flux_err > 0)
    has_given = np.bincount(points.owner[given], minlength=len(points)) > 0
    forced = (points.kind == LC_KINDS.index("forced")) & (points.flux < LIMIT_SIGMA * points.flux_err)
    known = _in_bands(points, letters) & (points.flux_err < np.inf)
    return np.asarray(known & (given | (forced & ~has_given[points.owner])))


def _by_curve(points: LightCurves, usable: Bools, letters: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Indices of the usable points ordered by alert, band and time, and where each curve starts."""
    kept = np.flatnonzero(usable)
    letter = points.band[kept] - BANDS.index(letters[0])  # they follow one another
    curve = points.owner[kept] * len(letters) + letter
    counts = np.bincount(curve, minlength=len(points) * len(letters))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return kept[np.argsort(curve, kind="stable")], offsets


def _first_time(points: LightCurves, chosen: Ints) -> Floats:
    first = np.full(len(points), np.inf)
    np.minimum.at(first, points.owner[chosen], points.mjd[chosen])
    return first


def _part(offsets: Ints, kept: Bools, n_bands: int) -> tuple[Bools, Ints]:
    """Which points belong to the kept objects, and where their curves start."""
    counts, of_curve = np.diff(offsets), np.repeat(kept, n_bands)
    starts = np.concatenate([[0], np.cumsum(counts[of_curve])]).astype(np.int64)
    return np.repeat(of_curve, counts), starts
