"""The module `period` on light curves whose period is known, on noise, and on real RR Lyrae stars."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from periodic_curves import Floats, batch, looks, observed

from jobs.simulation.classes import rr_lyrae_ab
from jobs.simulation.epochs import Epochs
from jobs.simulation.reach import ZTF_REACH
from science_modules.period import MODULE, Settings, load, run
from science_modules.period.search import NO_SCATTER, TOO_FEW, TOO_LONG, TOO_SHORT


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load({})


def sinusoid(turns: Floats) -> Floats:
    return 0.3 * np.sin(2 * np.pi * turns)


def saw_tooth(turns: Floats) -> Floats:
    return 0.6 * np.minimum(turns % 1, 5 * (1 - turns % 1))


def eclipses(turns: Floats) -> Floats:
    """A deep and a shallow one, each a tenth of the period long."""
    return 0.5 * (np.abs(turns % 1 - 0.25) < 0.06) + 0.3 * (np.abs(turns % 1 - 0.75) < 0.06)


# Four harmonics of half the period are eight of the period: two eclipses are better described by them.
@pytest.mark.parametrize(("shape", "factors"), [(sinusoid, (1,)), (saw_tooth, (1,)), (eclipses, (1, 0.5))])
def test_known_periods_are_found_at_ztf_times(shape: Any, factors: tuple[float, ...], settings: Settings) -> None:
    epochs = looks(20, 500.0)
    periods = np.random.default_rng(3).uniform(0.15, 3.0, 20)
    magnitude = shape(epochs.mjd / epochs.of_objects(periods)) + 0.3 * epochs.band
    found = run(observed(epochs, 1e5 * 10 ** (-0.4 * magnitude), 0.02), settings)
    ratio = found["period"].to_numpy() / periods
    right = np.any([np.abs(ratio / factor - 1) < 1e-3 for factor in factors], axis=0)
    assert right.sum() >= 19, ratio
    assert (found["false_alarm"][right] < 1e-3).all()


def test_simulated_rr_lyrae_have_the_periods_they_were_drawn_with(settings: Settings) -> None:
    epochs = looks(25, 700.0)
    n = len(epochs.start) - 1
    stars = rr_lyrae_ab.CLASS.draw(np.random.default_rng(5), n, ZTF_REACH)
    found = run(observed(epochs, rr_lyrae_ab.CLASS.flux(stars, epochs), 0.03), settings)
    right = np.abs(found["period"] / stars["period"] - 1) < 1e-3
    assert right.sum() >= 0.9 * n, found["period"] / stars["period"]
    assert (found["n_harmonics"][right] >= 2).mean() > 0.9  # a saw tooth is no sinusoid


def test_the_amplitudes_are_those_of_the_series(settings: Settings) -> None:
    epochs = looks(5, 500.0)
    turns = epochs.mjd / 0.7321
    gain = np.where(epochs.band == 1, 1.0, 0.5)  # g, r
    flux = 1e5 + gain * (4000 * np.cos(2 * np.pi * turns) + 1500 * np.sin(4 * np.pi * turns))
    found = run(observed(epochs, flux, 0.001), settings)
    wanted = np.where(found["amplitude_band"] == "g", 1.0, 0.5)
    np.testing.assert_allclose(found["amplitude_1"] / wanted, 4000, rtol=0.02)
    np.testing.assert_allclose(found["amplitude_2"] / wanted, 1500, rtol=0.04)
    np.testing.assert_allclose(found["period"], 0.7321, rtol=1e-4)
    assert (found["explained"] > 0.98).all()


def noise(n: int, days: float, n_objects: int, bands: str, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    curves = []
    for _ in range(n_objects):
        error = rng.uniform(0.5, 1.5, n)
        times = np.sort(rng.uniform(0, days, n)) + 59000
        curves.append((times, rng.choice(list(bands), n), 100 + error * rng.normal(size=n), error))
    return batch(curves)


@pytest.mark.parametrize(("n", "days", "bands"), [(26, 30.0, "r"), (40, 30.0, "gr"), (60, 20.0, "gri")])
def test_noise_has_false_alarms_as_often_as_the_bound_says(n: int, days: float, bands: str, settings: Settings) -> None:
    found = run(noise(n, days, 300, bands, 11), settings)["false_alarm"].dropna().astype(float)
    assert len(found) > 285
    for level in (0.02, 0.1, 0.3):
        rate, error = (found < level).mean(), (level * (1 - level) / len(found)) ** 0.5
        assert 0.5 * level - 2 * error < rate < level + 2 * error, (level, rate)


def test_nightly_looks_leave_an_alias_and_it_is_named(settings: Settings) -> None:
    rng = np.random.default_rng(4)
    times = 59000 + np.arange(120.0) + 0.3 + rng.normal(0, 0.004, 120)  # always at the same hour, to six minutes
    flux = 1000 + 100 * np.sin(2 * np.pi * 2.37 * times) + rng.normal(0, 30, 120)
    row = run(batch([(times, ["r"] * 120, flux, np.full(120, 30.0))]), settings).iloc[0]
    assert row["is_ambiguous"]
    assert any(abs(1 / row["period"] - true) < 0.01 for true in (0.37, 0.63, 1.37, 1.63, 2.37, 2.63, 3.37, 3.63))
    one, other = 1 / row["period"], 1 / row["alias_period"]
    related = {f"f + {k}": one + k for k in (1, 2)} | {f"f - {k}": one - k for k in (1, 2)}
    related |= {f"{k} - f": k - one for k in (1, 2)}
    assert other == pytest.approx(related[row["alias"]], abs=0.02)


def test_scattered_looks_leave_none(settings: Settings) -> None:
    rng = np.random.default_rng(4)
    times = np.sort(59000 + rng.uniform(0, 120, 120))
    flux = 1000 + 100 * np.sin(2 * np.pi * 2.37 * times) + rng.normal(0, 30, 120)
    row = run(batch([(times, ["r"] * 120, flux, np.full(120, 30.0))]), settings).iloc[0]
    assert 1 / row["period"] == pytest.approx(2.37, abs=2e-3)
    assert not (row["is_ambiguous"] and "f" in row["alias"].replace("f / 2", "").replace("2 f", ""))
    assert row["window"] < 0.3


def test_a_slow_change_seen_once_a_night_stands_at_the_peak_of_the_window(settings: Settings) -> None:
    times = 59000 + np.arange(100.0) + 0.3
    flux = 1000 + 5 * np.arange(100.0) + np.random.default_rng(5).normal(0, 10, 100)
    row = run(batch([(times, ["r"] * 100, flux, np.full(100, 10.0))]), settings).iloc[0]
    assert row["is_ambiguous"] or row["window"] > 0.9


def test_a_higher_limit_finds_shorter_periods(settings: Settings) -> None:
    rng = np.random.default_rng(6)
    times = np.sort(59000 + rng.uniform(0, 60, 200))
    flux = 1000 + 100 * np.sin(2 * np.pi * times * 61.7) + rng.normal(0, 20, 200)
    curve = batch([(times, ["r"] * 200, flux, np.full(200, 20.0))])
    assert run(curve, settings)["period"][0] > 1 / 24.001
    assert run(curve, load({}, 72.0))["period"][0] == pytest.approx(1 / 61.7, rel=1e-5)


def test_without_an_answer_there_is_a_reason(settings: Settings) -> None:
    times, error = 59000 + np.arange(25) * 1.37, np.full(25, 5.0)
    flux = 1000 + 100 * np.sin(times)
    few = (times[:19], ["r"] * 19, flux[:19], error[:19])
    thin = (times, ["g"] * 17 + ["r"] * 8, flux, error)
    hurried = (59000 + np.arange(25) / 1440, ["r"] * 25, flux, error)
    flat = (times, ["r"] * 25, np.full(25, 1000.0), error)
    astray = (np.append(0.0, times[1:]), ["r"] * 25, flux, error)
    vast = (times, ["r"] * 25, flux * 1e180, error)
    sharp = (times, ["r"] * 25, flux, error * 1e-180)
    good = (times, ["g"] * 12 + ["r"] * 13, flux, error)
    found = run(batch([few, thin, hurried, flat, astray, vast, sharp, good]), settings)
    wanted = [TOO_FEW, TOO_FEW, TOO_SHORT, NO_SCATTER, TOO_LONG, NO_SCATTER, NO_SCATTER, None]
    assert list(found["error"]) == wanted
    assert list(found["n"]) == [19, 17, *[25] * 6]
    answers = [field.name for field in MODULE.outputs if field.name != "n"]
    assert found.loc[: len(wanted) - 2, answers].isna().all(axis=None)


def test_a_band_without_scatter_leaves_the_answer_to_the_other(settings: Settings) -> None:
    rng = np.random.default_rng(8)
    times = np.sort(59000 + rng.uniform(0, 50, 40))
    moving, error = 1000 + 100 * np.sin(2 * np.pi * times / 0.43), np.full(40, 5.0)
    both = (np.append(times, times), ["r"] * 40 + ["g"] * 40, np.append(moving, error), np.append(error, error))
    row = run(batch([both]), settings).iloc[0]
    assert row["period"] == pytest.approx(0.43, rel=1e-4)
    assert 0 <= row["false_alarm"] < 1e-10 and row["explained"] == pytest.approx(1, abs=1e-3)


def test_forced_points_count_limits_and_broken_points_do_not(settings: Settings) -> None:
    times, flux = 59000 + np.arange(24) * 1.37, 1000 + 100 * np.sin(np.arange(24))
    flux[21], error = np.nan, np.full(24, 5.0)
    error[22] = 0
    kinds = [["detection", "forced"] * 10 + ["upper_limit"] + ["detection"] * 3]
    found = run(batch([(times, ["r"] * 24, flux, error)], lc_kind=kinds), settings)
    assert found["n"][0] == 21


def test_bands_of_other_surveys_are_read(settings: Settings) -> None:
    times = 59000 + np.sort(np.random.default_rng(7).uniform(0, 40, 60))
    flux = 1000 + 100 * np.sin(2 * np.pi * times / 0.61)
    row = run(batch([(times, ["o"] * 40 + ["c"] * 20, flux, np.full(60, 5.0))]), settings).iloc[0]
    assert row["period"] == pytest.approx(0.61, rel=1e-3)
    assert (row["amplitude_band"], row["n"]) == ("o", 60)


def stripe_82(directory: Path) -> pd.DataFrame:
    table = pd.read_parquet(directory / "lightcurves" / "sdss_s82_rrlyrae.parquet")
    return table[(table["mag"] > 0) & (table["magerr"] > 0) & (table["magerr"] < 1)]


def test_stripe_82_rr_lyrae_have_their_published_periods(real_alerts: Path, settings: Settings) -> None:
    stars = [own.sort_values("mjd") for _, own in stripe_82(real_alerts).groupby("object")][::4]
    published = np.array([own["period"].iloc[0] for own in stars])
    curves = []
    for own in stars:
        flux = 10 ** (0.4 * (31.4 - own["mag"].to_numpy(np.float64)))
        curves.append((own["mjd"], own["band"], flux, flux * own["magerr"] / 1.0857))
    found = run(batch(curves), settings)
    counts = Counter(map(relation, 1 / found["period"], 1 / published, [np.ptp(own["mjd"]) for own in stars]))
    assert len(stars) == 72
    assert counts["P"] >= 64, counts  # 267 of all 285
    assert counts["P/2"] + counts["2P"] <= 4, counts


def relation(found: float, true: float, span: float) -> str:
    """How a frequency lies to the true one, to two peak widths."""
    names = {"P": true, "P/2": 2 * true, "2P": true / 2}
    names |= {f"{sign:+d}": abs(true + sign * day) for sign in (1, -1, 2, -2) for day in (1.0,)}
    return next((name for name, frequency in names.items() if abs(found - frequency) < 2 / span), "other")


def test_epochs_are_those_of_ztf() -> None:
    """The other tests stand on these times: about one look in g and r every second night, most within a few hours."""
    epochs: Epochs = looks(20, 500.0)
    assert len(epochs.start) == 21
    assert 60 < np.median(np.diff(epochs.start)) < 400
