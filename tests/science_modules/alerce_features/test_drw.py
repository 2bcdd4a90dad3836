"""The damped random walk's maximum likelihood against SciPy with whole covariances, simulated walks, and the published code."""

import numpy as np
import pytest
from golden_curves import BandCurves, GoldenCurves, share_within
from numpy.typing import NDArray
from random_curves import FlatCurves, groups, random_curves
from scipy.optimize import minimize

from science_modules.common.curve_features.drw import drw

Floats = NDArray[np.float64]


def dense_cost(logarithms: Floats, time: Floats, mag: Floats, err: Floats, _: object = None) -> float:
    """Negative logarithm of the likelihood, by all covariances at once."""
    variance, tau = np.exp(logarithms)
    y = mag - mag.mean()
    covariance = variance * np.exp(-np.abs(time[:, None] - time) / tau) + np.diag(err**2)
    return 0.5 * float(np.linalg.slogdet(covariance)[1] + y @ np.linalg.solve(covariance, y))


def walks(variance: float, tau: float, n: int, objects: int, days: float) -> FlatCurves:
    rng = np.random.default_rng(7)
    time = np.sort(rng.uniform(0, days, (objects, n)), axis=1)
    mag = rng.normal(0, variance**0.5, (objects, n))
    for i in range(1, n):
        kept = np.exp((time[:, i - 1] - time[:, i]) / tau)
        mag[:, i] = kept * mag[:, i - 1] + np.sqrt(1 - kept**2) * mag[:, i]
    err = rng.uniform(0.01, 0.06, (objects, n))
    mag = 19 + mag + rng.normal(0, err)
    return time.ravel(), mag.ravel(), err.ravel(), n * np.arange(objects + 1)


def test_no_start_of_scipys_leads_higher() -> None:
    curves = random_curves([8, 20, 35, 60], seed=4)
    found = drw(*curves)
    for k, each in enumerate(groups(curves)):
        ours = dense_cost(np.log([found["GP_DRW_sigma"][k], found["GP_DRW_tau"][k]]), *each)
        for start in ([0.0, 0.0], [-3.0, 3.0], [-2.0, -2.0]):
            theirs = minimize(dense_cost, start, args=each, method="L-BFGS-B", bounds=[(-18, 6), (-11, 11)])
            assert ours <= theirs.fun + 1e-6


@pytest.mark.parametrize(("variance", "tau"), [(0.04, 20.0), (0.25, 3.0), (0.01, 60.0)])
def test_simulated_walks_have_the_parameters_they_were_made_with(variance: float, tau: float) -> None:
    found = drw(*walks(variance, tau, 250, 60, 1500.0))
    for name, true in (("GP_DRW_sigma", variance), ("GP_DRW_tau", tau)):
        ratio = np.log(found[name] / true)
        assert abs(np.median(ratio)) < 0.15, name
        assert np.mean(np.abs(ratio) < 0.7) > 0.85, name


def test_noise_alone_is_no_walk() -> None:
    time, _, err, offsets = walks(0.04, 20.0, 60, 100, 300.0)
    found = drw(time, 19 + np.random.default_rng(1).normal(0, err), err, offsets)
    none = found["GP_DRW_sigma"] == 0
    assert none.mean() > 0.2
    assert (np.isnan(found["GP_DRW_tau"]) == none).all()
    assert found["GP_DRW_sigma"].max() < 0.001


def test_two_points_give_no_answer() -> None:
    found = drw(np.array([0.0, 1]), np.array([19.0, 20]), np.full(2, 0.1), np.array([0, 2]))
    assert np.isnan(found["GP_DRW_sigma"]).all() and np.isnan(found["GP_DRW_tau"]).all()


def gains(found: dict[str, Floats], golden: GoldenCurves, band: str, curves: BandCurves) -> Floats:
    """By how much the logarithm of the likelihood is above that of the published parameters."""
    ours = np.log(np.stack([found[name] for name in ("GP_DRW_sigma", "GP_DRW_tau")]))
    theirs = np.log(np.stack([golden.theirs(name, band) for name in ("GP_DRW_sigma", "GP_DRW_tau")]) + 1e-30)
    gained = np.full(len(curves.counts), np.nan)
    for k in np.flatnonzero(np.isfinite(ours).all(axis=0)):
        own = curves.group(k)
        gained[k] = dense_cost(theirs[:, k], *own) - dense_cost(ours[:, k], *own)
    return gained


@pytest.mark.filterwarnings("ignore:divide by zero")  # of a variance of 0
def test_it_is_the_published_one_or_more_likely(golden: GoldenCurves) -> None:
    """Where it differs: several maxima (theirs climbs from 1 mag^2 and 1 d), or no variance and hence no tau."""
    for band, curves in golden.bands.items():
        found = drw(curves.time, curves.mag, curves.err, curves.offsets)
        assert (np.isnan(found["GP_DRW_sigma"]) == (curves.counts < 3)).all()
        none = found["GP_DRW_sigma"] == 0
        assert golden.theirs("GP_DRW_sigma", band)[none].max() < 1e-4
        gained = gains(found, golden, band, curves)
        assert np.mean(gained[np.isfinite(gained)] > -1e-3) > 0.98
        alike = (np.abs(gained) < 1e-3) & (golden.theirs("GP_DRW_sigma", band) > 1e-5)
        assert share_within(found["GP_DRW_sigma"][alike], golden.theirs("GP_DRW_sigma", band)[alike], 1e-2) > 0.98
        resolved = alike & (found["GP_DRW_tau"] > 0.5) & (found["GP_DRW_tau"] < 1000)
        assert share_within(found["GP_DRW_tau"][resolved], golden.theirs("GP_DRW_tau", band)[resolved], 1e-2) > 0.95
