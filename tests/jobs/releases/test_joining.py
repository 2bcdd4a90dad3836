"""Stars of objects: against all pairs, at the poles, across RA 0, in crowds."""

import numpy as np
import pytest

from jobs.releases.joining import JOIN_ARCSEC, close_pairs, separation, stars


@pytest.mark.parametrize("centre", [(150.0, 2.0), (0.0, 0.0), (10.0, 89.9999), (45.0, 41.81), (200.0, -89.9995)])
def test_close_pairs_are_those_of_all_pairs(centre: tuple[float, float]) -> None:
    rng = np.random.default_rng(7)
    dec = np.clip(centre[1] + rng.normal(0, 20, 400) / 3600, -90, 90)
    ra = np.mod(centre[0] + rng.normal(0, 20, 400) / 3600 / np.cos(np.radians(dec)), 360)
    one, other = np.triu_indices(400, 1)
    near = separation(ra[one], dec[one], ra[other], dec[other]) <= JOIN_ARCSEC
    first, second, _ = close_pairs(ra, dec, JOIN_ARCSEC)
    assert near.sum() > 50
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == set(
        zip(one[near].tolist(), other[near].tolist(), strict=True)
    )


def test_a_star_is_joined_over_fields_and_filters_and_two_stars_of_one_field_are_not() -> None:
    ra = 150.0 + np.array([0.0, 0.5, -0.5, 1.2, 1.3, 90.0]) / 3600
    dec = np.full(6, 2.0)
    catalogue = np.array([1, 2, 3, 1, 2, 1])
    # 0, 1, 2 are nearest together; 3 and 4 are a second star, though 3 is within 1.5 arcsec of 1
    assert stars(ra, dec, catalogue).tolist() == [0, 0, 0, 3, 3, 5]


def test_objects_without_a_place_are_stars_of_their_own() -> None:
    nowhere = np.array([np.nan, np.nan])
    assert stars(nowhere, nowhere, np.array([1, 2])).tolist() == [0, 1]
