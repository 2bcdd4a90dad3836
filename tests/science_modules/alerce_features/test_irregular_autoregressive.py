"""IAR_phi against SciPy on a plain likelihood, simulated processes, and the published code with its two slips."""

import numpy as np
import pytest
from golden_curves import GoldenCurves, share_within
from numpy.typing import NDArray
from random_curves import groups, random_curves
from scipy.optimize import minimize_scalar

from science_modules.common.curve_features.irregular_autoregressive import irregular_autoregressive

Floats = NDArray[np.float64]


def dense_cost(phi: float, time: Floats, y: Floats, noise: Floats) -> float:
    """Of a normal distribution with all its covariances: no filter."""
    covariance = phi ** np.abs(time[:, None] - time) + np.diag(noise)
    return float(np.linalg.slogdet(covariance)[1] + y @ np.linalg.solve(covariance, y))


def filter_cost(phi: float, time: Floats, y: Floats, noise: Floats) -> float:
    state, uncertainty, total = 0.0, 1.0, 0.0
    for i in range(len(time)):
        spread = uncertainty + noise[i]
        total += np.log(spread) + (y[i] - state) ** 2 / spread
        kept = phi ** (time[i + 1] - time[i]) if i + 1 < len(time) else 0.0
        state = kept * (state + uncertainty / spread * (y[i] - state))
        uncertainty = kept**2 * uncertainty * (1 - uncertainty / spread) + 1 - kept**2
    return total


def standardised(time: Floats, mag: Floats, err: Floats, _: object = None) -> tuple[Floats, Floats, Floats]:
    scatter = mag.std(ddof=1)
    return time, (mag - mag.mean()) / scatter, (err / scatter) ** 2


def processes(phi: float, n: int, objects: int, noise: float) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Processes of variance 0.09 mag^2 at random times, a look a day on average."""
    rng = np.random.default_rng(int(1e6 * phi))
    time = np.sort(rng.uniform(0, n, (objects, n)), axis=1)
    mag = rng.normal(size=(objects, n))
    for i in range(1, n):
        kept = phi ** (time[:, i] - time[:, i - 1])
        mag[:, i] = kept * mag[:, i - 1] + np.sqrt(1 - kept**2) * mag[:, i]
    mag = 19 + 0.3 * mag + rng.normal(0, noise, (objects, n))
    return time.ravel(), mag.ravel(), np.full(n * objects, noise), n * np.arange(objects + 1)


def test_it_is_the_maximum_of_the_likelihood() -> None:
    curves = random_curves([8, 20, 60], days=60.0)
    found = irregular_autoregressive(*curves)["IAR_phi"]
    for phi, each in zip(found, groups(curves), strict=True):
        values = [dense_cost(trial, *standardised(*each)) for trial in np.linspace(0.001, 0.999, 999)]
        assert dense_cost(phi, *standardised(*each)) <= min(values) + 1e-9


@pytest.mark.parametrize(("phi", "width"), [(0.3, 0.05), (0.7, 0.04), (0.9, 0.03)])
def test_simulated_processes_have_the_phi_they_were_made_with(phi: float, width: float) -> None:
    found = irregular_autoregressive(*processes(phi, 300, 60, 0.05))["IAR_phi"]
    assert np.median(found) == pytest.approx(phi, abs=width)
    assert np.mean(np.abs(found - phi) < 3 * width) > 0.9


def test_white_noise_keeps_nothing() -> None:
    found = irregular_autoregressive(*processes(1e-9, 300, 60, 0.05))["IAR_phi"]
    assert np.median(found) < 0.05


def test_fewer_than_six_points_or_no_scatter_give_no_answer() -> None:
    time, mag = np.arange(12.0), np.array([19.0, 20, 19, 20, 19] + [19.0] * 7)
    assert np.isnan(irregular_autoregressive(time, mag, np.full(12, 0.1), np.array([0, 5, 12]))["IAR_phi"]).all()


def test_with_their_slips_the_published_values_come_out(golden: GoldenCurves) -> None:
    """Theirs takes the next point's error in the likelihood of each, and leaves the last point out."""
    curves, theirs = golden.bands["2"], golden.theirs("IAR_phi", "2")
    rows = np.flatnonzero(np.isfinite(theirs))[::4]
    slipped, right = np.full((2, len(theirs)), np.nan)
    for k in rows:
        time, y, noise = standardised(*curves.group(k)[:3])
        bounds = {"bounds": (0, 1), "method": "bounded"}
        slipped[k] = minimize_scalar(filter_cost, args=(time[:-1], y[:-1], noise[1:]), **bounds).x
        right[k] = minimize_scalar(filter_cost, args=(time, y, noise), **bounds).x
    assert len(rows) == 90
    assert share_within(slipped, theirs, 0, 1e-3) > 0.97
    ours = irregular_autoregressive(curves.time, curves.mag, curves.err, curves.offsets)["IAR_phi"]
    assert (np.isnan(ours) == np.isnan(theirs)).all()
    assert share_within(right, ours, 0, 1e-3) > 0.9  # SciPy's search is a local one
    assert share_within(ours, theirs, 0, 0.1) > 0.85  # so much the slips move
