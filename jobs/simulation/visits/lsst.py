"""LSST: the wide survey, some 800 visits in ten years, and five deep-drilling fields; Ivezic et al. 2019.

Five-sigma limits of a single visit at the zenith in a dark night: u 23.90, g 25.00, r 24.70, i 24.00, z 23.30, y 22.10. The
wide survey has no rolling here: each field is observed alike every year.
"""

import numpy as np

from jobs.simulation.epochs import BANDS, Conditions, Epochs, Floats, Ints
from jobs.simulation.visits import weather
from jobs.simulation.visits.chance import normal, uniform
from jobs.simulation.visits.gathering import Bools, Looks, Sky, Turns, looks, spread, turns
from jobs.simulation.visits.grid import Grid
from jobs.simulation.visits.nights import Observatory, moonlight
from jobs.simulation.visits.survey import References, Survey
from science_modules.common.photometry import AB_ZERO_NJY, magnitude_change

PACHON = Observatory(-30.24, -70.75, lowest=30.0, farthest=4.0, midnight=1 + 4.72 / 24)
START = 60980.0  # 2025-11-01
DETECTORS = 189
# ELAIS-S1, XMM-LSS, ECDFS, COSMOS, and the two of Euclid Deep South: right ascension and declination [deg].
DEEP = np.array([(9.45, -44.0), (35.71, -4.75), (53.13, -28.1), (150.1, 2.18), (58.9, -49.32), (63.6, -47.6)])
_DEEP_RADIUS_DEG = 1.75
_GRID = Grid(3.0)
_DECLINATIONS = (-72.0, 12.0)
_WIDE_EVERY, _DEEP_EVERY = 5, 3  # [nights]
_DEEP_PER_NIGHT = 15

_LIMIT = np.array([23.90, 25.00, 24.70, 24.00, 23.30, 22.10])
_FWHM = 0.95  # [arcsec]: the median at the zenith
_MOON_LOSS = np.array([1.5, 1.0, 0.6, 0.4, 0.2, 0.1])
_PER_AIRMASS = np.array([0.45, 0.2, 0.12, 0.08, 0.06, 0.1])
# Pairs of bands of a night, half an hour apart, and how often each is chosen in dark and in bright time.
_PAIRS = np.array([BANDS.index(band) for pair in ("ug", "gr", "ri", "iz", "zy", "yz") for band in pair]).reshape(-1, 2)
_DARK_CHOICE = np.cumsum([0.29, 0.08, 0.4, 0.12, 0.11, 0.0])
_BRIGHT_CHOICE = np.cumsum([0.0, 0.02, 0.32, 0.13, 0.43, 0.1])
_BRIGHT = 0.45  # from this illuminated fraction
# A deep night: its bands in this order, so that u is observed when the Moon is dark and y when it is bright.
_DEEP_DARK = np.array([BANDS.index(band) for band in "uuugggrrrriiizz"])
_DEEP_BRIGHT = np.array([BANDS.index(band) for band in "ggrrriiiizzzyyy"])


def sees(ra: Floats, dec: Floats) -> Bools:
    """Whether the survey observes positions: declinations of -72 to 12 degrees.

    Parameters
    ----------
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    """
    middle = _GRID.centre(_GRID.place(ra, dec)[0])[1]
    return np.asarray((middle > _DECLINATIONS[0]) & (middle < _DECLINATIONS[1]))


def visits(seed: int, ra: Floats, dec: Floats, first: float, last: float) -> tuple[Epochs, Conditions]:
    """Visits of positions; see `Survey.visits`.

    Parameters
    ----------
    seed : int
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    first, last : float
        The span, its end excluded [MJD TAI].
    """
    field = field_of(ra, dec)
    numbers, field_of_object = np.unique(field, return_inverse=True)
    nights = np.arange(int(np.floor(first)) - 2, int(np.ceil(last)) + 1)
    exposures = _exposures(seed, numbers, nights)
    sky = _sky(seed, exposures, numbers)
    return spread(exposures, sky, field_of_object, numbers, _detector(ra, dec), (first, last))


def field_of(ra: Floats, dec: Floats) -> Ints:
    """The pointing that observes positions: 1 to 6 for a deep field, else 100 and more.

    Parameters
    ----------
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    """
    east = ((ra[:, None] - DEEP[:, 0] + 180) % 360 - 180) * np.cos(np.radians(DEEP[:, 1]))
    distance = np.hypot(east, dec[:, None] - DEEP[:, 1])
    nearest = np.argmin(distance, axis=1)
    deep = distance[np.arange(len(ra)), nearest] < _DEEP_RADIUS_DEG
    return np.where(deep, 1 + nearest, 100 + _GRID.place(ra, dec)[0])


def _centre(numbers: Ints) -> tuple[Floats, Floats]:
    ra, dec = _GRID.centre(np.maximum(numbers - 100, 1))
    deep = DEEP[np.clip(numbers - 1, 0, len(DEEP) - 1)]
    is_deep = _is_deep(numbers)
    return np.where(is_deep, deep[:, 0], ra), np.where(is_deep, deep[:, 1], dec)


def _is_deep(numbers: Ints) -> Bools:
    return np.asarray(numbers < 100)


def _detector(ra: Floats, dec: Floats) -> Ints:
    """Pointings have no rotation here, so a place of a field always falls on the same detector."""
    _, x, y = _GRID.place(ra, dec)
    return np.minimum((14 * y).astype(np.int64) * 14 + (14 * x).astype(np.int64), DETECTORS - 1)


def _exposures(seed: int, numbers: Ints, nights: Ints) -> Looks:
    centre = _centre(numbers)
    chosen = turns(seed, PACHON, centre, numbers, nights, _scheduled(seed, numbers, nights))
    hour_angle = _hour_angles(seed, chosen, numbers)
    bright = moonlight(PACHON.mjd(chosen.night, centre[0][chosen.field], hour_angle[:, 0])) > _BRIGHT
    band = _bands(seed, numbers[chosen.field], chosen.night, bright)
    taken = (np.arange(_DEEP_PER_NIGHT) < 2) | _is_deep(numbers[chosen.field])[:, None]
    return looks(PACHON, centre[0], chosen, hour_angle, band, taken)


def _hour_angles(seed: int, chosen: Turns, numbers: Ints) -> Floats:
    """When in its window a field is observed [h]: a deep one again at once, a wide one again in half an hour."""
    keys = numbers[chosen.field], chosen.night
    middle = (uniform(seed, "time", *keys) + uniform(seed, "time too", *keys)) / 2
    first = chosen.first + middle * np.maximum(chosen.last - chosen.first - 0.6, 0)
    apart = np.where(_is_deep(numbers[chosen.field]), 0.011, 0.55)
    return first[:, None] + apart[:, None] * np.arange(_DEEP_PER_NIGHT)


def _scheduled(seed: int, numbers: Ints, nights: Ints) -> Bools:
    """Whether a field's turn comes in a night and the night is not lost, shape (n_nights, n_fields)."""
    every = np.where(_is_deep(numbers), _DEEP_EVERY, _WIDE_EVERY)
    turn = nights[:, None] // every
    day = (uniform(seed, "turn", numbers, turn) * every).astype(np.int64)
    clear = weather.badness(seed, "Pachon", nights) < 0.84  # 20 % of the nights are lost
    return np.asarray((nights[:, None] % every == day) & clear[:, None])


def _bands(seed: int, field: Ints, night: Ints, bright: Bools) -> Ints:
    """Bands of the exposures of a night, shape (n, _DEEP_PER_NIGHT); a wide field has the first two."""
    chance = uniform(seed, "pair", field, night)
    chosen = np.where(bright, np.searchsorted(_BRIGHT_CHOICE, chance), np.searchsorted(_DARK_CHOICE, chance))
    wide = np.take(_PAIRS[np.minimum(chosen, len(_PAIRS) - 1)], np.arange(_DEEP_PER_NIGHT) % 2, axis=1)
    deep = np.where(bright[:, None], _DEEP_BRIGHT, _DEEP_DARK)
    return np.where(_is_deep(field)[:, None], deep, wide)


def _sky(seed: int, at: Looks, numbers: Ints) -> Sky:
    keys = numbers[at.field], at.night, at.number
    ra, dec = (values[at.field] for values in _centre(numbers))
    altitude = PACHON.altitude(dec, PACHON.hour_angle(at.mjd, ra))
    airmass = 1 / np.sin(np.radians(np.maximum(altitude, 20.0)))
    cloud = 0.15 * weather.extinction(weather.badness(seed, "Pachon", at.night))
    seeing = normal(seed, "seeing", at.night) * 0.15 + normal(seed, "seeing of a visit", *keys) * 0.06
    fwhm = _FWHM * np.exp(seeing) * airmass**0.6
    moon = moonlight(at.mjd) ** 2 * (0.5 + uniform(seed, "Moon", numbers[at.field], at.night))
    lost = cloud + _MOON_LOSS[at.band] * moon + _PER_AIRMASS[at.band] * (airmass - 1) - magnitude_change(fwhm / _FWHM)
    limit = _LIMIT[at.band] - lost + 0.06 * normal(seed, "depth", *keys)
    return Sky(limit, np.full(len(limit), AB_ZERO_NJY), fwhm, np.full(len(limit), 30.0))


def references(seed: int, ra: Floats, dec: Floats) -> References:
    """Templates of positions: 8 to 20 frames of the half year before the survey; see `Survey.references`.

    Parameters
    ----------
    seed : int
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    """
    keys = field_of(ra, dec)[:, None], np.arange(len(BANDS))
    frames = 8 + (13 * uniform(seed, "reference", *keys)).astype(np.int64)
    first = START - 180 + 90 * uniform(seed, "reference begins", *keys)
    last = first + 15 + 70 * uniform(seed, "reference ends", *keys)
    return References(first, last, frames, _LIMIT + 1.25 * np.log10(frames))


def earlier(seed: int, ra: Floats, dec: Floats, mjd: Floats) -> Ints:
    """Earlier visits of positions: 80 a year, 1,000 in a deep field; see `Survey.earlier`.

    Parameters
    ----------
    seed : int
    ra, dec, mjd : numpy.ndarray, shape (n,)
        [deg], [MJD TAI].
    """
    field = field_of(ra, dec)
    a_year = np.where(_is_deep(field), 1000.0, 80.0) * np.exp(0.1 * normal(seed, "earlier visits", field))
    return np.asarray(np.maximum((mjd - START) / 365.25 * a_year, 0), dtype=np.int64)


SURVEY = Survey(
    "lsst",
    START,
    tuple(range(6)),
    visits,
    sees,
    references,
    earlier,
    saturation=16.0,
    low=(0.0,) * 6,
    noise=0.6,
    declinations=(-70.0, 10.0),
)
