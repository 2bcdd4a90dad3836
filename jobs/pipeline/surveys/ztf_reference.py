"""ZTF's reference image: the flux of the source itself, and whether the reference source is that source.

A difference magnitude says how much a source changed; with the reference source's flux added it says how bright it is
(ALeRCE's light-curve correction, Förster et al. 2021, AJ 161, 242). In fluxes the published formulae become a sum, and
their magnitude error times the flux becomes the difference noise itself.
"""

from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.surveys.fields import child, errors, magnitudes, numbers
from jobs.pipeline.surveys.points import Bools, Floats
from science_modules.common.photometry import flux_error, flux_of_magnitude

SAME_SOURCE_PIXELS = 1.4
_SAME_SOURCE_ARCSEC = 1.4


def reference_of(rows: pa.StructArray) -> tuple[Floats, Floats]:
    """Flux of the nearest source of the reference image, and its error.

    Parameters
    ----------
    rows : pyarrow.StructArray, length n_points
        With `magnr` and `sigmagnr`.

    Returns
    -------
    flux, flux_err : numpy.ndarray of float64, shape (n_points,)
        In [nJy]; NaN where there is none.
    """
    flux = flux_of_magnitude(magnitudes(child(rows, "magnr")))
    return flux, flux_error(flux, errors(child(rows, "sigmagnr")))


class Totals(TypedDict):
    """Those of the arrays of `Points` that speak of the reference image."""

    flux_total: Floats
    flux_total_err: Floats
    flux_total_err_point: Floats
    same_source: Bools
    same_source_known: Bools


def totals(flux: Floats, flux_err: Floats, distance: Floats, reference: Floats, reference_err: Floats) -> Totals:
    """The flux of the source itself where the nearest reference source lies within 1.4 pixels; never clipped.

    Parameters
    ----------
    flux, flux_err, reference, reference_err : numpy.ndarray of float64, shape (n_points,)
        Of the difference and of the reference source [nJy].
    distance : numpy.ndarray of float64, shape (n_points,)
        To that source [ZTF pixels, 1.01 arcsec]; negative if there is none.

    Returns
    -------
    Totals
        `flux_total_err` is the difference noise alone, right for an extended source; in `flux_total_err_point` the
        reference's own noise, which the difference noise contains, is taken out again, right for an unresolved one; NaN
        where the reference noise is the larger.
    """
    same = (distance >= 0) & (distance < SAME_SOURCE_PIXELS) & np.isfinite(reference)
    radicand = flux_err**2 - reference_err**2
    return {
        "flux_total": np.where(same, flux + reference, np.nan),
        "flux_total_err": np.where(same & np.isfinite(flux), flux_err, np.nan),
        "flux_total_err_point": np.where(same & (radicand >= 0), np.sqrt(np.abs(radicand)), np.nan),
        "same_source": same,
        "same_source_known": np.isfinite(distance),
    }


def stellar(candidate: pa.StructArray) -> pa.BooleanArray:
    """Whether the reference source looks like a star: by Pan-STARRS where it has the source, else by its own shape.

    Within 1.4 of the reference source (pixels) and of the Pan-STARRS source (arcsec): sgscore1 > 0.4. Without a
    Pan-STARRS source: chinr < 2 and -0.13 < sharpnr < 0.1. NULL where a value that decides is missing.

    Parameters
    ----------
    candidate : pyarrow.StructArray, length n
        Of type ztf_fields.CANDIDATE.
    """
    chinr, sharpnr, sgscore1 = (_without_sentinel(candidate, name) for name in ("chinr", "sharpnr", "sgscore1"))
    near_ztf = _near(candidate, "distnr", SAME_SOURCE_PIXELS)
    near_ps1 = _near(candidate, "distpsnr1", _SAME_SOURCE_ARCSEC)
    star_in_ps1 = pc.and_kleene(near_ps1, pc.greater(sgscore1, 0.4))
    sharp = pc.and_kleene(pc.greater(sharpnr, -0.13), pc.less(sharpnr, 0.1))
    star_in_ztf = pc.and_kleene(pc.and_kleene(pc.invert(near_ps1), pc.less(chinr, 2.0)), sharp)
    return pc.and_kleene(near_ztf, pc.or_kleene(star_in_ps1, star_in_ztf))


def _near(candidate: pa.StructArray, name: str, limit: float) -> pa.BooleanArray:
    distance = _known(candidate, name)  # -999: nothing there, so not near
    return pc.and_(pc.greater_equal(distance, 0.0), pc.less(distance, limit))


def _known(candidate: pa.StructArray, name: str) -> pa.DoubleArray:
    return pa.array(numbers(child(candidate, name)), from_pandas=True)


def _without_sentinel(candidate: pa.StructArray, name: str) -> pa.DoubleArray:
    values = _known(candidate, name)
    return pc.if_else(pc.less_equal(values, -999.0), pa.scalar(None, pa.float64()), values)
