"""Galactic and ecliptic coordinates, against astropy and the definition of the Galactic frame."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord
from numpy.typing import NDArray

from jobs.pipeline.surveys.sky import ecliptic_latitude, galactic

ARCSEC = 1 / 3600


@pytest.fixture(scope="module")
def sky() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ten thousand positions all over the sky, the poles and RA 0 among them."""
    rng = np.random.default_rng(7)
    ra, dec = (rng.uniform(0, 360, 10_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 10_000))))
    return np.append(ra, [0.0, 0.0, 360.0, 180.0]), np.append(dec, [90.0, -90.0, 0.0, 0.0])


def test_galactic_coordinates_agree_with_astropy(sky: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    # astropy goes through FK5 (J2000), hence up to 0.03 arcsec of frame bias.
    gal_l, gal_b = galactic(*sky)
    ours = SkyCoord(gal_l, gal_b, unit="deg", frame="galactic")
    assert ours.separation(SkyCoord(*sky, unit="deg").galactic).max() < 0.1 * u.arcsec
    assert ((gal_l >= 0) & (gal_l < 360)).all()


def test_the_galactic_pole_and_centre_are_where_they_are_defined() -> None:
    # Hipparcos: pole at 12h51m26.28s +27d07m41.7s; the centre follows from l(NCP) = 122.93192 deg.
    gal_l, gal_b = galactic(np.array([192.85948, 266.40500]), np.array([27.12825, -28.93617]))
    assert gal_b == pytest.approx([90.0, 0.0], abs=1e-4)
    assert min(gal_l[1], 360 - gal_l[1]) < 1e-4


def test_ecliptic_latitude_is_astropys_barycentric_mean_ecliptic_of_j2000(
    sky: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    expected = SkyCoord(*sky, unit="deg").transform_to(BarycentricMeanEcliptic(equinox="J2000")).lat.deg
    assert np.abs(ecliptic_latitude(*sky) - expected).max() < 0.1 * ARCSEC


def test_the_celestial_pole_is_the_obliquity_away_from_the_ecliptic_pole() -> None:
    # Obliquity at J2000, IAU 2006: 84381.406 arcsec; ICRS differs from it by the frame bias, under 0.02 arcsec.
    latitude = ecliptic_latitude(np.array([10.0, 0.0]), np.array([90.0, 0.0]))
    assert latitude == pytest.approx([90 - 84381.406 / 3600, 0.0], abs=0.05 * ARCSEC)


def test_a_position_that_is_none_stays_none_and_spoils_no_other() -> None:
    ra, dec = np.array([10.0, np.nan]), np.array([20.0, np.nan])
    assert np.isnan(galactic(ra, dec)[0][1])
    assert np.isnan(ecliptic_latitude(ra, dec)[1])
    assert ecliptic_latitude(ra, dec)[0] == ecliptic_latitude(ra[:1], dec[:1])[0]
    assert len(ecliptic_latitude(np.array([]), np.array([]))) == 0
