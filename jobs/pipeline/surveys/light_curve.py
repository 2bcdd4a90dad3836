"""The light curves of a batch, for all surveys: points that can be true, one per exposure, by time, as columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.common.times import FIRST_MJD
from jobs.pipeline.surveys.history import (
    as_lists,
    best_per_group,
    first_of_each,
    flags,
    floats,
    letters,
    numbered_runs,
    offsets_of,
)
from jobs.pipeline.surveys.points import (
    DETECTION,
    NO_EXPOSURE,
    NOT_SAID,
    PUBLIC,
    UPPER_LIMIT,
    Bools,
    Floats,
    Ints,
    Points,
)
from science_modules.common.photometry import error_of_limit
from science_modules.common.view import LC_KINDS

SAME_EXPOSURE = 1e-6  # d, 0.09 s: no two exposures of a telescope are that close, and published times have 7 decimals
# A 5-sigma limit outside is no limit. Both ends belong to it: the slack is for the last bit of a power.
_LIMIT_MAGS = (10.0, 26.0)
_BRIGHTEST, _FAINTEST = (
    error_of_limit(mag) * slack for mag, slack in zip(_LIMIT_MAGS, (1 + 1e-9, 1 - 1e-9), strict=True)
)


@dataclass(frozen=True)
class LightCurve:
    """The points of n alerts, sorted by alert, then time, kind and band.

    Attributes
    ----------
    points : Points
        One per exposure and band within a kind.
    alert : numpy.ndarray of int64, shape (n,)
        The point that is the alert itself.
    n_bad : numpy.ndarray of int32, shape (n,)
        History points dropped as impossible.
    """

    points: Points
    alert: Ints
    n_bad: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.alert)

    def count(self, mask: Bools) -> pa.Array:
        """Points per alert where a mask is true.

        Parameters
        ----------
        mask : numpy.ndarray of bool, shape (n_points,)
            One value for each of `points`.

        Returns
        -------
        pyarrow.Int32Array, length n
        """
        return pa.array(np.bincount(self.points.owner[mask], minlength=len(self)), pa.int32())

    def first_mjd(self, kind: int) -> Floats:
        """Time of the first point of a kind, per alert.

        Parameters
        ----------
        kind : int
            DETECTION, FORCED or UPPER_LIMIT.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            MJD TAI [d]; NaN where there is none.
        """
        return self._mjd_of(np.flatnonzero(self.points.kind == kind)[::-1])

    def last_mjd(self, kind: int) -> Floats:
        """Time of the last point of a kind, per alert.

        Parameters
        ----------
        kind : int
            DETECTION, FORCED or UPPER_LIMIT.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            MJD TAI [d]; NaN where there is none.
        """
        return self._mjd_of(np.flatnonzero(self.points.kind == kind))

    def _mjd_of(self, points: Ints) -> Floats:
        result = np.full(len(self), np.nan)
        result[self.points.owner[points]] = self.points.mjd[points]  # of several the last assignment stays
        return result


def light_curve(points: Points, n: int) -> LightCurve:
    """The light curves of n alerts.

    Dropped and counted as impossible: a time before 2016 or after the alert's own, a band that the survey does not
    declare, a detection or forced point without a finite flux (whatever its signal to noise, it stays otherwise;
    without a usable error, its error is NULL), a limit outside 10 to 26 mag. Of several points of one kind, exposure
    and band one stays and the others are not counted as impossible: the alert itself, else a sound one, else the one
    with the highest real-bogus score, else the one with the lower id. A forced point of an exposure with a detection
    stays. The alert itself is never dropped.

    Parameters
    ----------
    points : Points
        In any order; one `is_alert` of each alert.
    n : int
        Number of alerts.
    """
    possible = _possible(points)
    n_bad = np.bincount(points.owner[~possible], minlength=n).astype(np.int32)
    good = points.take(possible & ~_is_alert_again(points))
    kept = good.take(_one_per_exposure(good))
    return LightCurve(kept, np.flatnonzero(kept.is_alert), n_bad)


def first_detection(curve: LightCurve, stated: Floats) -> Floats:
    """First detection known to the packet, MJD TAI: as the survey states it, or the oldest one if that is older.

    A statement that is no date, or later than the oldest detection in the packet, is none. One of the alert's own
    exposure is the alert's own time, so that the age of a first detection is exactly 0.

    Parameters
    ----------
    curve : LightCurve
        Of n alerts.
    stated : numpy.ndarray of float64, shape (n,)
        The survey's own word, MJD TAI [d]; NaN where it says none.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    own, oldest = curve.points.mjd[curve.alert], curve.first_mjd(DETECTION)
    usable = (stated >= FIRST_MJD) & (stated <= oldest + SAME_EXPOSURE)
    first = np.where(usable, stated, oldest)
    return np.where(np.abs(first - own) <= SAME_EXPOSURE, own, first)


def dubious(points: Points) -> tuple[Bools, Bools]:
    """Detections whose sign or reference source contradicts the first detection in the band, and where that is known.

    Parameters
    ----------
    points : Points
        Sorted by owner, then by time.

    Returns
    -------
    dubious, known : numpy.ndarray of bool, shape (n_points,)
        Not known for upper limits and forced points, which are no detections, and where nothing is said of a reference.
    """
    value, known = np.zeros(len(points), dtype=bool), np.zeros(len(points), dtype=bool)
    if points.same_source is None or points.same_source_known is None:
        return value, known
    found = np.flatnonzero(points.kind == DETECTION)
    first, group = first_of_each(points.owner[found] * 128 + points.band[found] + 1)
    first = found[first][group]
    alone_negative = ~points.same_source[found] & (points.flux[found] < 0)
    value[found] = alone_negative | (points.same_source[found] != points.same_source[first])
    said = points.same_source_known
    known[found] = said[found] & said[first] & np.isfinite(points.flux[found])
    return value, known


def columns(curve: LightCurve, bands: tuple[str, ...], is_dubious: pa.Array) -> dict[str, pa.Array]:
    """The lc_ columns of the common view.

    Parameters
    ----------
    curve : LightCurve
        Of n alerts.
    bands : tuple of str
        The survey's.
    is_dubious : pyarrow.BooleanArray, length n_points
        NULL where it is not known.

    Returns
    -------
    dict of str to pyarrow.ListArray, length n
        By name of the column; fluxes in [nJy], times in MJD TAI [d].
    """
    points, flagged = curve.points, curve.points.flagged
    total = np.where(flagged, np.nan, points.flux_total)
    flat = {
        "lc_mjd": floats(points.mjd),
        "lc_band": letters(points.band, bands),
        "lc_kind": letters(points.kind, LC_KINDS),
        "lc_flux": floats(np.where(flagged | (points.kind == UPPER_LIMIT), np.nan, points.flux)),
        "lc_flux_err": floats(points.flux_err),
        "lc_flux_total": floats(total),
        "lc_flux_total_err": floats(points.flux_total_err),
        "lc_flux_total_err_point": floats(points.flux_total_err_point),
        "lc_corrected": corrected(points, np.isfinite(total)),
        "lc_dubious": is_dubious,
        "lc_real_bogus": floats(points.real_bogus),
        "lc_flag": pa.array(points.words, pa.string()).take(pa.array(points.flag)),
        "lc_flux_flagged": floats(np.where(flagged, points.flux, np.nan)),
        "lc_public": _public(points),
    }
    offsets = offsets_of(points.owner, len(curve))
    return {name: as_lists(offsets, values) for name, values in flat.items()}


def corrected(points: Points, has_total: Bools) -> pa.Array:
    """Whether there is a flux of the source itself; NULL where nothing is said of a reference source.

    Parameters
    ----------
    points : Points
        The n points.
    has_total : numpy.ndarray of bool, shape (n,)
        Where there is a flux of the source itself.
    """
    known = points.same_source_known
    return pa.array(has_total) if known is None else flags(has_total, known)


def _public(points: Points) -> pa.Array:
    if points.public is None:
        return pa.array(np.ones(len(points), dtype=bool))
    return flags(points.public == PUBLIC, points.public != NOT_SAID)


def _possible(points: Points) -> Bools:
    alert_mjd = np.full(points.owner.max(initial=-1) + 1, np.nan)
    alert_mjd[points.owner[points.is_alert]] = points.mjd[points.is_alert]
    dated = (points.mjd >= FIRST_MJD) & (points.mjd <= alert_mjd[points.owner] + SAME_EXPOSURE)
    limiting = (points.flux_err >= _FAINTEST) & (points.flux_err <= _BRIGHTEST)
    usable = np.where(points.kind == UPPER_LIMIT, limiting, np.isfinite(points.flux))
    possible: Bools = points.is_alert | (dated & (points.band >= 0) & usable)
    return possible


def _is_alert_again(points: Points) -> Bools:
    """The alert's own measurement, repeated in its history."""
    alert = np.zeros(points.owner.max(initial=-1) + 1, dtype=np.int64)
    alert[points.owner[points.is_alert]] = points.identity[points.is_alert]
    same = (points.identity == alert[points.owner]) & (points.identity != 0)
    again: Bools = same & (points.kind == DETECTION) & ~points.is_alert
    return again


def _one_per_exposure(points: Points) -> Ints:
    # One integer sorts faster than three.
    series = (points.owner * len(LC_KINDS) + points.kind) * 128 + points.band
    key = _exposures(points, series)
    best = best_per_group(key, (~points.is_alert, points.flagged, -points.real_bogus, points.identity))
    # They come ordered by owner, kind and band, which stays so among points of one time.
    kept: Ints = best[np.lexsort((points.mjd[best], points.owner[best]))]
    return kept


def _exposures(points: Points, series: Ints) -> tuple[Ints, ...]:
    if points.exposure is None:
        dated = np.isfinite(points.mjd)  # an alert without a time is refused
        return (numbered_runs(series, np.where(dated, points.mjd, 0.0), SAME_EXPOSURE),)
    # No exposure named: nothing says that two points are of the same.
    alone = NO_EXPOSURE - np.arange(len(points))
    return np.where(points.exposure == NO_EXPOSURE, alone, points.exposure), series
