"""The record diaObject: what the detections that a packet holds say together, per band.

Means are weighted by 1 / error^2, Sigma is the sample's standard deviation, MaxSlope the steepest rise from one detection
to the next [nJy/d]: recomputed from a real packet of 94 points to all its digits. Real packets fill the alert's own band
and never the forced means, nor the times of the first and last detection; here all bands are filled, the others are null
as they are there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.avro_rows import Columns
from jobs.simulation.epochs import Ints
from jobs.simulation.lsst.points import Points
from jobs.simulation.lsst.schema import BANDS
from jobs.simulation.object_class import Floats


@dataclass(frozen=True)
class Spans:
    """The detections that each of a alerts has, its own last.

    Attributes
    ----------
    first, last : numpy.ndarray of int64, shape (a,)
        Places in the Points; `last` is the alert itself.
    earlier : numpy.ndarray of int64, shape (a,)
        Detections of the object before `first`, too old for the packet.
    """

    first: Ints
    last: Ints
    earlier: Ints

    @property
    def many(self) -> Ints:
        """How many detections each alert has, shape (a,)."""
        return self.last - self.first + 1

    def members(self) -> tuple[Ints, Ints]:
        """The alert and the place of every detection, alert after alert, both of shape (many.sum(),)."""
        many = self.many
        owner = np.repeat(np.arange(len(many)), many)
        begin = np.cumsum(many) - many
        return owner, np.arange(many.sum()) - np.repeat(begin - self.first, many)


def object_columns(points: Points, spans: Spans, object_id: Ints) -> Columns:
    """The fields of a diaObject for each alert.

    Parameters
    ----------
    points : Points
        Detections, each object's in order of time.
    spans : Spans
        Of a alerts.
    object_id : numpy.ndarray of int64, shape (a,)

    Returns
    -------
    mapping
        Of schema.DIA_OBJECT; NaN for null.
    """
    owner, member = spans.members()
    values = _astrometry(points, spans, owner, member)
    for code, band in enumerate(BANDS):
        chosen = points.band[member] == code
        values |= _of_band(band, points, owner[chosen], member[chosen], len(object_id))
    return {**values, "diaObjectId": object_id, "nDiaSources": spans.earlier + spans.many}


def _astrometry(points: Points, spans: Spans, owner: Ints, member: Ints) -> dict[str, NDArray[Any]]:
    """The mean position; an object near right ascension 0 is averaged about its first detection."""
    n = len(spans.last)
    weight = 1 / (points.centroid_err[member] / 3600) ** 2
    total = np.bincount(owner, weight, n)
    ra, dec = points.position
    start = ra[spans.first]
    east = (ra[member] - start[owner] + 180) % 360 - 180
    error = 1 / np.sqrt(total)
    return {
        "validityStartMjdTai": points.mjd[spans.last] + 0.002,
        "ra": (start + np.bincount(owner, weight * east, n) / total) % 360,
        "dec": np.bincount(owner, weight * dec[member], n) / total,
        "raErr": error,
        "decErr": error,
        "ra_dec_Cov": np.zeros(n),
    }


def _of_band(band: str, points: Points, owner: Ints, member: Ints, n: int) -> dict[str, NDArray[Any]]:
    many = np.bincount(owner, minlength=n)
    flux, error = points.flux[member], points.flux_err[member]
    mean, mean_err = _weighted(owner, flux, error, n)
    science, science_err = _weighted(owner, points.science[member], points.science_err[member], n)
    return {
        f"{band}_psfFluxNdata": many,
        f"{band}_psfFluxMean": mean,
        f"{band}_psfFluxMeanErr": mean_err,
        f"{band}_psfFluxSigma": _sigma(owner, flux, many),
        f"{band}_psfFluxMin": -_largest(owner, -flux, n),
        f"{band}_psfFluxMax": _largest(owner, flux, n),
        f"{band}_psfFluxMaxSlope": _slope(owner, flux, points.mjd[member], n),
        f"{band}_psfFluxErrMean": _mean(owner, error, many),
        f"{band}_scienceFluxMean": science,
        f"{band}_scienceFluxMeanErr": science_err,
    }


def _weighted(owner: Ints, values: Floats, error: Floats, n: int) -> tuple[Floats, Floats]:
    total = _none_for_zero(np.bincount(owner, error**-2.0, n))
    return np.bincount(owner, values * error**-2.0, n) / total, 1 / np.sqrt(total)


def _mean(owner: Ints, values: Floats, many: Ints) -> Floats:
    return np.asarray(np.bincount(owner, values, len(many)) / _none_for_zero(many))


def _sigma(owner: Ints, values: Floats, many: Ints) -> Floats:
    apart = values - _mean(owner, values, many)[owner]
    return np.asarray(np.sqrt(np.bincount(owner, apart**2, len(many)) / _none_for_zero(np.maximum(many - 1, 0))))


def _none_for_zero(values: NDArray[Any]) -> Floats:
    return np.where(values > 0, values, np.nan)


def _largest(owner: Ints, values: Floats, n: int) -> Floats:
    found = np.full(n, -np.inf)
    np.maximum.at(found, owner, values)
    return np.where(np.isinf(found), np.nan, found)


def _slope(owner: Ints, flux: Floats, mjd: Floats, n: int) -> Floats:
    same = owner[1:] == owner[:-1]
    return _largest(owner[1:][same], (np.diff(flux)[same] / np.diff(mjd)[same]), n)
