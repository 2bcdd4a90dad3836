"""Motion about the Sun on an ellipse."""

import numpy as np

from jobs.simulation.epochs import Floats
from jobs.simulation.object_class import Parameters

GAUSS = 0.01720209895  # square root of the Sun's GM [au^1.5/d]
_OBLIQUITY = np.radians(84381.406 / 3600)  # J2000: Capitaine et al. 2003
ELEMENTS = ("a", "e", "inclination", "node", "perihelion", "mean_anomaly", "epoch")


def heliocentric(elements: Parameters, mjd_tdb: Floats) -> tuple[Floats, Floats]:
    """Position and velocity of bodies that only the Sun attracts.

    Parameters
    ----------
    elements : mapping of str to numpy.ndarray, shape (m,)
        a [au], e (below 1); inclination, longitude of the node, argument of perihelion and mean anomaly at `epoch`
        [deg], of the ecliptic of J2000; epoch [MJD TDB].
    mjd_tdb : numpy.ndarray, shape (m,)

    Returns
    -------
    position, velocity : numpy.ndarray, shape (m, 3)
        Along the axes of the ICRS [au], [au/d].
    """
    a, e = elements["a"], elements["e"]
    motion = GAUSS * a**-1.5
    anomaly = eccentric_anomaly(np.radians(elements["mean_anomaly"]) + motion * (mjd_tdb - elements["epoch"]), e)
    minor, rate = np.sqrt(1 - e**2), motion / (1 - e * np.cos(anomaly))
    along, across = _axes(elements)
    position = along * (a * (np.cos(anomaly) - e))[:, None] + across * (a * minor * np.sin(anomaly))[:, None]
    velocity = across * (a * minor * rate * np.cos(anomaly))[:, None] - along * (a * rate * np.sin(anomaly))[:, None]
    return position, velocity


def eccentric_anomaly(mean_anomaly: Floats, e: Floats) -> Floats:
    """Kepler's equation, by Halley's method.

    Parameters
    ----------
    mean_anomaly : numpy.ndarray, shape (m,)
        [rad].
    e : numpy.ndarray, shape (m,)
        Eccentricity, 0 to 0.97.

    Returns
    -------
    numpy.ndarray, shape (m,)
        [rad]; right within 1e-12.
    """
    mean = np.mod(mean_anomaly + np.pi, 2 * np.pi) - np.pi
    anomaly = mean + 0.85 * e * np.sign(mean)  # Danby 1987
    for _ in range(6):
        sine, cosine = e * np.sin(anomaly), 1 - e * np.cos(anomaly)
        miss = anomaly - sine - mean
        anomaly = anomaly - miss / (cosine - 0.5 * miss * sine / cosine)
    return np.asarray(anomaly)


def _axes(elements: Parameters) -> tuple[Floats, Floats]:
    """Unit vectors to perihelion and along the motion there, shape (m, 3), ICRS."""
    tilt, node, turn = (np.radians(elements[name]) for name in ("inclination", "node", "perihelion"))
    cos_n, sin_n, cos_t, sin_t, cos_i, sin_i = (f(x) for x in (node, turn, tilt) for f in (np.cos, np.sin))
    along = _equatorial(cos_n * cos_t - sin_n * sin_t * cos_i, sin_n * cos_t + cos_n * sin_t * cos_i, sin_t * sin_i)
    across = _equatorial(-cos_n * sin_t - sin_n * cos_t * cos_i, cos_n * cos_t * cos_i - sin_n * sin_t, cos_t * sin_i)
    return along, across


def _equatorial(x: Floats, y: Floats, z: Floats) -> Floats:
    cosine, sine = np.cos(_OBLIQUITY), np.sin(_OBLIQUITY)
    return np.stack([x, cosine * y - sine * z, sine * y + cosine * z], axis=1)
