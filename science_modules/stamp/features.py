"""The 26 metadata features of the published network, in its order, with its clips (Carrasco-Davis et al. 2021, table 2)."""

import astropy.units as u
import numpy as np
from astropy.coordinates import BarycentricTrueEcliptic, Galactic, SkyCoord
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch

Floats = NDArray[np.float64]

# Lower and upper bound of a feature; the survey's -999 for nothing found becomes -1.
CLIPS = {
    **dict.fromkeys(("sgscore1", "distpsnr1", "sgscore2", "distpsnr2", "sgscore3", "distpsnr3"), (-1.0, np.inf)),
    "fwhm": (-np.inf, 10.0),
    "distnr": (-1.0, np.inf),
    "ndethist": (-np.inf, 20.0),
    "ncovhist": (-np.inf, 3000.0),
    "non_detections": (-np.inf, 2000.0),
    "chinr": (-1.0, 15.0),
    "sharpnr": (-1.0, 1.5),
}
NAMES = (
    *("sgscore1", "distpsnr1", "sgscore2", "distpsnr2", "sgscore3", "distpsnr3", "isdiffpos", "fwhm", "magpsf"),
    *("sigmapsf", "ra", "dec", "diffmaglim", "rb", "distnr", "magnr", "classtar", "ndethist", "ncovhist"),
    *("ecl_lat", "ecl_long", "gal_lat", "gal_long", "non_detections", "chinr", "sharpnr"),
)
_MADE_HERE = ("isdiffpos", "ecl_lat", "ecl_long", "gal_lat", "gal_long", "non_detections")


def published_features(batch: AlertBatch) -> Floats:
    """The 26 features, clipped, not scaled: the network's first layer does that.

    Parameters
    ----------
    batch : AlertBatch
        With `is_positive` and the candidate fields of NAMES.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 26)
        NaN where the packet says nothing. isdiffpos is 1 for a *negative* difference, as published; coordinates in
        degrees, ecliptic ones of the barycentre and true equinox J2000.
    """
    value = {name: np.asarray(batch[f"candidate.{name}"], np.float64) for name in NAMES if name not in _MADE_HERE}
    value["isdiffpos"] = 1.0 - np.asarray(batch["is_positive"], np.float64)
    value["non_detections"] = value["ncovhist"] - value["ndethist"]
    value |= _coordinates(value["ra"], value["dec"])
    return np.stack([np.clip(value[name], *CLIPS.get(name, (-np.inf, np.inf))) for name in NAMES], axis=1)


def _coordinates(ra: Floats, dec: Floats) -> dict[str, Floats]:
    known = np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90)
    found = {name: np.full(len(ra), np.nan) for name in _MADE_HERE[1:5]}
    if known.any():
        place = SkyCoord(ra[known] * u.deg, dec[known] * u.deg)
        ecliptic, galactic = place.transform_to(BarycentricTrueEcliptic()), place.transform_to(Galactic())
        found["ecl_lat"][known], found["ecl_long"][known] = ecliptic.lat.deg, ecliptic.lon.deg
        found["gal_lat"][known], found["gal_long"][known] = galactic.b.deg, galactic.l.deg
    return found
