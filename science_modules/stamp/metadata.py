"""The fields of a packet that the default classifier reads: what the survey measured of this source, and what lies near it.

Not among them, on purpose: real-bogus scores (another network's opinion), numbers of detections and visits (they age with
the survey, and tell first alerts from later ones), dates, right ascension, declination and field (the footprint of the
labels), zero points and colour terms (they age).
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch

Floats = NDArray[np.float64]

FIELDS = (
    *("magpsf", "sigmapsf", "chipsf", "magap", "sigmagap", "magdiff", "diffmaglim", "scorr"),
    *("fwhm", "classtar", "seeratio", "aimage", "bimage", "elong", "sumrat", "nneg", "dsnrms", "ssnrms"),
    *("distnr", "magnr", "sigmagnr", "chinr", "sharpnr", "neargaia", "maggaia"),
    *("sgscore1", "distpsnr1", "sgscore2", "distpsnr2", "sgscore3", "distpsnr3"),
    *("sgmag1", "srmag1", "simag1", "szmag1"),
)
_DERIVED = (
    *("positive", "abs_gal_b", "abs_ecl_lat", "g_r_1", "r_i_1", "i_z_1"),
    *("magpsf_magnr", "magpsf_r1", "magap_magpsf", "magnr_r1", "gaia_magnr", "depth"),
)
NAMES = (*FIELDS, *_DERIVED)
NONE_FOUND = -998.0  # the survey writes -999 where it found nothing


def metadata(batch: AlertBatch) -> Floats:
    """The numbers of NAMES for every alert.

    Parameters
    ----------
    batch : AlertBatch
        With `candidate.<field>` for FIELDS, `is_positive`, `gal_b`, `ecl_lat`.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        NaN where the survey found nothing or the packet says nothing. Magnitudes, pixels, arcsec and degrees as the
        survey has them; coordinates as distances from the Galactic plane and the ecliptic.
    """
    value = {name: _found(batch[f"candidate.{name}"]) for name in FIELDS}
    columns = [*value.values(), *_derived(batch, value)]
    return np.stack(columns, axis=1)


def _derived(batch: AlertBatch, value: dict[str, Floats]) -> list[Floats]:
    bands = [value[f"s{band}mag1"] for band in "griz"]
    reference, magnitude = value["magnr"], value["magpsf"]
    return [
        np.asarray(batch["is_positive"], np.float64),
        np.abs(np.asarray(batch["gal_b"], np.float64)),
        np.abs(np.asarray(batch["ecl_lat"], np.float64)),
        *(blue - red for blue, red in pairwise(bands)),
        magnitude - reference,
        magnitude - bands[1],
        value["magap"] - magnitude,
        reference - bands[1],
        value["maggaia"] - reference,
        value["diffmaglim"] - magnitude,
    ]


def _found(column: NDArray[np.generic]) -> Floats:
    values = np.asarray(column, np.float64)
    return np.where(values > NONE_FOUND, values, np.nan)
