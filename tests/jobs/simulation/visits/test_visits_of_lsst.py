"""When LSST looks, and how deep: the wide survey and the deep fields."""

import numpy as np
import pytest

from jobs.simulation.epochs import BANDS
from jobs.simulation.visits import lsst
from jobs.simulation.visits.nights import moonlight

FIRST = 61041.0


def places(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(np.sin(np.radians(-62)), np.sin(np.radians(0)), n)))


def test_the_wide_survey_has_some_800_visits_in_ten_years() -> None:
    epochs, _ = lsst.visits(7, *places(200), FIRST, FIRST + 2 * 365.25)
    in_ten_years = 5 * np.median(np.diff(epochs.start))
    assert in_ten_years == pytest.approx(800, rel=0.1)


def test_bands_have_their_shares_of_the_visits() -> None:
    """Of 824 visits a field has u 56, g 80, r 184, i 184, z 160, y 160: within 3 in 100 of all."""
    epochs, _ = lsst.visits(7, *places(200), FIRST, FIRST + 4 * 365.25)
    share = np.bincount(epochs.band, minlength=6) / len(epochs.band)
    assert share == pytest.approx(np.array([56, 80, 184, 184, 160, 160]) / 824, abs=0.04)


def test_limits_are_the_surveys_single_visit_depths_less_moon_air_and_seeing() -> None:
    epochs, conditions = lsst.visits(7, *places(200), FIRST, FIRST + 2 * 365.25)
    dark = moonlight(epochs.mjd) < 0.2
    for band, depth in zip(BANDS, (23.9, 25.0, 24.7, 24.0, 23.3, 22.1), strict=True):
        limit = conditions.limit[(epochs.band == BANDS.index(band)) & dark]
        assert depth - 0.5 < np.median(limit) < depth, band
    assert np.unique(conditions.exposure).tolist() == [30]
    assert 0.9 < np.median(conditions.fwhm) < 1.2


def test_visits_come_in_pairs_half_an_hour_apart() -> None:
    epochs, _ = lsst.visits(7, *places(50), FIRST, FIRST + 365)
    gaps = np.diff(epochs.mjd)[np.diff(epochs.object) == 0] * 24
    short = gaps[gaps < 4]
    assert len(short) == pytest.approx(len(gaps) / 2, rel=0.05)
    assert np.median(short) == pytest.approx(0.55, abs=0.05)


def test_a_deep_field_is_observed_a_thousand_times_a_year() -> None:
    ra, dec = np.array([150.1, 150.5, 170.0]), np.array([2.2, 2.5, 2.2])
    assert lsst.field_of(ra, dec).tolist()[:2] == [4, 4]
    many = np.diff(lsst.visits(7, ra, dec, FIRST, FIRST + 365)[0].start)
    assert 700 < many[0] < 1400
    assert many[1] == many[0]
    assert many[2] < 130


def test_what_is_too_far_north_is_not_seen() -> None:
    assert lsst.sees(np.array([10.0, 10.0]), np.array([40.0, -30.0])).tolist() == [False, True]


def test_neighbours_share_their_visits_and_a_span_in_parts_is_the_whole() -> None:
    ra, dec = np.array([60.0, 60.0001]), np.array([-20.0, -20.0001])
    epochs, conditions = lsst.visits(3, ra, dec, FIRST, FIRST + 200)
    first, second = slice(*epochs.start[:2]), slice(*epochs.start[1:])
    assert epochs.mjd[first].tolist() == epochs.mjd[second].tolist()
    parts = [lsst.visits(3, ra[:1], dec[:1], FIRST + day, FIRST + day + 100) for day in (0, 100)]
    assert np.concatenate([part[1].limit for part in parts]).tolist() == conditions.limit[first].tolist()
    assert len(conditions.limit[first]) > 20


def test_templates_are_older_than_the_survey_and_a_magnitude_deeper() -> None:
    references = lsst.references(7, *places(100))
    assert np.all(references.last < lsst.START)
    assert references.frames.min() >= 8
    assert np.median(references.limit[:, 2]) == pytest.approx(24.7 + 1.4, abs=0.2)
