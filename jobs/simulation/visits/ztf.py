"""ZTF: 47 square degrees a look, g and r every two or three nights, i in a few fields; Bellm et al. 2019.

Numbers that no paper has are medians and quantiles of 27,500 visits in the histories of 1,301 real alerts.
"""

from dataclasses import replace

import numpy as np

from jobs.simulation.epochs import BANDS, Conditions, Epochs, Floats, Ints
from jobs.simulation.visits import weather
from jobs.simulation.visits.chance import normal, uniform
from jobs.simulation.visits.gathering import Bools, Looks, Sky, Turns, looks, spread, turns
from jobs.simulation.visits.grid import Grid
from jobs.simulation.visits.nights import Observatory, moonlight
from jobs.simulation.visits.survey import References, Survey
from science_modules.common.photometry import magnitude_change

PALOMAR = Observatory(33.36, -116.86, lowest=30.0, farthest=4.2, midnight=7.79 / 24)
CHANNEL_PIXELS = (3072, 3080)
START = 58178.0  # 2018-03-01
_GRID = Grid(7.0)
_SOUTHMOST = -29.0
_FASTER = 59123  # 2020-10-01: the public survey went from three nights to two

_G, _R, _I = (BANDS.index(band) for band in "gri")
# By place in BANDS; bands that ZTF does not have are never looked up.
_DARK_LIMIT = np.array([np.nan, 20.70, 20.57, 19.9, np.nan, np.nan])
_MOON_LOSS = np.array([np.nan, 1.1, 0.95, 0.75, np.nan, np.nan])
_ZERO_POINT = np.array([np.nan, 26.31, 26.28, 25.72, np.nan, np.nan])
_PER_AIRMASS = np.array([np.nan, 0.2, 0.12, 0.08, np.nan, np.nan])
_DEEPER_IN_240_S = 1.25 * np.log10(8)
_LIMITS = (16.0, 21.3)
# Passing clouds: 1 and 5 in 100 visits of real histories have a limit of less than 17.8 and 18.9 in g, 16.4 and 18.5 in r.
_CLOUDED, _CLOUD_MAG = 0.08, 1.2
# So that some detections are below 5 sigma, more in g: in real histories 9 in 100 in g, 4 in r.
_LOW = (0.0, 0.4, 0.08, 0.02, 0.0, 0.0)


def place_on_camera(ra: Floats, dec: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Where on the camera positions fall, the same in every visit.

    Parameters
    ----------
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].

    Returns
    -------
    field, channel : numpy.ndarray of int64, shape (n,)
        Field, not one of ZTF's own numbers; readout channel (rcid), 0 to 63: four of each of 16 CCDs.
    x, y : numpy.ndarray, shape (n,)
        In the readout channel [px], from 0 to 3072 and 3080.
    """
    field, x, y = _GRID.place(ra, dec)
    column, row = (8 * x).astype(np.int64), (8 * y).astype(np.int64)
    ccd, quadrant = row // 2 * 4 + column // 2, row % 2 * 2 + column % 2
    return field, 4 * ccd + quadrant, (8 * x - column) * CHANNEL_PIXELS[0], (8 * y - row) * CHANNEL_PIXELS[1]


def every_field() -> tuple[Floats, Floats]:
    """The middle of each field, the first field first [deg]: a field is visited as a whole."""
    return _GRID.centre(np.arange(1, 1 + _GRID.fields))


def sees(ra: Floats, dec: Floats) -> Bools:
    """Whether the survey observes positions: north of -29 degrees.

    Parameters
    ----------
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    """
    middle = _GRID.centre(_GRID.place(ra, dec)[0])[1]
    return np.asarray((dec > _SOUTHMOST) & (PALOMAR.reach(middle) > 1))


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
    field, channel, _, _ = place_on_camera(ra, dec)
    numbers, field_of_object = np.unique(field, return_inverse=True)
    nights = np.arange(int(np.floor(first)) - 1, int(np.ceil(last)) + 1)
    exposures = _exposures(seed, numbers, nights)
    sky = _sky(seed, exposures, numbers)
    epochs, conditions = spread(exposures, sky, field_of_object, numbers, channel, (first, last))
    return epochs, replace(conditions, zero_point=conditions.zero_point + _of_channel(epochs.band, conditions.detector))


def _of_channel(band: Ints, channel: Ints) -> Floats:
    """How much deeper than others' the zero point of a readout channel is [mag]: the same camera for every seed."""
    both = 0.065 * normal(0, "zero point of a channel", channel)
    return np.asarray(both + 0.045 * normal(0, "zero point of a channel and filter", channel, band))


def _exposures(seed: int, numbers: Ints, nights: Ints) -> Looks:
    centre = _GRID.centre(numbers)
    chosen = turns(seed, PALOMAR, centre, numbers, nights, _scheduled(seed, numbers, nights))
    band, taken = _bands(seed, numbers[chosen.field], chosen.night)
    return looks(PALOMAR, centre[0], chosen, _hour_angles(seed, chosen, numbers), band, taken)


def _hour_angles(seed: int, chosen: Turns, numbers: Ints) -> Floats:
    """When in its window a field is observed [h], shape (k, 5): bands some 50 minutes apart, a band again at once."""
    keys = numbers[chosen.field], chosen.night
    middle = (uniform(seed, "time", *keys) + uniform(seed, "time too", *keys)) / 2
    window = chosen.last - chosen.first
    first = chosen.first + middle * np.maximum(window - 2, 0.3 * window)
    apart = uniform(seed, "pair", *keys) * 0.5 + 0.5
    soon = 40 / 3600 * 10 ** (1.2 * uniform(seed, "soon", *keys))
    after = np.stack([0 * soon, soon, apart, apart + soon, 2 * apart], axis=1)
    return np.asarray(first[:, None] + after)


def _scheduled(seed: int, numbers: Ints, nights: Ints) -> Bools:
    """Whether a field's turn comes in a night and the night is not lost, shape (n_nights, n_fields)."""
    every = np.where(_is_dense(seed, numbers), 1, np.where(nights[:, None] < _FASTER, 3, 2))
    turn = nights[:, None] // every
    day = (uniform(seed, "turn", numbers, turn, every) * every).astype(np.int64)
    # Overlapping fields and other programmes.
    by_chance = uniform(seed, "by chance", numbers, nights[:, None]) < 0.14
    clear = weather.badness(seed, "Palomar", nights) < 0.524  # 30 % of the nights are lost
    return np.asarray(((nights[:, None] % every == day) | by_chance) & clear[:, None])


def _is_dense(seed: int, numbers: Ints) -> Bools:
    """A tenth of the fields is observed every night, in i as well."""
    return np.asarray(uniform(seed, "every night", numbers) < 0.1)


def _bands(seed: int, field: Ints, night: Ints) -> tuple[Ints, Bools]:
    """Bands of the exposures of a night and whether they are taken, both of shape (n, 5)."""
    first = np.where(uniform(seed, "first band", field, night) < 0.48, _G, _R)
    second = np.where(first == _G, _R, _G)
    keys = field[:, None], night[:, None], np.arange(2)
    again = uniform(seed, "again", *keys) < 0.14  # fields overlap
    both = uniform(seed, "both", field, night) < 0.75
    infrared = _is_dense(seed, field) & (uniform(seed, "i", field, night) < 0.7)
    taken = np.stack([np.ones(len(field), dtype=bool), again[:, 0], both, both & again[:, 1], infrared], axis=1)
    return np.stack([first, first, second, second, np.full(len(field), _I)], axis=1), taken


def _sky(seed: int, at: Looks, numbers: Ints) -> Sky:
    keys = numbers[at.field], at.night, at.number
    bad = weather.badness(seed, "Palomar", at.night) + 0.4 * normal(seed, "cloud", *keys)
    passing = -_CLOUD_MAG * np.log(np.minimum(uniform(seed, "passing cloud", *keys) / _CLOUDED, 1.0))
    cloud, air = 0.7 * weather.extinction(bad) + passing, _airmass(at, numbers) - 1
    moon = moonlight(at.mjd) ** 2 * (0.6 + 0.8 * uniform(seed, "Moon", numbers[at.field], at.night))
    seeing = weather.by_night(seed, "seeing", at.night) * 0.11 + normal(seed, "seeing of a visit", *keys) * 0.08
    is_long = uniform(seed, "240 s", *keys) < 0.01
    lost = cloud + _MOON_LOSS[at.band] * moon + (_PER_AIRMASS[at.band] + 0.3) * air + 0.5 * seeing
    scatter = 0.13 * weather.by_night(seed, "depth of a night", at.night) + 0.14 * normal(seed, "depth", *keys)
    limit = _DARK_LIMIT[at.band] + _DEEPER_IN_240_S * is_long - lost + scatter
    zero_point = _ZERO_POINT[at.band] - cloud - _PER_AIRMASS[at.band] * air + 0.04 * normal(seed, "zero point", *keys)
    return Sky(
        np.clip(limit, *_LIMITS),
        zero_point - np.where(is_long, magnitude_change(8.0), 0.0),
        2.0 * np.exp(seeing) * (1 + air) ** 0.6,
        np.where(is_long, 240.0, 30.0),
    )


def _airmass(at: Looks, numbers: Ints) -> Floats:
    ra, dec = (values[at.field] for values in _GRID.centre(numbers))
    altitude = PALOMAR.altitude(dec, PALOMAR.hour_angle(at.mjd, ra))
    return np.asarray(1 / np.sin(np.radians(np.maximum(altitude, 20.0))))


def references(seed: int, ra: Floats, dec: Floats) -> References:
    """Reference images of positions: 15 to 40 frames of the first months; see `Survey.references`.

    Parameters
    ----------
    seed : int
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    """
    keys = place_on_camera(ra, dec)[0][:, None], np.arange(len(BANDS))
    chance = uniform(seed, "reference", *keys)
    frames = np.where(chance < 0.75, 15, np.minimum(16 + 100 * (chance - 0.75), 40))
    frames = np.where(np.isfinite(_DARK_LIMIT), frames, 0).astype(np.int64)
    first = START - 21 + 194 * uniform(seed, "reference begins", *keys)
    last = first + np.clip(72 * np.exp(0.7 * normal(seed, "reference ends", *keys)), 15, 270)
    depth = 0.15 * normal(seed, "reference depth", *keys)
    return References(first, last, frames, _DARK_LIMIT + 1.25 * np.log10(np.maximum(frames, 1)) + depth)


def earlier(seed: int, ra: Floats, dec: Floats, mjd: Floats) -> Ints:
    """Earlier visits of positions; see `Survey.earlier`.

    Parameters
    ----------
    seed : int
    ra, dec, mjd : numpy.ndarray, shape (n,)
        [deg], [MJD TAI].

    Notes
    -----
    Real alerts have 97, 559, 686, 1,100, 1,370, 1,620 in the median of 2018, 2019, 2020, 2021, 2023, 2024 (n = 1,215), and
    5 to 95 % within a factor of 3 up and down. So 260 a year; overlapping fields and other programmes are in the factor.
    """
    field = place_on_camera(ra, dec)[0]
    a_year = 260 * np.exp(0.55 * normal(seed, "earlier visits", field)) * np.where(_is_dense(seed, field), 1.6, 1.0)
    return np.asarray(np.maximum((mjd - START) / 365.25 * a_year, 0), dtype=np.int64)


SURVEY = Survey(
    "ztf",
    START,
    (_G, _R, _I),
    visits,
    sees,
    references,
    earlier,
    saturation=12.5,
    low=_LOW,
    noise=520.0,
    declinations=(-20.0, 80.0),
)
