"""The Fourier series against NumPy's pseudo-inverse, a series that is known, and the published code."""

import numpy as np
import pytest
from golden_curves import GoldenCurves, share_within
from random_curves import groups, random_curves

from science_modules.common.curve_features.harmonics import harmonics


def by_pseudo_inverse(time, mag, err, _offsets, period):
    angle = 2 * np.pi * time / period
    terms = np.column_stack([np.ones(len(time)), *(w(k * angle) for k in range(1, 8) for w in (np.cos, np.sin))])
    weight = 1 / (err + 0.01)
    solution = np.linalg.pinv(terms * weight[:, None]) @ (mag * weight)
    cosine, sine = solution[1::2], solution[2::2]
    phase = np.arctan2(sine, cosine)
    found = {f"Harmonics_mag_{k}": np.hypot(cosine, sine)[k - 1] for k in range(1, 8)}
    found |= {f"Harmonics_phase_{k}": (phase[k - 1] - k * phase[0]) % (2 * np.pi) for k in range(2, 8)}
    return found | {"Harmonics_mse": np.mean((mag - terms @ solution) ** 2)}


@pytest.mark.parametrize("period", [0.37, 5.1])
def test_it_is_the_pseudo_inverses(period: float) -> None:
    curves = random_curves([1, 4, 12, 22, 40, 200])
    found = harmonics(*curves, np.full(6, period))
    for k, each in enumerate(groups(curves)):
        for name, wanted in by_pseudo_inverse(*each, period).items():
            ours = np.exp(1j * found[name][k]) if "phase" in name else found[name][k]
            wanted = np.exp(1j * wanted) if "phase" in name else wanted
            assert abs(ours - wanted) < 1e-6 * abs(wanted) + 1e-9, (name, k)


def test_a_known_series_is_found_wherever_time_begins() -> None:
    time = np.sort(np.random.default_rng(1).uniform(0, 300, 120))
    turns = 2 * np.pi * time / 2.3
    mag = 19 + 0.5 * np.cos(turns - 0.4) + 0.2 * np.cos(2 * turns - 1.9) + 0.05 * np.cos(5 * turns - 3.0)
    found = harmonics(time + 58000.123, mag, np.full(120, 0.02), np.array([0, 120]), np.array([2.3]))
    assert [found[f"Harmonics_mag_{k}"][0] for k in (1, 2, 5)] == pytest.approx([0.5, 0.2, 0.05], abs=1e-9)
    assert max(found[f"Harmonics_mag_{k}"][0] for k in (3, 4, 6, 7)) < 1e-9
    assert [found[f"Harmonics_phase_{k}"][0] for k in (2, 5)] == pytest.approx([1.9 - 0.8, 3.0 - 2.0], abs=1e-7)
    assert found["Harmonics_mse"][0] < 1e-18


def test_without_a_period_there_is_no_answer() -> None:
    curves = random_curves([20])
    assert all(np.isnan(values).all() for values in harmonics(*curves, np.array([np.nan])).values())


def test_it_is_the_published_one_at_their_period(golden: GoldenCurves) -> None:
    """Theirs are amplitudes of up to 1e11 mag where the period is far longer than the curve; ours the shortest solution."""
    period = golden.table["Multiband_period"].to_numpy(np.float64)
    for band, curves in golden.bands.items():
        found = harmonics(curves.time, curves.mag, curves.err, curves.offsets, period)
        sound = golden.theirs("Harmonics_mag_1", band) < 10
        for name, ours in found.items():
            theirs = golden.theirs(name, band)
            assert (np.isnan(ours) == np.isnan(theirs)).all()
            assert share_within(ours[sound], theirs[sound], 1e-3, 1e-20) > 0.95, name
        assert np.nanmax(found["Harmonics_mag_1"][sound]) < 10
