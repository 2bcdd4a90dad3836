"""Where minor planets stand in the sky, how they move there and how bright they are."""

from dataclasses import dataclass

import numpy as np

from jobs.simulation.epochs import Epochs, Floats
from jobs.simulation.object_class import Parameters
from jobs.simulation.solar_system.earth import earth
from jobs.simulation.solar_system.orbits import ELEMENTS, heliocentric
from science_modules.common.photometry import magnitude_change

_TDB_MINUS_TAI = 32.184 / 86400
_AU_PER_DAY = 173.14463  # speed of light
_ARCSEC_PER_HOUR = np.degrees(3600) / 24  # of 1 rad/d


@dataclass(frozen=True)
class Ephemeris:
    """Minor planets seen from the Earth's centre at m times.

    Attributes
    ----------
    ra, dec : numpy.ndarray, shape (m,)
        Astrometric, ICRS [deg].
    east, north : numpy.ndarray, shape (m,)
        Motion [arcsec/h]; east includes the cosine of the declination.
    sun_au, earth_au : numpy.ndarray, shape (m,)
        Distance from the Sun and from the Earth [au].
    phase_angle : numpy.ndarray, shape (m,)
        Angle Sun - body - Earth [deg].
    elongation : numpy.ndarray, shape (m,)
        Angle Sun - Earth - body [deg].
    dimming : numpy.ndarray, shape (m,)
        V less absolute magnitude H [mag].
    """

    ra: Floats
    dec: Floats
    east: Floats
    north: Floats
    sun_au: Floats
    earth_au: Floats
    phase_angle: Floats
    elongation: Floats
    dimming: Floats


def ephemeris(parameters: Parameters, epochs: Epochs) -> Ephemeris:
    """Ephemeris of n bodies at their m epochs.

    Parameters
    ----------
    parameters : mapping of str to numpy.ndarray, shape (n,)
        Elements as `orbits.heliocentric` takes them, and `slope`, the G of the H, G system.
    epochs : Epochs
    """
    names = (*ELEMENTS, "slope")
    return ephemeris_at({name: epochs.of_objects(parameters[name]) for name in names}, epochs.mjd)


def ephemeris_at(elements: Parameters, mjd: Floats) -> Ephemeris:
    """Ephemeris of m bodies, each at a time of its own.

    Parameters
    ----------
    elements : mapping of str to numpy.ndarray, shape (m,)
        As for `ephemeris`.
    mjd : numpy.ndarray, shape (m,)
        [MJD TAI].

    Notes
    -----
    Seen where it was when the light left; neither aberration (the stars have the same) nor the observer's place on the
    Earth (up to 9 arcsec at 1 au).
    """
    when = mjd + _TDB_MINUS_TAI
    home, home_speed = earth(when)
    body, _ = heliocentric(elements, when)
    body, speed = heliocentric(elements, when - _length(body - home) / _AU_PER_DAY)
    line, drift = body - home, speed - home_speed
    sun_au, earth_au, home_au = _length(body), _length(line), _length(home)
    phase = _angle(_dot(body, line) / (sun_au * earth_au))
    ra, dec = np.arctan2(line[:, 1], line[:, 0]), np.arcsin(line[:, 2] / earth_au)
    east, north = _on_sky(ra, dec, drift / earth_au[:, None])
    dimming = 5 * np.log10(sun_au * earth_au) + phase_dimming(phase, elements["slope"])
    elongation = _angle(-_dot(home, line) / (home_au * earth_au))
    ra_deg = np.degrees(ra) % 360
    return Ephemeris(ra_deg, np.degrees(dec), east, north, sun_au, earth_au, phase, elongation, dimming)


def phase_dimming(phase_angle: Floats, slope: Floats) -> Floats:
    """How much fainter a body is than at opposition.

    Parameters
    ----------
    phase_angle : numpy.ndarray, shape (m,)
        [deg], 0 to 120.
    slope : numpy.ndarray, shape (m,)
        G of the H, G system.

    Returns
    -------
    numpy.ndarray, shape (m,)
        [mag].

    Notes
    -----
    Bowell et al. 1989, eq. A4, its simple form.
    """
    tangent = np.tan(np.radians(phase_angle) / 2)
    narrow, wide = np.exp(-3.33 * tangent**0.63), np.exp(-1.87 * tangent**1.22)
    return magnitude_change((1 - slope) * narrow + slope * wide)


def _on_sky(ra: Floats, dec: Floats, drift: Floats) -> tuple[Floats, Floats]:
    """Motion [arcsec/h] east and north, of a velocity in distances per day."""
    sin_a, cos_a, sin_d, cos_d = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
    east = -sin_a * drift[:, 0] + cos_a * drift[:, 1]
    north = -sin_d * (cos_a * drift[:, 0] + sin_a * drift[:, 1]) + cos_d * drift[:, 2]
    return east * _ARCSEC_PER_HOUR, north * _ARCSEC_PER_HOUR


def _length(vectors: Floats) -> Floats:
    return np.sqrt(_dot(vectors, vectors))


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", one, other))


def _angle(cosine: Floats) -> Floats:
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
