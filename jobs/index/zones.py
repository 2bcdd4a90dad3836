"""Places on the sky as one number each, so that a circle is a few ranges of it.

The sky is cut into zones of declination; the number grows with right ascension within a zone, and from zone to zone.
Ranges are a little wider than the circle: who asks measures the distances.

Notes
-----
Gray, Nieto-Santisteban & Szalay 2006, The Zones Algorithm (MSR-TR-2006-52). Beside HEALPix cells: a circle is one range per
zone at any size, exact at the poles, and numpy alone does it.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# [deg]: a circle of 1 arcmin touches one or two zones, one of 5 deg a hundred.
HEIGHT = 0.1
_ZONES = 1800
_WIDTH = 512.0
_MARGIN = 1e-7  # [deg]


def zone_keys(ra: Floats, dec: Floats) -> Floats:
    """The numbers of positions.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg]

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Infinity where a position is not known.
    """
    known = np.isfinite(ra) & np.isfinite(dec)
    place = _zone(np.where(known, dec, 0.0)) * _WIDTH + np.where(known, ra, 0.0) % 360.0
    return np.where(known, place, np.inf)


def circle_ranges(ra: float, dec: float, radius_deg: float) -> tuple[Floats, Floats]:
    """The ranges of numbers that hold all positions in a circle.

    Parameters
    ----------
    ra, dec, radius_deg : float
        [deg]

    Returns
    -------
    low, high : numpy.ndarray of float64, shape (ranges,)
        Both ends belong to a range; ranges do not overlap.
    """
    reach = radius_deg + _MARGIN
    first, last = _zone(np.array([dec - reach, dec + reach])).astype(int)
    starts = np.arange(first, last + 1)[:, None] * _WIDTH
    low, high = np.array(_sides(ra % 360.0, dec, reach)).T
    return (starts + low).ravel(), (starts + high).ravel()


def _zone(dec: Floats) -> Floats:
    return np.asarray(np.clip(np.floor((dec + 90.0) / HEIGHT), 0, _ZONES - 1))


def _sides(ra: float, dec: float, reach: float) -> list[tuple[float, float]]:
    """Ranges of right ascension of a circle: one, or two across 0."""
    if abs(dec) + reach >= 90.0:
        return [(0.0, 360.0)]
    half = math.degrees(math.asin(math.sin(math.radians(reach)) / math.cos(math.radians(dec)))) + _MARGIN
    if half >= 180.0:
        return [(0.0, 360.0)]
    if ra - half < 0.0:
        return [(0.0, ra + half), (ra - half + 360.0, 360.0)]
    if ra + half > 360.0:
        return [(0.0, ra + half - 360.0), (ra - half, 360.0)]
    return [(ra - half, ra + half)]
