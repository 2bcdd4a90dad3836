"""What a candidate has beyond its history's fields: catalogue neighbours, the survey's counts, the reference image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.measurements import Columns
from jobs.simulation.objects import SimulatedObject
from jobs.simulation.observing import JD_OF_NIGHT_ID_ZERO
from jobs.simulation.sky import Sources
from science_modules.common.photometry import error_of_limit

_MISSING = -999.0
_PS1_RADIUS_ARCSEC = 30.0
_PS1_BANDS = {"sg": 0.5, "sr": 0.0, "si": -0.2, "sz": -0.3}  # colour relative to r
_GAIA_RADIUS_ARCSEC = 90.0
# Detections more than 30 days old, in the median: a supernova is new, a variable star is found every night.
_OLD_DETECTIONS = {"variable_star": 60.0, "agn": 20.0}


def candidate(simulated: SimulatedObject, columns: Columns, visit: int) -> dict[str, Any]:
    """All 103 fields of the candidate at a visit, given the history's fields of all visits.

    Parameters
    ----------
    simulated : SimulatedObject
    columns : dict of str to list
        What `history_columns` gives of it.
    visit : int
        Number of the visit that makes the alert, from 0.
    """
    rng = simulated.generator(4, visit)
    fixed = simulated.generator(5)  # the same for all alerts of the object
    return {
        **{name: values[visit] for name, values in columns.items()},
        **_counts(simulated, visit, fixed),
        **_reference_image(simulated, visit, fixed),
        **_ps1(simulated.sources, fixed),
        **_gaia(simulated.sources, fixed),
        **_solar_system(simulated, fixed),
        **_image_quality(simulated, visit, rng),
        "drb": _deep_real_bogus(simulated.kind, rng),
        "drbversion": "simulated",
        "tooflag": 0,
    }


def _counts(simulated: SimulatedObject, visit: int, rng: np.random.Generator) -> dict[str, Any]:
    seen = np.flatnonzero(simulated.detected[: visit + 1])
    median = _OLD_DETECTIONS.get(simulated.kind, 0.0)
    older = int(rng.lognormal(np.log(median), 1.2)) if median else 0
    start = float(simulated.visits.jd[seen[0]])
    age = rng.uniform(31, 2000)
    return {
        "ndethist": len(seen) + older,
        "ncovhist": len(seen) + older + visit + 1 + int(rng.lognormal(np.log(500), 0.9)),
        "jdstarthist": float(simulated.visits.jd[-1]) - age if older else start,
        "jdendhist": float(simulated.visits.jd[visit]),
    }


def _reference_image(simulated: SimulatedObject, visit: int, rng: np.random.Generator) -> dict[str, Any]:
    start = JD_OF_NIGHT_ID_ZERO + rng.uniform(400, 700)
    fid = int(simulated.visits.fid[visit])
    return {
        "rfid": simulated.field * 1_000_000 + 120_000 + fid * 100 + simulated.rcid,
        "jdstartref": start,
        "jdendref": start + rng.uniform(30, 200),
        "nframesref": int(rng.choice([15, 15, 15, 20, 32, 40])),
    }


def _ps1(sources: Sources, rng: np.random.Generator) -> dict[str, Any]:
    order = np.argsort(sources.distance, kind="stable")
    near = sources.select(order[sources.distance[order] < _PS1_RADIUS_ARCSEC])
    n = len(near.mag)
    star_like = np.where(near.radius > 0, rng.beta(0.3, 5, n), rng.beta(8, 0.3, n))
    score = np.where(near.mag > 21.3, 0.5, star_like)
    ids = rng.integers(75 * 10**15, 210 * 10**15, n)
    blank = rng.uniform(size=(n, len(_PS1_BANDS))) < np.where(near.mag > 20, 0.35, 0.03)[:, None]
    fields: dict[str, Any] = {"nmtchps": n}
    for i in range(3):
        fields |= _ps1_neighbour(near, i, score, ids, blank) if i < n else _ps1_nothing(i)
    return fields


def _ps1_neighbour(
    near: Sources, i: int, score: NDArray[np.float64], ids: NDArray[np.int64], blank: NDArray[np.bool_]
) -> dict[str, Any]:
    mags = {
        f"{band}mag{i + 1}": _MISSING if blank[i, j] else float(near.mag[i] + colour)
        for j, (band, colour) in enumerate(_PS1_BANDS.items())
    }
    found = {f"sgscore{i + 1}": float(score[i]), f"distpsnr{i + 1}": float(near.distance[i])}
    return mags | found | {f"objectidps{i + 1}": int(ids[i])}


def _ps1_nothing(i: int) -> dict[str, Any]:
    names = [f"{band}mag" for band in _PS1_BANDS] + ["sgscore", "distpsnr"]
    return {f"{name}{i + 1}": _MISSING for name in names} | {f"objectidps{i + 1}": -999}


def _gaia(sources: Sources, rng: np.random.Generator) -> dict[str, Any]:
    stars = sources.select(sources.radius == 0)
    nearest = _nearest(stars.select(stars.mag < 20.5))
    bright = _nearest(stars.select(stars.mag < 14.0))
    return {"neargaia": nearest[0], "maggaia": nearest[1], "neargaiabright": bright[0], "maggaiabright": bright[1]}


def _nearest(stars: Sources) -> tuple[float, float]:
    if not len(stars.mag) or stars.distance.min() > _GAIA_RADIUS_ARCSEC:
        return _MISSING, _MISSING
    i = int(np.argmin(stars.distance))
    return float(stars.distance[i]), float(stars.mag[i])


def _solar_system(simulated: SimulatedObject, rng: np.random.Generator) -> dict[str, Any]:
    """A known asteroid's number where one is near: on most asteroids, and by chance beside other alerts."""
    chance, number = rng.uniform(), str(int(rng.integers(1, 600_000)))
    mag = round(simulated.model.mag + rng.normal(0, 0.3), 1)
    if simulated.kind == "asteroid" and chance < 0.9:
        return {"ssdistnr": float(round(abs(rng.normal(0, 0.6)))), "ssmagnr": mag, "ssnamenr": number}
    if simulated.kind != "asteroid" and chance < 0.01:
        return {"ssdistnr": float(rng.integers(6, 30)), "ssmagnr": mag, "ssnamenr": number}
    return {"ssdistnr": _MISSING, "ssmagnr": _MISSING, "ssnamenr": "null"}


def _image_quality(simulated: SimulatedObject, visit: int, rng: np.random.Generator) -> dict[str, Any]:
    zero_point = float(simulated.visits.zero_point[visit])
    noise = error_of_limit(float(simulated.visits.limit[visit]), zero_point) / 7.4
    unusual = rng.uniform()
    return {
        "dsnrms": noise * rng.lognormal(0.2, 0.2),
        "ssnrms": 1.1 * noise * rng.lognormal(0.2, 0.2),
        "dsdiff": -rng.lognormal(np.log(10), 0.8),
        "nmatches": int(rng.integers(150, 2200)),
        "zpclrcov": -rng.lognormal(np.log(1.4e-5), 0.8),
        "zpmed": zero_point + rng.normal(0.02, 0.03),
        "clrmed": rng.normal(0.64, 0.08),
        "clrrms": rng.normal(0.27, 0.04),
        "exptime": None if unusual < 0.004 else 240.0 if unusual < 0.014 else 30.0,
    }


def _deep_real_bogus(kind: str, rng: np.random.Generator) -> float:
    tail = float(10 ** -rng.uniform(1.2, 5.5))
    return tail if kind == "bogus" else 1 - tail
