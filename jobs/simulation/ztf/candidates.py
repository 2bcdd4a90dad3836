"""What a candidate has beyond its history's fields: the reference, neighbours, counts, known asteroids, scores."""

import numpy as np

from jobs.simulation.visits.chance import uniform
from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, Alerted
from jobs.simulation.ztf.cutouts import band_magnitude
from jobs.simulation.ztf.exposures import MJD_TO_JD, Columns
from jobs.simulation.ztf.neighbours import (
    MISSING,
    REFERENCE_LIMIT,
    gaia_fields,
    nearest,
    point_magnitude,
    ps1_fields,
)
from science_modules.common.photometry import magnitude_of_flux

_LASTING = ("periodic", "stochastic")
_LASTING_REMAINS = 0.2  # of the artefacts that come again, those that did before the history, too: 27 beside real stars


def candidate_columns(alerted: Alerted, exposures: Columns, detections: Columns) -> Columns:
    """Columns of n candidates that no history has.

    Parameters
    ----------
    alerted : Alerted
    exposures, detections : dict of str to numpy.ndarray, shape (m,)
        As module `exposures` gives them.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n,)
    """
    rng = alerted.curves.population.block.generator("candidates")
    n = len(alerted)
    jd = alerted.of_visits(exposures["jd"])
    drawn = {name: alerted.of_visits(values) for name, values in alerted.detections.items()}
    return {
        **ps1_fields(rng, alerted.listed, n),
        **gaia_fields(rng, alerted.sources, n),
        **_counts(alerted, exposures["jd"]),
        **_reference_image(alerted),
        **_solar_system(alerted, rng),
        "dsnrms": 10 ** drawn["log_dsnrms"],
        "ssnrms": 10 ** drawn["log_ssnrms"],
        "dsdiff": -(10 ** drawn["log_dsdiff"]),
        "jdendhist": jd,
        "drb": drawn["drb"],
        "drbversion": np.full(n, b"simulated"),
        "tooflag": np.zeros(n, dtype=np.int64),
    }


def reference_columns(alerted: Alerted) -> Columns:
    """The nearest source of the reference image of n alerts.

    Parameters
    ----------
    alerted : Alerted

    Notes
    -----
    Its catalogue is followed to 22.9; nearest sources of alerts without one are 15 px away at the limit.
    """
    sources, n = alerted.listed, len(alerted)
    index, has = nearest(sources, n, sources.mag < REFERENCE_LIMIT + 0.25)
    index = np.where(has, index, 0)
    mag = point_magnitude(sources) + band_magnitude(sources, alerted) - sources.mag
    east, north = np.where(has, sources.east[index], 15.0 * PIXEL_ARCSEC), np.where(has, sources.north[index], 0.0)
    ra, dec = alerted.curves.population.ra[alerted.object], alerted.curves.population.dec[alerted.object]
    drawn = {name: alerted.of_visits(values) for name, values in alerted.detections.items()}
    return {
        "distnr": np.hypot(east, north) / PIXEL_ARCSEC,
        "magnr": np.where(has, np.minimum(mag[index], 23.4), 23.0),
        "sigmagnr": 10 ** drawn["log_sigmagnr"],
        "chinr": 10 ** drawn["log_chinr"],
        "sharpnr": drawn["sharpnr"],
        "ranr": (ra + east / 3600 / np.cos(np.radians(dec))) % 360,
        "decnr": dec + north / 3600,
    }


def _counts(alerted: Alerted, jd: np.ndarray) -> Columns:
    """Detections and visits since the survey began: those before the history by the history's own share."""
    curves = alerted.curves
    population, epochs = curves.population, curves.epochs
    owner, start = alerted.object, epochs.start[alerted.object]
    seen = np.concatenate([[0], np.cumsum(curves.detected)])
    recent, looks = seen[alerted.visit + 1] - seen[start], alerted.visit + 1 - start
    first = curves.epochs.mjd[start]
    earlier = curves.survey.earlier(population.block.seed, population.ra[owner], population.dec[owner], first)
    lasting = _lasting(alerted)[owner]
    # The same field and channel: other programmes' and overlapping fields' visits count in ncovhist only
    older = np.where(lasting, np.round(0.4 * earlier * recent / looks), 0).astype(np.int64)
    first_seen = _first_detection(alerted, jd)
    age = population.block.generator("age").uniform(0.8, 1.0, len(population.number))[owner]
    began = jd[alerted.visit] - age * (first - curves.survey.start) - 31
    return {
        "ndethist": older + recent,
        "ncovhist": np.maximum(earlier + looks, older + recent),
        "jdstarthist": np.where(older > 0, np.minimum(began, first_seen), first_seen),
    }


def _lasting(alerted: Alerted) -> np.ndarray:
    """Whether each object was there long before the history."""
    population = alerted.curves.population
    if population.kind.branch == "bogus" and not population.kind.once:
        return uniform(population.block.seed, "lasting remains", population.number) < _LASTING_REMAINS
    return np.full(len(population.number), population.kind.branch in _LASTING and not population.kind.once)


def _first_detection(alerted: Alerted, jd: np.ndarray) -> np.ndarray:
    curves = alerted.curves
    times = np.where(curves.detected, jd, np.inf)
    earliest = np.minimum.reduceat(np.append(times, np.inf), np.minimum(curves.epochs.start[:-1], len(times)))
    return np.asarray(earliest[alerted.object])


def _reference_image(alerted: Alerted) -> Columns:
    population = alerted.curves.population
    owner, band = alerted.object, alerted.band
    references = alerted.curves.survey.references(population.block.seed, population.ra[owner], population.dec[owner])
    row = np.arange(len(owner))
    conditions = alerted.curves.conditions
    field, channel = alerted.of_visits(conditions.field), alerted.of_visits(conditions.detector)
    fid = np.array([0, 1, 2, 3, 0, 0])[band]
    return {
        "rfid": field * 1_000_000 + 120_000 + fid * 100 + channel,
        "jdstartref": references.first[row, band] + MJD_TO_JD,
        "jdendref": references.last[row, band] + MJD_TO_JD,
        "nframesref": references.frames[row, band],
    }


def _solar_system(alerted: Alerted, rng: np.random.Generator) -> Columns:
    """The number of a known asteroid on most asteroids, and by chance beside other alerts."""
    population, n = alerted.curves.population, len(alerted)
    moving = population.kind.branch == "moving"
    known = population.parameters["known"][alerted.object] > 0 if moving else rng.uniform(size=n) < 0.01
    distance = np.round(np.abs(rng.normal(0, 0.6, n))) if moving else rng.integers(6, 30, n).astype(float)
    mag = magnitude_of_flux(np.maximum(np.abs(alerted.of_visits(alerted.curves.flux)), 1e-3))
    number = rng.integers(1, 600_000, n)
    names = np.array(
        [str(value) if has else "null" for value, has in zip(number.tolist(), known, strict=True)], dtype=object
    )
    return {
        "ssdistnr": np.where(known, distance, MISSING),
        "ssmagnr": np.where(known, np.round(mag + rng.normal(0, 0.3, n), 1), MISSING),
        "ssnamenr": names,
    }
