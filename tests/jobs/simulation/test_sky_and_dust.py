"""Places, dust and distances."""

import erfa
import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.cosmology import FlatLambdaCDM

from jobs.simulation.cosmology import distance_modulus, draw_redshifts, redshift_of_modulus
from jobs.simulation.extinction import draw_reddening
from jobs.simulation.reach import ZTF_REACH
from jobs.simulation.sky_places import draw_places, galactic_latitude

PLACES = ["everywhere", "extragalactic", "thin_disc", "thick_disc", "halo", "star_forming", "ecliptic"]


@pytest.mark.parametrize("place", PLACES)
def test_places_lie_where_the_survey_looks_and_repeat(place):
    ra, dec = draw_places(np.random.default_rng(2), place, 2000, -28, 88)
    assert ra.shape == dec.shape == (2000,)
    assert ((dec >= -28) & (dec <= 88)).all() and ((ra >= 0) & (ra < 360)).all()
    np.testing.assert_array_equal(ra, draw_places(np.random.default_rng(2), place, 2000, -28, 88)[0])
    assert len(np.unique(ra)) == 2000


def test_latitudes_are_those_of_the_populations():
    latitude = {
        p: np.abs(galactic_latitude(*draw_places(np.random.default_rng(3), p, 20_000, -90, 90))) for p in PLACES
    }
    median = {place: np.median(values) for place, values in latitude.items()}
    assert median["star_forming"] < median["thin_disc"] < median["thick_disc"] < median["everywhere"]
    assert median["everywhere"] == pytest.approx(30, abs=0.7)  # half of a sphere lies beyond
    assert median["thin_disc"] == pytest.approx(5.5, abs=1.5)
    assert (latitude["extragalactic"] < 7).mean() < 0.01 and median["extragalactic"] > 34
    assert (latitude["star_forming"] < 15).mean() > 0.75


def test_the_ecliptic_is_erfas_and_the_latitude_astropys():
    ra, dec = draw_places(np.random.default_rng(4), "ecliptic", 5000, -90, 90)
    _, beta = erfa.eqec06(2451545.0, 0.0, np.radians(ra), np.radians(dec))
    assert np.abs(np.degrees(beta)).mean() == pytest.approx(12, abs=0.7)
    by_astropy = SkyCoord(ra * units.deg, dec * units.deg).galactic.b.deg
    np.testing.assert_allclose(galactic_latitude(ra, dec), by_astropy, atol=1e-5)


def test_what_a_survey_cannot_see_is_said():
    with pytest.raises(ValueError, match=r"between declinations 89\.99999"):
        draw_places(np.random.default_rng(0), "ecliptic", 300, 89.99999, 90)


def test_dust_is_a_patchy_slab():
    for latitude, expected in ((90.0, 0.06), (-30.0, 0.12), (10.0, 0.3455), (1.0, 0.6)):
        ebv = draw_reddening(np.random.default_rng(1), np.full(20_000, latitude))
        assert np.median(ebv) == pytest.approx(expected, rel=0.02)
        assert np.log(ebv).std() == pytest.approx(0.4, abs=0.01)


def test_distances_are_astropys():
    z = np.array([0.003, 0.05, 0.3, 2.5])
    truth = FlatLambdaCDM(H0=70, Om0=0.3).distmod(z).value
    np.testing.assert_allclose(distance_modulus(z), truth, atol=1e-4)
    np.testing.assert_allclose(redshift_of_modulus(truth), z, rtol=1e-4)


def test_redshifts_fill_the_volume_that_the_limits_leave():
    """At small distances volume goes as the cube: half of the objects lie within 0.5 mag of the limit."""
    z = draw_redshifts(np.random.default_rng(8), np.full(50_000, -14.0), ZTF_REACH)
    mag = -14 + distance_modulus(z)
    assert mag.max() <= ZTF_REACH.faint + 1e-6 and mag.min() >= ZTF_REACH.bright
    assert ZTF_REACH.faint - np.median(mag) == pytest.approx(5 * np.log10(2) / 3, abs=0.03)
    far = draw_redshifts(np.random.default_rng(8), np.full(20_000, -24.0), ZTF_REACH, z_max=1.0)
    volume = FlatLambdaCDM(H0=70, Om0=0.3).comoving_volume([0.5, 1.0]).value
    # A shell counts 1 / (1 + z), so the inner half has more than its volume.
    assert volume[0] / volume[1] < (far < 0.5).mean() < 1.45 * volume[0] / volume[1]
