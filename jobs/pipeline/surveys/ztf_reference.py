"""ZTF's reference image: the flux of the source itself, and whether the reference source is that source.

A difference magnitude says how much a source changed; with the reference source's flux added it says how bright it is
(ALeRCE's light-curve correction, Förster et al. 2021, AJ 161, 242). In fluxes the published formulae become a sum, and
their magnitude error times the flux becomes the difference noise itself.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.pipeline.surveys.history import first_of_each
from jobs.pipeline.surveys.ztf_points import DETECTION, Points, child
from science_modules.common.view import BANDS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SAME_SOURCE_PIXELS = 1.4
_SAME_SOURCE_ARCSEC = 1.4


@dataclass(frozen=True)
class Totals:
    """Reference plus difference, shape (n_points,).

    Attributes
    ----------
    flux, err, err_point : numpy.ndarray of float64
        [nJy], NaN where not corrected. `err` is the difference noise alone, right for an extended source; in
        `err_point` the reference's own noise, which the difference noise contains, is taken out again, right for an
        unresolved one; NaN where the reference noise is the larger.
    corrected, corrected_known : numpy.ndarray of bool
        The reference holds the same source; not known for upper limits and where no distance is given.
    """

    flux: Floats
    err: Floats
    err_point: Floats
    corrected: Flags
    corrected_known: Flags


def totals(points: Points) -> Totals:
    """The flux of the source itself where the nearest reference source lies within 1.4 pixels; never clipped."""
    near = (points.distance >= 0) & (points.distance < SAME_SOURCE_PIXELS)
    corrected = near & np.isfinite(points.reference)
    radicand = points.flux_err**2 - points.reference_err**2
    return Totals(
        flux=np.where(corrected, points.flux + points.reference, np.nan),
        err=np.where(corrected & np.isfinite(points.flux), points.flux_err, np.nan),
        err_point=np.where(corrected & (radicand >= 0), np.sqrt(np.abs(radicand)), np.nan),
        corrected=corrected,
        corrected_known=np.isfinite(points.distance),
    )


def dubious(points: Points, total: Totals) -> tuple[Flags, Flags]:
    """Detections whose sign or correction contradicts the object's first detection in the band, and where it is known.

    Parameters
    ----------
    points : Points
        Sorted by owner, then by time.
    total : Totals
        Of these points.

    Returns
    -------
    dubious, known : numpy.ndarray of bool, shape (n_points,)
        Not known for upper limits and forced points, which are no detections.
    """
    found = np.flatnonzero(points.kind == DETECTION)
    first, group = first_of_each(points.owner[found] * (len(BANDS) + 1) + points.band[found] + 1)
    first = found[first][group]
    alone_negative = ~total.corrected[found] & (points.flux[found] < 0)
    value, known = (np.zeros(len(points.owner), dtype=bool), np.zeros(len(points.owner), dtype=bool))
    value[found] = alone_negative | (total.corrected[found] != total.corrected[first])
    known[found] = total.corrected_known[found] & total.corrected_known[first] & np.isfinite(points.flux[found])
    return value, known


def stellar(candidate: pa.StructArray) -> pa.BooleanArray:
    """Whether the reference source looks like a star: by Pan-STARRS where it has the source, else by its own shape.

    Within 1.4 of the reference source (pixels) and of the Pan-STARRS source (arcsec): sgscore1 > 0.4. Without a
    Pan-STARRS source: chinr < 2 and -0.13 < sharpnr < 0.1. NULL where a value that decides is missing.
    """
    chinr, sharpnr, sgscore1 = (_without_sentinel(candidate, name) for name in ("chinr", "sharpnr", "sgscore1"))
    near_ztf = _near(candidate, "distnr", SAME_SOURCE_PIXELS)
    near_ps1 = _near(candidate, "distpsnr1", _SAME_SOURCE_ARCSEC)
    star_in_ps1 = pc.and_kleene(near_ps1, pc.greater(sgscore1, 0.4))
    sharp = pc.and_kleene(pc.greater(sharpnr, -0.13), pc.less(sharpnr, 0.1))
    star_in_ztf = pc.and_kleene(pc.and_kleene(pc.invert(near_ps1), pc.less(chinr, 2.0)), sharp)
    return pc.and_kleene(near_ztf, pc.or_kleene(star_in_ps1, star_in_ztf))


def _near(candidate: pa.StructArray, name: str, limit: float) -> pa.BooleanArray:
    distance = _without_nan(candidate, name)  # -999: nothing there, so not near
    return pc.and_(pc.greater_equal(distance, 0.0), pc.less(distance, limit))


def _without_nan(candidate: pa.StructArray, name: str) -> pa.DoubleArray:
    values = pc.cast(child(candidate, name), pa.float64())
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)


def _without_sentinel(candidate: pa.StructArray, name: str) -> pa.DoubleArray:
    values = _without_nan(candidate, name)
    return pc.if_else(pc.less_equal(values, -999.0), pa.scalar(None, pa.float64()), values)
