"""Galactic and ecliptic coordinates of ICRS positions."""

import erfa
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_J2000 = 2451545.0


def galactic(ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
    """Galactic longitude and latitude.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        ICRS [deg]; NaN stays NaN.

    Returns
    -------
    gal_l, gal_b : numpy.ndarray of float64, shape (n,)
        [deg], longitude in [0, 360).

    Notes
    -----
    The Galactic frame of the Hipparcos catalogue (ESA 1997, vol. 1, section 1.5.3), by ERFA's icrs2g.
    """
    with np.errstate(invalid="ignore"):  # NaN in, NaN out
        gal_l, gal_b = erfa.icrs2g(np.radians(ra), np.radians(dec))
    return np.degrees(gal_l), np.degrees(gal_b)


def ecliptic_latitude(ra: Floats, dec: Floats) -> Floats:
    """Latitude above the mean ecliptic of J2000, seen from the barycentre.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        ICRS [deg]; NaN stays NaN.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        [deg].

    Notes
    -----
    IAU 2006 precession and obliquity, frame bias included, by ERFA's eqec06.
    """
    with np.errstate(invalid="ignore"):
        _, latitude = erfa.eqec06(_J2000, 0.0, np.radians(ra), np.radians(dec))
    return np.asarray(np.degrees(latitude))
