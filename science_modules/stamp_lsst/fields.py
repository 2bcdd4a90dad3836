"""The fields of a Rubin packet that the classifier reads: what the survey measured of this source.

Not among them, on purpose: `reliability` (another classifier's opinion), numbers of detections, dates and places (they age,
or are the footprint of the labels), the association with a Solar-system object (a rule behind the answer), flags of pixels
and dipoles (the simulator sets them by the origin of an artefact, so trees that see them look at nothing else), and what tells
simulated from real alerts of one class: seeing, magnitude, trail, extendedness, elongation, footprint, error of the position.
"""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.photometry import magnitude_of_flux

Floats = NDArray[np.float64]

FIELDS = (
    *("snr", "psfFlux", "psfFluxErr", "psfChi2", "psfNdata", "apFlux", "scienceFlux", "templateFlux"),
    *("ixx", "iyy", "ixxPSF", "iyyPSF"),
)
NAMES = (
    *("snr", "positive", "template", "template_share", "template_mag", "science", "share_of_science", "aperture"),
    *("chi2", "size", "abs_gal_b"),
)
SNR = NAMES.index("snr")


def fields(batch: AlertBatch) -> Floats:
    """The numbers of NAMES for every alert.

    Parameters
    ----------
    batch : AlertBatch
        With `candidate.<field>` for FIELDS, `is_positive`, `gal_b`.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        NaN where the packet says nothing. Log of snr; fluxes of template and science in units of the error (arcsinh), of the
        difference (arcsinh), and as a magnitude; aperture over PSF flux; log of the reduced chi squared; size over that of
        the PSF; distance from the Galactic plane [deg].
    """
    value = {name: np.asarray(batch[f"candidate.{name}"], np.float64) for name in FIELDS}
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        columns = [*_fluxes(batch, value), *_shape(value)]
    found = np.stack([*columns, np.abs(np.asarray(batch["gal_b"], np.float64))], axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def _fluxes(batch: AlertBatch, value: dict[str, Floats]) -> list[Floats]:
    flux, error, template, science = (value[name] for name in ("psfFlux", "psfFluxErr", "templateFlux", "scienceFlux"))
    return [
        np.log(value["snr"]),
        np.asarray(batch["is_positive"], np.float64),
        np.arcsinh(template / error),
        np.arcsinh(template / np.abs(flux)),
        magnitude_of_flux(template),
        np.arcsinh(science / error),
        np.abs(flux) / np.maximum(np.abs(science), error),
        value["apFlux"] / flux,
    ]


def _shape(value: dict[str, Floats]) -> list[Floats]:
    return [
        np.log(value["psfChi2"] / value["psfNdata"]),
        np.sqrt((value["ixx"] + value["iyy"]) / (value["ixxPSF"] + value["iyyPSF"])),
    ]
