"""A simulated object: drawn whole from the seed and its number, with everything the survey saw of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation import night_classes, observing, sky
from science_modules.common.photometry import error_of_limit, flux_of_magnitude

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_SEED = 99_999
MAX_NUMBER = 99_999_999
# ZTF's candids begin with its night number, counted from 2017; night 9000 is in August 2041.
FIRST_CANDID = 9_000_000_000_000_000_000
_ALERT_SNR = 5.2


@dataclass(frozen=True)
class SimulatedObject:
    """An object and its visits.

    Attributes
    ----------
    seed, number : int
        What it was drawn from.
    kind : str
        Its true class, a key of night_classes.SHARES.
    ra, dec : float
        ICRS [deg].
    visits : Visits
        Exposures of the field over 30 days.
    n_tonight : int
        How many of the last visits make an alert.
    model : Model
    flux, flux_err : numpy.ndarray, shape (n_visits,)
        Measured difference flux, signed, 1 = magnitude 0, and its error.
    detected : numpy.ndarray of bool, shape (n_visits,)
    sources : Sources
        The object's counterpart first, then its surroundings.
    field, rcid : int
        Field and readout channel; not those that ZTF would use there.
    """

    seed: int
    number: int
    kind: str
    ra: float
    dec: float
    visits: observing.Visits
    n_tonight: int
    model: night_classes.Model
    flux: Floats
    flux_err: Floats
    detected: Bools
    sources: sky.Sources
    field: int
    rcid: int

    @property
    def object_id(self) -> str:
        """SIM, five digits of the seed, eight of the number."""
        return f"SIM{self.seed:05d}{self.number:08d}"

    def candid(self, visit: int) -> int:
        """The alert id of a detection; unique over seeds and objects.

        Parameters
        ----------
        visit : int
            Number of the visit, from 0.
        """
        return FIRST_CANDID + self.seed * 10**12 + self.number * 100 + visit

    def generator(self, *purpose: int) -> np.random.Generator:
        """Random numbers for one purpose, the same whatever else was drawn before.

        Parameters
        ----------
        *purpose : int
            Numbers that stand for the purpose (and the visit); other numbers give an independent sequence.
        """
        return np.random.default_rng([self.seed, self.number, *purpose])


def object_of_alert(number: int) -> tuple[int, int]:
    """The object that an alert is of, and which of its alerts of tonight, counted from the end.

    Of ten alerts in a row the last two are of one object, an hour apart, in both bands.

    Parameters
    ----------
    number : int
        Of the alert, from 0.

    Returns
    -------
    object_number : int
        For `draw_object`.
    from_end : int
        0 for the object's last alert, 1 for the one before.
    """
    if number % 10 == 9:
        return number - 1, 0
    return number, 1 if number % 10 == 8 else 0


def draw_object(seed: int, number: int) -> SimulatedObject:
    """The object with this number.

    Parameters
    ----------
    seed : int
        0 to MAX_SEED.
    number : int
        0 to MAX_NUMBER; that of the first of its alerts.

    Raises
    ------
    ValueError
        If the seed or the number does not fit the digits that ids have for them.
    """
    if not (0 <= seed <= MAX_SEED and 0 <= number <= MAX_NUMBER):
        raise ValueError(f"seed 0 to {MAX_SEED} and number 0 to {MAX_NUMBER} are possible, got {seed} and {number}")
    rng = np.random.default_rng([seed, number, 0])
    n_tonight = 2 if number % 10 == 8 else 1
    kind = night_classes.draw_kind(rng, lasting=n_tonight == 2)
    jd = observing.tonight(rng)
    visits = observing.visits(jd, n_tonight, bool(rng.uniform() > 0.01), rng)
    ra, dec = sky.position(kind, jd, rng)
    model = night_classes.model(kind, visits, rng)
    flux, flux_err = _measured(model, visits, n_tonight, rng)
    detected = _detected(flux, flux_err, n_tonight, rng)
    sources = model.counterpart.together_with(sky.surroundings(ra, dec, rng))
    field, rcid = int(rng.integers(202, 880)), int(rng.integers(64))
    return SimulatedObject(
        seed, number, kind, ra, dec, visits, n_tonight, model, flux, flux_err, detected, sources, field, rcid
    )


def _measured(
    model: night_classes.Model, visits: observing.Visits, n_tonight: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """True flux plus noise; what triggers an alert is lifted to 5.2 sigma where noise would hide it."""
    true = model.sign * flux_of_magnitude(model.mag, zero_point=0.0) * model.shape
    error = np.hypot(error_of_limit(visits.limit, zero_point=0.0), 0.015 * np.abs(true))
    flux = true + error * rng.standard_normal(len(true))
    tonight = slice(-n_tonight, None)
    enough = np.maximum(model.sign * flux[tonight], _ALERT_SNR * error[tonight])
    flux[tonight] = model.sign * enough
    return flux, error


def _detected(flux: Floats, error: Floats, n_tonight: int, rng: np.random.Generator) -> Bools:
    # The survey's histories reach down to S/N 3 in places: 7 % of real history detections are below 5.
    threshold = np.where(rng.uniform(size=len(flux)) < 0.1, 3.0, 5.0)
    detected = np.abs(flux) >= threshold * error
    detected[-n_tonight:] = True
    return np.asarray(detected)
