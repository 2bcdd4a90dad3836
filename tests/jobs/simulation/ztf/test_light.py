"""Light on pixels against its formulas."""

import numpy as np
import pytest

from jobs.simulation.ztf.light import SIDE, Gaussians, galaxies
from jobs.simulation.ztf.seeing_discs import Stars, is_small, small_galaxies

ZERO = np.zeros(1, dtype=np.int64)


def drawn(gaussians):
    images = np.zeros((1, SIDE, SIDE), dtype=np.float32)
    gaussians.add_to(images)
    return images[0].astype(float)


def one(*values):
    return [np.array([value]) for value in values]


def test_a_tilted_gaussian_has_its_formula():
    image = drawn(Gaussians(ZERO, *one(5e5, 31.3, 30.6, 6.0, 2.0, 3.0)))
    down, across = np.indices((SIDE, SIDE)) - np.array([31.3, 30.6])[:, None, None]
    inverse = np.linalg.inv([[6.0, 2.0], [2.0, 3.0]])
    exponent = inverse[0, 0] * down**2 + 2 * inverse[0, 1] * down * across + inverse[1, 1] * across**2
    expected = 5e5 * np.exp(-exponent / 2) / (2 * np.pi * np.sqrt(14.0))
    np.testing.assert_allclose(image, expected, atol=3e-4 * expected.max())


def test_a_star_has_its_flux_and_its_width():
    image = drawn(Stars(ZERO, *one(1000.0, 31.0, 31.0, 4.0), np.zeros((1, 2))))
    assert image.sum() == pytest.approx(1000, rel=0.005)
    assert image[31, 33] == pytest.approx(image[31, 31] / 2, rel=0.015)


def test_what_lies_outside_adds_only_its_wing():
    image = drawn(Stars(ZERO, *one(1000.0, -3.0, 31.0, 3.0), np.zeros((1, 2))))
    assert 0 < image.sum() < 150
    assert np.unravel_index(image.argmax(), image.shape) == (0, 31)


@pytest.mark.parametrize("bulge", [True, False])
def test_half_of_a_galaxys_light_lies_within_its_half_light_radius(bulge):
    arguments = one(1000.0, 31.0, 31.0, 8.0, bulge, 1.0, 0.3, 1.0)
    image = drawn(galaxies(ZERO, *arguments))
    down, across = np.indices((SIDE, SIDE)) - 31
    assert image[np.hypot(down, across) < 8].sum() == pytest.approx(500, rel=0.08)


def test_an_inclined_galaxy_is_long_in_its_direction():
    along_columns = drawn(galaxies(ZERO, *one(1000.0, 31.0, 31.0, 5.0, False, 0.4, np.pi / 2, 1.0)))
    down, across = np.indices((SIDE, SIDE)) - 31
    assert (along_columns * across**2).sum() > 2 * (along_columns * down**2).sum()


@pytest.mark.parametrize(("bulge", "radius"), [(True, 0.5), (False, 0.8)])
def test_a_small_galaxy_has_nearly_the_seeings_profile(bulge, radius):
    columns = one(1000.0, 31.2, 30.9, radius, bulge, 0.5, 0.4, 2.1)
    assert is_small(columns[3], columns[4], columns[-1]).tolist() == [True]
    expected = drawn(galaxies(ZERO, *columns))
    image = drawn(small_galaxies(ZERO, *columns, np.zeros((1, 2))))
    np.testing.assert_allclose(image, expected, atol=0.07 * expected.max())
    assert image.sum() == pytest.approx(1000, rel=0.01)


def test_large_galaxies_are_not_small():
    radius, bulge = np.array([0.9, 0.5, 0.9, 0.5]), np.array([False, False, True, True])
    assert is_small(radius, bulge, np.full(4, 2.1)).tolist() == [False, True, False, True]
