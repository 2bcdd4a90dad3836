"""When ZTF looks, and how deep, against what its alerts' histories say."""

from functools import lru_cache

import numpy as np
import pytest

from jobs.simulation.epochs import BANDS, Conditions, Epochs
from jobs.simulation.visits import SURVEYS, ztf
from jobs.simulation.visits.nights import moonlight

FIRST, YEARS = 58849.0, 3
G, R = BANDS.index("g"), BANDS.index("r")


@lru_cache
def seen() -> tuple[Epochs, Conditions]:
    ra, dec = places(256)
    return ztf.visits(7, ra, dec, FIRST, FIRST + 365.25 * YEARS)


def places(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(0, 360, n), np.degrees(
        np.arcsin(rng.uniform(np.sin(np.radians(-25)), np.sin(np.radians(70)), n))
    )


@pytest.mark.parametrize("band", [G, R])
def test_gaps_between_visits_are_those_of_real_histories(band: int) -> None:
    """25, 50, 75 and 95 % of 24,000 gaps in real histories: 1.0, 2.0, 3.1, 6.5 days; 1 in 8 less than an hour."""
    epochs, _ = seen()
    own = epochs.band == band
    gaps = np.diff(epochs.mjd[own])[np.diff(epochs.object[own]) == 0]
    low, middle, high, longest = np.quantile(gaps[gaps < 60], [0.25, 0.5, 0.75, 0.95])
    assert low == pytest.approx(1.0, abs=0.2)
    assert middle == pytest.approx(2.0, abs=0.3)
    assert high == pytest.approx(3.1, abs=0.9)
    assert 5 < longest < 11
    assert np.mean(gaps < 1 / 24) == pytest.approx(0.12, abs=0.04)


def test_both_bands_are_observed_within_an_hour_or_so_in_most_nights() -> None:
    epochs, _ = seen()
    night = np.floor(epochs.mjd) + 10**6 * epochs.object
    both = np.intersect1d(night[epochs.band == G], night[epochs.band == R])
    assert 0.65 < len(both) / len(np.unique(night)) < 0.85
    first = {
        band: dict(zip(night[epochs.band == band], epochs.mjd[epochs.band == band], strict=True)) for band in (G, R)
    }
    apart = np.array([abs(first[G][each] - first[R][each]) * 24 for each in both])
    assert 0.3 < np.median(apart) < 1.1


def test_seasons_last_seven_to_nine_months() -> None:
    epochs, _ = seen()
    longest_gap = [
        np.sort(np.diff(epochs.mjd[begin:end]))[-YEARS + 1 :].mean()
        for begin, end in zip(epochs.start, epochs.start[1:], strict=False)
    ]
    season = 365.25 - np.array(longest_gap)
    assert 200 < np.median(season) < 260
    assert np.quantile(season, 0.1) > 130


def test_limits_are_those_of_real_histories_and_the_moon_takes_a_magnitude() -> None:
    """Medians of 12,957 g and 13,939 r visits: 20.14, 20.03; with less than a tenth of the Moon 20.42, 20.31."""
    epochs, conditions = seen()
    light = moonlight(epochs.mjd)
    for band, whole, dark, full in ((G, 20.14, 20.42, 19.37), (R, 20.03, 20.31, 19.51)):
        limit = conditions.limit[epochs.band == band]
        moon = light[epochs.band == band]
        assert np.median(limit) == pytest.approx(whole, abs=0.1)
        assert np.std(limit) == pytest.approx(0.67, abs=0.1)
        assert np.median(limit[moon < 0.1]) == pytest.approx(dark, abs=0.1)
        assert np.median(limit[moon > 0.85]) == pytest.approx(full, abs=0.15)
    assert conditions.limit.min() >= 16.0
    assert conditions.limit.max() <= 21.3


@pytest.mark.parametrize(("band", "low", "high"), [(G, 18.92, 20.83), (R, 18.53, 20.71)])
def test_clouds_pass_in_one_visit_of_twelve(band: int, low: float, high: float) -> None:
    """5 and 95 % of the limits of 4,098 g and 4,358 r visits of real histories."""
    epochs, conditions = seen()
    own = epochs.band == band
    found = np.quantile(conditions.limit[own], [0.05, 0.95])
    assert found[0] == pytest.approx(low, abs=0.5)
    assert found[1] == pytest.approx(high, abs=0.1)
    clouded = conditions.zero_point[own] < 25.0
    assert 0.01 < clouded.mean() < 0.06
    assert np.median(conditions.limit[own][clouded]) < 19.0


def test_one_exposure_in_a_hundred_lasts_240_seconds_and_is_deeper() -> None:
    _, conditions = seen()
    long = conditions.exposure == 240
    assert np.unique(conditions.exposure).tolist() == [30, 240]
    assert 0.005 < long.mean() < 0.015
    assert np.median(conditions.limit[long]) - np.median(conditions.limit[~long]) == pytest.approx(1.0, abs=0.3)


def test_three_nights_in_ten_are_lost_often_several_in_a_row() -> None:
    epochs, _ = seen()
    observed = np.isin(np.arange(FIRST, FIRST + 365 * YEARS), np.unique(np.floor(epochs.mjd)))
    assert 0.22 < 1 - observed.mean() < 0.38
    after_lost = ~observed[1:][~observed[:-1]]
    assert after_lost.mean() > 1.6 * (1 - observed.mean())


def test_neighbours_share_their_visits_and_a_span_in_parts_is_the_whole() -> None:
    ra, dec = np.array([150.0, 150.001, 40.0]), np.array([20.0, 20.001, 20.0])
    epochs, conditions = ztf.visits(3, ra, dec, FIRST, FIRST + 200)
    first, second, _ = (slice(*epochs.start[i : i + 2]) for i in range(3))
    assert epochs.mjd[first].tolist() == epochs.mjd[second].tolist()
    assert conditions.limit[first].tolist() == conditions.limit[second].tolist()
    parts = [ztf.visits(3, ra[:1], dec[:1], FIRST + day, FIRST + day + 50) for day in (0, 50, 100, 150)]
    assert np.concatenate([part[0].mjd for part in parts]).tolist() == epochs.mjd[first].tolist()
    assert np.concatenate([part[1].limit for part in parts]).tolist() == conditions.limit[first].tolist()


def test_another_seed_observes_otherwise() -> None:
    ra, dec = places(3)
    one, other = (ztf.visits(seed, ra, dec, FIRST, FIRST + 100)[0] for seed in (1, 2))
    assert len(np.intersect1d(one.mjd, other.mjd)) == 0


def test_what_is_too_far_south_is_not_seen() -> None:
    ra = np.full(3, 100.0)
    dec = np.array([-60.0, -29.5, 10.0])
    assert ztf.sees(ra, dec).tolist() == [False, False, True]
    assert np.diff(ztf.visits(1, ra[:1], dec[:1], FIRST, FIRST + 300)[0].start).tolist() == [0]


def test_the_count_of_earlier_visits_grows_with_the_survey() -> None:
    """Medians of real alerts: 559 in 2019, 1,372 in 2023; 5 to 95 % in 2023: 750 to 3,800."""
    ra, dec = places(2000)
    middle_of_2019, middle_of_2023 = (ztf.earlier(7, ra, dec, np.full(2000, mjd)) for mjd in (58665.0, 60126.0))
    assert 250 < np.median(middle_of_2019) < 700
    assert np.median(middle_of_2023) == pytest.approx(1372, rel=0.25)
    assert np.quantile(middle_of_2023, 0.95) == pytest.approx(3800, rel=0.4)
    assert np.all(middle_of_2023 > middle_of_2019)


def test_references_are_of_the_first_months_and_of_15_frames_mostly() -> None:
    references = ztf.references(7, *places(1000))
    assert np.median(references.frames[:, R]) == 15
    assert references.frames[:, [G, R]].min() == 15
    assert references.frames.max() == 40
    assert references.frames[:, BANDS.index("z")].max() == 0
    assert np.median(references.last - references.first) == pytest.approx(72, rel=0.15)
    assert np.all(references.first > 58150)
    assert np.all(references.last < 58700)
    assert np.nanmedian(references.limit[:, R]) == pytest.approx(22.0, abs=0.4)


def test_the_camera_has_64_channels_and_positions_keep_their_pixel() -> None:
    field, channel, x, y = ztf.place_on_camera(*places(4000))
    assert np.unique(channel).tolist() == list(range(64))
    assert len(np.unique(field)) > 300
    assert (x.min() >= 0) and (x.max() < 3072) and (y.min() >= 0) and (y.max() < 3080)


def test_channels_of_an_exposure_differ_in_zero_point_as_the_camera_does() -> None:
    """Medians of the 64 channels in real histories scatter by 0.07 mag in g and 0.09 in r, by the same in every seed."""
    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(172, 188, 900), rng.uniform(12, 28, 900)
    field, channel, _, _ = ztf.place_on_camera(ra, dec)
    own = field == np.bincount(field).argmax()
    channel, offsets = channel[own], []
    for seed in (1, 2):
        epochs, conditions = ztf.visits(seed, ra[own], dec[own], FIRST, FIRST + 60)
        shot = epochs.mjd == epochs.mjd[epochs.band == G][0]
        assert np.ptp(conditions.limit[shot]) == 0
        offsets.append(conditions.zero_point[shot] - conditions.zero_point[shot][0])
    by_channel = [offsets[0][channel == each] for each in np.unique(channel)]
    assert len(by_channel) > 40
    assert max(np.ptp(one) for one in by_channel) < 1e-9
    assert 0.05 < np.std([one[0] for one in by_channel]) < 0.11
    np.testing.assert_allclose(offsets[0], offsets[1], atol=1e-9)


def test_surveys_are_found_by_name() -> None:
    assert SURVEYS["ztf"] is ztf.SURVEY
    assert SURVEYS["ztf"].name == "ztf"
