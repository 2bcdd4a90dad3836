"""What catalogues list of a scene."""

from dataclasses import replace

import numpy as np
import pytest

from jobs.simulation.ztf.neighbours import catalogued, is_extended, nearest, ps1_fields
from jobs.simulation.ztf.scenes import points


def nuclei_in_galaxies(galaxy_mag):
    """Two alerts: at the first a nucleus of 18 mag in a galaxy, at the second a star of its own; a neighbour beside each."""
    zero = np.zeros(2)
    own = points(np.arange(2), zero + 0.1, zero, np.array([18.0, 17.0]), zero + 0.5, central=True)
    galaxy = points(np.array([0]), np.array([0.1]), np.zeros(1), np.array([galaxy_mag]), np.array([0.7]), central=True)
    galaxy = replace(galaxy, radius=np.array([2.0]))
    beside = points(np.arange(2), zero + 8.0, zero, np.array([18.5, 18.6]), zero + 0.5, central=False)
    return own.with_these(galaxy).with_these(beside)


def test_a_nucleus_and_its_galaxy_are_one_entry_with_the_light_of_both():
    listed = catalogued(nuclei_in_galaxies(18.0))
    assert len(listed.mag) == 4
    first = listed.mag[(listed.owner == 0) & listed.central]
    # twice the light is 0.7526 mag
    assert first == pytest.approx([18.0 - 0.7526], abs=1e-3)
    assert listed.mag[(listed.owner == 1) & listed.central] == pytest.approx([17.0])


def test_it_is_extended_as_far_as_the_galaxy_has_part_in_it():
    for galaxy_mag, extended in ((17.0, True), (18.0, True), (21.0, False)):
        listed = catalogued(nuclei_in_galaxies(galaxy_mag))
        assert is_extended(listed)[(listed.owner == 0) & listed.central].tolist() == [extended]


def test_the_second_neighbour_is_not_the_galaxy_again():
    found = ps1_fields(np.random.default_rng(1), catalogued(nuclei_in_galaxies(17.5)), 2)
    assert found["distpsnr1"] == pytest.approx([0.1, 0.1])
    assert found["distpsnr2"] == pytest.approx([8.0, 8.0])
    assert found["nmtchps"].tolist() == [2, 2]


def test_the_nearest_is_the_first_of_those_as_near_and_none_where_there_is_none():
    east = np.array([3.0, 1.0, 2.0, 1.0, 0.5])
    sources = points(np.array([0, 0, 2, 0, 0]), east, 0 * east, 18 + 0 * east, 0 * east, central=False)
    index, has = nearest(sources, 3, np.array([True, True, True, True, False]))
    assert has.tolist() == [True, False, True]
    assert index[has].tolist() == [1, 2]
