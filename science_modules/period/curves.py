"""What the period search is given: the points of an alert with a flux, band by band."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.light_curves import LightCurves
from science_modules.common.view import LC_KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_IN_BAND = 9  # three points for each of the three parameters of a sinusoid
# Of the scatter in a band, added to the errors: no star is a Fourier series of few terms to better than a tenth of its
# variation, and without it the brightest points alone would choose the period.
MODEL_ERROR = 0.1


@dataclass(frozen=True)
class Curve:
    """The points of one object that a period is looked for in, band after band, each ascending in time.

    Attributes
    ----------
    starts : numpy.ndarray of int64, shape (n_bands + 1,)
        Band b owns the points starts[b]:starts[b + 1], MIN_IN_BAND at least.
    codes : numpy.ndarray of int8, shape (n_bands,)
        Which bands, as `LightCurves.band`.
    time : numpy.ndarray of float64, shape (n_points,)
        Days since the first point.
    flux, weight : numpy.ndarray of float64, shape (n_points,)
        Flux less its weighted mean in the band, in units of the band's scatter; one over the square of the error, of
        which MODEL_ERROR is a part.
    scatter : numpy.ndarray of float64, shape (n_bands,)
        Weighted standard deviation of the flux [nJy].
    """

    starts: Ints
    codes: NDArray[np.int8]
    time: Floats
    flux: Floats
    weight: Floats
    scatter: Floats

    def __len__(self) -> int:
        return len(self.time)

    @property
    def span(self) -> float:
        """Last less first time [d]; 0 without points."""
        return float(self.time.max()) if len(self) else 0.0

    @property
    def chi2(self) -> float:
        """About the bands' means."""
        return float(np.sum(self.weight * self.flux**2))

    def bands(self) -> list[slice]:
        """The points of each band."""
        return [slice(low, high) for low, high in zip(self.starts[:-1], self.starts[1:], strict=True)]


def curves(batch: AlertBatch) -> list[Curve]:
    """One curve per alert: detections and forced points, of the source itself if the alert is corrected, else of the difference.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve` and `corrected`.
    """
    points = batch.light_curves
    total = (batch["corrected"] == 1)[points.owner]
    flux = np.where(total, points.flux_total, points.flux)
    error = np.where(total, points.flux_total_err, points.flux_err)
    usable = _usable(points, flux, error)
    parts = [low + np.flatnonzero(usable[low:high]) for low, high in pairwise(points.offsets)]
    return [_curve(points, flux, error, own) for own in parts]


def _usable(points: LightCurves, flux: Floats, error: Floats) -> NDArray[np.bool_]:
    measured = np.isin(points.kind, [LC_KINDS.index("detection"), LC_KINDS.index("forced")]) & (points.band != -1)
    known = np.isfinite(points.mjd) & np.isfinite(flux) & np.isfinite(error)
    return np.asarray(measured & known & (error > 0))


def _curve(points: LightCurves, flux: Floats, error: Floats, own: Ints) -> Curve:
    codes, counts = np.unique(points.band[own], return_counts=True)
    codes = codes[counts >= MIN_IN_BAND]
    parts = [own[points.band[own] == code] for code in codes]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    chosen = np.concatenate([own[:0], *parts])
    time = points.mjd[chosen]
    scaled = [_scaled(flux[part], error[part]) for part in parts]
    relative, weight = (np.concatenate([flux[:0], *(each[k] for each in scaled)]) for k in (0, 1))
    scatter = np.array([each[2] for each in scaled], np.float64)
    return Curve(starts, codes, time - time.min(initial=np.inf), relative, weight, scatter)


def _scaled(flux: Floats, error: Floats) -> tuple[Floats, Floats, float]:
    """Centred flux in units of the scatter, weights, and the scatter; a band without a sound scatter has weight 0."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        flux = flux - _mean(flux, error**-2)
        scatter = float(np.sqrt(_mean(flux**2, error**-2)))
    if not 0 < scatter < np.inf:
        return np.zeros_like(flux), np.zeros_like(flux), 0.0
    relative = flux / scatter
    weight = 1 / ((error / scatter) ** 2 + MODEL_ERROR**2)
    return relative - _mean(relative, weight), weight, scatter


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.sum(weight * values) / np.sum(weight))
