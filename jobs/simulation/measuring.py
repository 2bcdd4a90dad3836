"""From objects and visits to light curves: what a survey's difference images give of a source."""

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import BANDS, Conditions, Epochs, Floats, Ints, in_visits
from jobs.simulation.extinction import PER_REDDENING
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.population import Population
from jobs.simulation.visits.chance import normal, uniform
from jobs.simulation.visits.survey import References, Survey
from science_modules.common.photometry import error_of_limit, flux_of_magnitude, flux_ratio

Bools = NDArray[np.bool_]

TRIGGER, LOWEST = 5.0, 3.7  # |S/N| from which a difference sends an alert, and from which a history may have it
_DAYS = 1e6  # more than any MJD
_FLOOR = (0.012, 0.02)  # relative error of a bright source, from object to object: Bellm et al. 2019 and alerts


def measure(
    population: Population, survey: Survey, first: float, last: float, reference: Floats | None = None
) -> LightCurves:
    """The light curves of a population.

    Parameters
    ----------
    population : Population
    survey : Survey
    first, last : float
        From when to when the survey is simulated, the end excluded [MJD TAI]. A visit's measurement does not depend on
        them.
    reference : numpy.ndarray, shape (n, 6), optional
        As `reference_flux` gives it, where that is known already.

    Returns
    -------
    LightCurves
        Without the visits in which the source is too bright to be measured.
    """
    seed = population.block.seed
    epochs, conditions = survey.visits(seed, population.ra, population.dec, first, last)
    if population.kind.once:
        epochs, conditions = in_visits(epochs, conditions, _nearest(epochs, population.parameters["t0"]))
    source = apparent_flux(population, epochs)
    measurable = source < flux_of_magnitude(survey.saturation)
    if not measurable.all():
        epochs, conditions = in_visits(epochs, conditions, measurable)
        source = source[measurable]
    reference = reference_flux(population, survey) if reference is None else reference
    true = source - reference[epochs.object, epochs.band]
    error = _errors(population, survey, epochs, conditions, source, true)
    flux = true + error * normal(seed, "noise", *_keys(population, epochs))
    detected = _detected(population, survey, epochs, np.abs(flux) / error)
    return LightCurves(population, survey, epochs, conditions, reference, true, flux, error, detected)


def apparent_flux(population: Population, epochs: Epochs) -> Floats:
    """Flux of the sources themselves behind the Galaxy's dust [nJy], shape (m,).

    Parameters
    ----------
    population : Population
    epochs : Epochs
        Of its objects.
    """
    dust = epochs.of_objects(population.ebv) * PER_REDDENING[epochs.band]
    return np.asarray(population.kind.flux(population.parameters, epochs) * flux_ratio(dust))


def reference_flux(population: Population, survey: Survey) -> Floats:
    """Flux of the sources in the reference images: the mean over the frames that were added.

    Parameters
    ----------
    population : Population
    survey : Survey

    Returns
    -------
    numpy.ndarray, shape (n, 6)
        [nJy]; 0 in bands that the survey does not have, and for what was never there before.
    """
    n = len(population.number)
    if population.kind.once:
        return np.zeros((n, len(BANDS)))
    references = survey.references(population.block.seed, population.ra, population.dec)
    frames = _frames(population.block.seed, references)
    series = frames.object * len(BANDS) + frames.band
    total = np.bincount(series, apparent_flux(population, frames), minlength=n * len(BANDS))
    return total.reshape(n, len(BANDS)) / np.maximum(references.frames, 1)


def _frames(seed: int, references: References) -> Epochs:
    """When the frames of the reference images were taken: evenly over their time, each at a random hour."""
    frame = np.arange(references.frames.max())
    owner, band, number = np.nonzero(frame < references.frames[:, :, None])
    first, last = references.first[owner, band], references.last[owner, band]
    within = uniform(seed, "reference frame", (first * 1e4).astype(np.int64), band, number)
    mjd = first + (last - first) * (number + within) / references.frames[owner, band]
    order = np.argsort(owner * _DAYS + mjd, kind="stable")
    start = np.concatenate([[0], np.cumsum(references.frames.sum(axis=1))])
    return Epochs(start, mjd[order], band[order])


def _errors(
    population: Population, survey: Survey, epochs: Epochs, conditions: Conditions, source: Floats, true: Floats
) -> Floats:
    """Sky, the source's own light, and what calibration leaves."""
    least, most = _FLOOR
    floor = least + (most - least) * uniform(population.block.seed, "floor", population.number)
    calibration = epochs.of_objects(floor) * true
    return np.asarray(np.sqrt(error_of_limit(conditions.limit) ** 2 + survey.noise * source + calibration**2))


def _detected(population: Population, survey: Survey, epochs: Epochs, signal_to_noise: Floats) -> Bools:
    """Every difference of five sigma, and some of less: a published error is not the detection's own."""
    chance = uniform(population.block.seed, "low", *_keys(population, epochs))
    at_times = chance < np.array(survey.low)[epochs.band]
    return np.asarray(signal_to_noise >= np.where(at_times, LOWEST, TRIGGER))


def _keys(population: Population, epochs: Epochs) -> tuple[Ints, Ints]:
    """What names a measurement: object and exposure, to the second."""
    return epochs.of_objects(population.number), np.round(epochs.mjd * 86400).astype(np.int64)


def _nearest(epochs: Epochs, mjd: Floats) -> Bools:
    """Of each object the visit that is nearest to a time."""
    distance = np.abs(epochs.mjd - epochs.of_objects(mjd))
    order = np.lexsort((distance, epochs.object))
    kept = np.zeros(len(distance), dtype=bool)
    seen = np.flatnonzero(np.diff(epochs.start))
    kept[order[epochs.start[seen]]] = True
    return kept
