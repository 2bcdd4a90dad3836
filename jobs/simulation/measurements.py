"""What the survey's pipeline writes about each visit: the fields that a packet's history has."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.simulation import sky
from jobs.simulation.objects import SimulatedObject
from jobs.simulation.observing import JD_OF_NIGHT_ID_ZERO
from jobs.simulation.stamps import PIXEL_ARCSEC, edge_distance
from science_modules.common.photometry import MAG_OF_RELATIVE_ERROR, magnitude_of_flux

Columns = dict[str, list[Any]]
Floats = NDArray[np.float64]

REFERENCE_LIMIT = 22.8  # faintest source in a reference image's catalogue
# What an upper limit still has: the exposure, not a source in it.
_OF_THE_EXPOSURE = frozenset(
    ("jd", "fid", "pid", "diffmaglim", "pdiffimfilename", "programpi", "programid", "nid", "rcid", "field")
    + ("magzpsci", "magzpsciunc", "magzpscirms", "clrcoeff", "clrcounc", "rbversion")
)


def history_columns(simulated: SimulatedObject) -> Columns:
    """The history's fields of all visits, tonight's included, by field.

    Parameters
    ----------
    simulated : SimulatedObject

    Returns
    -------
    dict of str to list
        A value per visit; None where an upper limit has none.
    """
    rng = simulated.generator(3)
    columns = {
        **_exposure(simulated),
        **_identity(simulated, rng),
        **_photometry(simulated, rng),
        **_profile(simulated, rng),
        **_reference(simulated),
        **_solar_system(len(simulated.visits)),
        **_calibration(simulated, rng),
    }
    return {name: _without_limits(name, values, simulated.detected) for name, values in columns.items()}


def _without_limits(name: str, values: Any, detected: NDArray[np.bool_]) -> list[Any]:
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return list(plain) if name in _OF_THE_EXPOSURE else _where(detected, plain)


def _where(kept: NDArray[np.bool_], values: list[Any]) -> list[Any]:
    return [value if keep else None for value, keep in zip(values, kept.tolist(), strict=True)]


def _exposure(simulated: SimulatedObject) -> dict[str, Any]:
    visits = simulated.visits
    n = len(visits)
    since = visits.jd - JD_OF_NIGHT_ID_ZERO
    pid = np.floor(since * 1e5).astype(np.int64) * 10_000 + simulated.rcid * 100 + 15
    return {
        "jd": visits.jd,
        "fid": visits.fid,
        "pid": pid,
        "diffmaglim": visits.limit,
        "pdiffimfilename": [f"simulated_{number}_{simulated.field:06d}_scimrefdiffimg.fits" for number in pid.tolist()],
        "programpi": ["Simulated"] * n,
        "programid": [1] * n,
        "nid": np.floor(since).astype(np.int64),
        "rcid": [simulated.rcid] * n,
        "field": [simulated.field] * n,
        "rbversion": ["simulated"] * n,
    }


def _identity(simulated: SimulatedObject, rng: np.random.Generator) -> dict[str, Any]:
    n = len(simulated.visits)
    snr = np.abs(simulated.flux) / simulated.flux_err
    scatter = rng.normal(0, 1, (2, n)) * 2.3 * PIXEL_ARCSEC / (2.35 * snr)
    scatter[:, -simulated.n_tonight :] = 0  # the cutouts of tonight are centred on the object's own position
    ra, dec = sky.moved(simulated.ra, simulated.dec, *scatter)
    old_signs = (rng.uniform(size=n) < 0.04) & (np.arange(n) < n - simulated.n_tonight)
    signs = np.where(simulated.flux > 0, np.where(old_signs, "1", "t"), np.where(old_signs, "0", "f"))
    edge = edge_distance(simulated)
    return {
        "candid": [simulated.candid(visit) for visit in range(n)],
        "isdiffpos": signs,
        "tblid": rng.integers(0, 60, n),
        "ra": ra,
        "dec": dec,
        "xpos": rng.uniform(max(edge, 1), 3072 - edge, n),
        "ypos": [edge] * n,
        "mindtoedge": [edge] * n,
    }


def _photometry(simulated: SimulatedObject, rng: np.random.Generator) -> dict[str, Any]:
    n = len(simulated.visits)
    snr = np.abs(simulated.flux) / simulated.flux_err
    magpsf, sigmapsf = magnitude_of_flux(np.abs(simulated.flux), zero_point=0.0), MAG_OF_RELATIVE_ERROR / snr
    magap = magpsf + rng.normal(0.02, 1, n) * np.minimum(sigmapsf, 0.2)
    magapbig = magap + rng.normal(-0.02, 1, n) * np.minimum(sigmapsf, 0.2)
    bogus = simulated.kind == "bogus"
    return {
        "magpsf": magpsf,
        "sigmapsf": sigmapsf,
        "chipsf": rng.lognormal(np.log(12 if bogus else 2.0), 0.8 if bogus else 0.4, n),
        "magap": magap,
        "sigmagap": 1.05 * sigmapsf,
        "magapbig": magapbig,
        "sigmagapbig": 1.3 * sigmapsf,
        "magdiff": magap - magpsf,
        "magfromlim": simulated.visits.limit - magap,
        "scorr": snr,
        "rb": np.clip(rng.normal(0.45 if bogus else 0.78, 0.13, n), 0.02, 0.98),
    }


def _profile(simulated: SimulatedObject, rng: np.random.Generator) -> dict[str, Any]:
    n, bogus = len(simulated.visits), simulated.kind == "bogus"
    fwhm = np.clip(simulated.visits.fwhm * rng.lognormal(0.12, 0.25, n), 1.0, 7.0)  # SExtractor reads wider
    elong = 1 + rng.exponential(0.25 if bogus else 0.1, n)
    aimage = 0.36 * fwhm * np.sqrt(elong)
    sumrat = np.clip(rng.normal(0.75, 0.15, n), 0.4, 1.0) if bogus else np.clip(1 - rng.exponential(0.03, n), 0.4, 1)
    return {
        "sky": rng.normal(0, 0.8, n),
        "fwhm": fwhm,
        "classtar": np.clip(rng.beta(1.5, 1, n) if bogus else rng.beta(12, 0.6, n), 0, 1),
        "seeratio": np.clip(fwhm / simulated.visits.fwhm, 0.4, 2.0),
        "aimage": aimage,
        "bimage": aimage / elong,
        "aimagerat": aimage / fwhm,
        "bimagerat": aimage / elong / fwhm,
        "elong": elong,
        "nneg": rng.binomial(25, 0.24 if bogus else 0.1, n),
        "nbad": (rng.uniform(size=n) < (0.15 if bogus else 0.01)).astype(np.int64),
        "sumrat": sumrat,
    }


def _reference(simulated: SimulatedObject) -> dict[str, Any]:
    """The nearest source that the reference image's catalogue holds; surroundings reach so far that there is one."""
    sources, n = simulated.sources, len(simulated.visits)
    distance = np.where(sources.mag < REFERENCE_LIMIT, sources.distance, np.inf)
    nearest = int(np.argmin(distance))
    extended = bool(sources.radius[nearest] > 0)
    ra, dec = sky.moved(simulated.ra, simulated.dec, sources.east[nearest], sources.north[nearest])
    mag = float(sources.mag[nearest])
    constant = {
        "distnr": float(distance[nearest]) / PIXEL_ARCSEC,
        "magnr": mag,
        "sigmagnr": float(np.hypot(0.012, 0.2 * 10 ** (0.4 * (mag - 22.5)))),
        "chinr": 1.6 if extended else 0.7,
        "sharpnr": 0.25 if extended else -0.02,
        "ranr": float(ra),
        "decnr": float(dec),
    }
    return {name: [value] * n for name, value in constant.items()}


def _solar_system(n: int) -> dict[str, Any]:
    return {name: [None] * n for name in ("ssdistnr", "ssmagnr", "ssnamenr")}  # histories do not look it up


def _calibration(simulated: SimulatedObject, rng: np.random.Generator) -> dict[str, Any]:
    n = len(simulated.visits)
    known = rng.uniform(size=n) >= 0.08  # early processing left these null; never tonight's
    known[-simulated.n_tonight :] = True
    values = {
        "magzpsci": simulated.visits.zero_point,
        "magzpsciunc": rng.lognormal(np.log(1.2e-5), 0.8, n),
        "magzpscirms": rng.lognormal(np.log(0.04), 0.3, n),
        "clrcoeff": np.where(simulated.visits.fid == 1, -0.05, 0.09) + rng.normal(0, 0.01, n),
        "clrcounc": rng.lognormal(np.log(1.8e-5), 0.6, n),
    }
    return {name: _where(known, column.tolist()) for name, column in values.items()}
