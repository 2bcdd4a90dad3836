"""From fields and nights to exposures, and from exposures of fields to epochs of objects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Conditions, Epochs, Floats, Ints
from jobs.simulation.visits.chance import uniform
from jobs.simulation.visits.nights import Observatory

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Turns:
    """Nights in which fields are observed; k of them.

    Attributes
    ----------
    field : numpy.ndarray of int64, shape (k,)
        Place in the list of fields that was asked for, not the survey's number.
    night : numpy.ndarray of int64, shape (k,)
    first, last : numpy.ndarray, shape (k,)
        Hour angles between which the field is up in the dark [h].
    """

    field: Ints
    night: Ints
    first: Floats
    last: Floats


@dataclass(frozen=True)
class Looks:
    """Exposures of fields; m of them.

    Attributes
    ----------
    field : numpy.ndarray of int64, shape (m,)
        Place in the list of fields.
    night, number : numpy.ndarray of int64, shape (m,)
        The night, and which of the field's exposures of that night.
    mjd : numpy.ndarray, shape (m,)
        Mid-exposure [MJD TAI].
    band : numpy.ndarray of int64, shape (m,)
        Place in BANDS.
    """

    field: Ints
    night: Ints
    number: Ints
    mjd: Floats
    band: Ints


@dataclass(frozen=True)
class Sky:
    """Limit, zero point, seeing and exposure time of m exposures, as in Conditions."""

    limit: Floats
    zero_point: Floats
    fwhm: Floats
    exposure: Floats


def turns(
    seed: int, site: Observatory, centre: tuple[Floats, Floats], numbers: Ints, nights: Ints, scheduled: Bools
) -> Turns:
    """Which of the scheduled nights of fields are observed: those in which the field is up long enough.

    Parameters
    ----------
    seed : int
    site : Observatory
    centre : tuple of numpy.ndarray, shape (n_fields,)
        Right ascension and declination [deg].
    numbers : numpy.ndarray of int64, shape (n_fields,)
        The survey's numbers of the fields.
    nights : numpy.ndarray of int64, shape (n_nights,)
    scheduled : numpy.ndarray of bool, shape (n_nights, n_fields)
    """
    row, field = np.nonzero(scheduled)
    night = nights[row]
    first, last = site.window(night, centre[0][field], centre[1][field])
    # Seldom at the ends of its season: the longer a field is up the more often it is chosen; always from 3 hours on.
    chosen = uniform(seed, "up long enough", numbers[field], night) * 3 < last - first
    return Turns(field[chosen], night[chosen], first[chosen], last[chosen])


def looks(site: Observatory, ra: Floats, of: Turns, hour_angle: Floats, band: Ints, taken: Bools) -> Looks:
    """The exposures that are taken in some nights of fields.

    Parameters
    ----------
    site : Observatory
    ra : numpy.ndarray, shape (n_fields,)
        Of the fields [deg].
    of : Turns
        k of them.
    hour_angle, band, taken : numpy.ndarray, shape (k, most exposures in a night)
        When [h], in which band, and whether at all.
    """
    turn, number = np.nonzero(taken)
    field, night = of.field[turn], of.night[turn]
    return Looks(field, night, number, site.mjd(night, ra[field], hour_angle[taken]), band[taken])


def spread(
    exposures: Looks, sky: Sky, field_of_object: Ints, numbers: Ints, detector: Ints, span: tuple[float, float]
) -> tuple[Epochs, Conditions]:
    """Epochs and conditions of objects, from the exposures of their fields.

    Parameters
    ----------
    exposures : Looks
        Of k fields, in any order.
    sky : Sky
        Of these exposures.
    field_of_object : numpy.ndarray of int64, shape (n,)
        Place of each object's field among the k.
    numbers : numpy.ndarray of int64, shape (k,)
        The survey's number of each field.
    detector : numpy.ndarray of int64, shape (n,)
        On which each object falls.
    span : tuple of float
        First and last time [MJD TAI]; the last is excluded.
    """
    within = np.flatnonzero((exposures.mjd >= span[0]) & (exposures.mjd < span[1]))
    ordered = within[np.lexsort((exposures.mjd[within], exposures.field[within]))]
    begin = np.searchsorted(exposures.field[ordered], np.arange(len(numbers) + 1))
    many = np.diff(begin)[field_of_object]
    start = np.concatenate([[0], np.cumsum(many)]).astype(np.int64)
    each = ordered[np.arange(start[-1]) + np.repeat(begin[:-1][field_of_object] - start[:-1], many)]
    conditions = Conditions(
        sky.limit[each],
        sky.zero_point[each],
        sky.fwhm[each],
        sky.exposure[each],
        numbers[exposures.field[each]],
        np.repeat(detector, many),
    )
    return Epochs(start, exposures.mjd[each], exposures.band[each]), conditions
