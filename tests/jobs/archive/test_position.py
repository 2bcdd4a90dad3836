"""Positions as people write them, and distances on the sky, against astropy."""

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from jobs.archive.position import Cone, NoPosition, position_of


@pytest.mark.parametrize(
    "text",
    [
        "188.73625 -1.034166666667",
        "188.73625, -1.034166666667",
        "188.73625,-1.034166666667",
        "12:34:56.7 -01:02:03",
        "12:34:56.7, -01:02:03",
        "12h34m56.7s -1d2m3s",
        "12h34m56.7s −1°02′03″",
        "12 34 56.7 -01 02 03",
        "12h 34m 56.7s -1d 2m 3s",
        "188.73625d -1.034166666667d",
    ],
)
def test_one_position_in_all_ways_to_write_it(text):
    assert position_of(text) == pytest.approx((188.73625, -1.0341666666667), abs=1e-10)


def test_a_small_negative_declination_keeps_its_sign():
    assert position_of("0:00:01 -00:00:01") == pytest.approx((15 / 3600, -1 / 3600))


@pytest.mark.parametrize(
    "text", ["", "12", "ZTF18abc", "1 2 3", "nan 0", "12:60:60 0:0:0", "12:99:00 1:2:3", "inf 3", "1 2 3 4 5"]
)
def test_what_is_no_position_is_refused_with_the_ways_to_write_one(text):
    with pytest.raises(NoPosition, match=r"degrees .* or sexagesimal"):
        position_of(text)


@pytest.mark.parametrize("text", ["10 -0:00:30", "10.684 +41d16m09s"])
def test_a_bare_right_ascension_beside_a_sexagesimal_declination_is_asked_about(text):
    """150 degrees, or 10?"""
    with pytest.raises(NoPosition, match=r"is RA 10(\.684)? in degrees or in hours\? Write 10(\.684)?d or 10(\.684)?h"):
        position_of(text)


@pytest.mark.parametrize(
    ("ra", "dec", "radius"), [(361, 0, 5), (-1, 0, 5), (0, 91, 5), (0, 0, 0), (0, 0, float("nan"))]
)
def test_a_circle_that_is_not_on_the_sky_is_refused(ra, dec, radius):
    with pytest.raises(NoPosition):
        Cone(ra, dec, radius)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (359.9999, 45.0), (123.4, 89.9999), (77.0, -90.0), (180.0, -30.0)])
def test_distances_are_those_of_astropy_at_the_poles_and_across_zero(centre):
    rng = np.random.default_rng(3)
    origin = SkyCoord(*centre, unit="deg")
    others = origin.directional_offset_by(rng.uniform(0, 360, 300) * u.deg, 10 ** rng.uniform(-6, 1, 300) * u.deg)
    cone = Cone(*centre, 3600.0)
    ra, dec = others.ra.deg, others.dec.deg
    expected = origin.separation(SkyCoord(ra, dec, unit="deg")).arcsec
    assert cone.distances(ra, dec) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    inside = cone.inside(pa.table({"ra": ra, "dec": dec}))
    assert inside.num_rows == int((expected <= 3600).sum()) > 0
    low, high = cone.reach  # what statistics may leave out holds nothing of the circle
    assert np.all((dec[expected <= 3600] >= low) & (dec[expected <= 3600] <= high))


def test_a_position_that_is_not_known_is_in_no_circle():
    table = pa.table({"ra": pa.array([None, 1.0, 1.0], pa.float64()), "dec": pa.array([0.0, None, 0.0], pa.float64())})
    assert Cone(1.0, 0.0, 648_000).inside(table)["distance_arcsec"].to_pylist() == [0.0]
