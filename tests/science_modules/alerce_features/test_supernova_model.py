"""The supernova model against its formula, SciPy's least squares, simulated supernovae, and the published fits."""

import numpy as np
from golden_curves import BandCurves, GoldenCurves
from numpy.typing import NDArray
from random_curves import FlatCurves
from scipy.optimize import least_squares

from science_modules.common.curve_features.supernova_model import NAMES, supernova_model
from science_modules.common.photometry import MAG_OF_RELATIVE_ERROR, flux_of_magnitude, magnitude_of_flux

Floats = NDArray[np.float64]
MILLIJANSKY = 16.4  # magnitude of one


def model(time: Floats, a: float, t0: float, gamma: float, beta: float, rise: float, fall: float) -> Floats:
    late = time - t0 - gamma
    late_share = 1 / (1 + np.exp(-late / 3))
    shape = (1 - beta) * np.exp(-late / fall) * late_share + (1 - beta * (time - t0) / gamma) * (1 - late_share)
    return a * shape / (1 + np.exp(-(time - t0) / rise))


def simulated(objects: int, n: int, noise: float, seed: int) -> tuple[FlatCurves, Floats]:
    """Supernovae of types Ia and II with a look every two to three days, errors as a share of the flux at maximum."""
    rng = np.random.default_rng(seed)
    draws = [
        rng.uniform(low, high, objects) for low, high in ((0.1, 2), (8, 20), (12, 60), (0.1, 0.6), (2, 6), (20, 45))
    ]
    true = np.column_stack(draws)
    time = np.sort(rng.uniform(0, 110, (objects, n)), axis=1)
    time[:, 0] = 0
    flux = np.stack([model(t, *each) for t, each in zip(time, true, strict=True)])
    error = noise * flux.max(axis=1, keepdims=True) * np.ones(n)
    flux = np.maximum(flux + rng.normal(0, error), 0.2 * error)
    curves = 59000 + time, magnitude_of_flux(flux, MILLIJANSKY), MAG_OF_RELATIVE_ERROR * error / flux
    return (*(each.ravel() for each in curves), n * np.arange(objects + 1)), true


def squares(parameters: Floats, curves: FlatCurves | BandCurves, k: int) -> float:
    time, mag, _, offsets = curves if isinstance(curves, tuple) else (curves.time, curves.mag, 0, curves.offsets)
    own = slice(offsets[k], offsets[k + 1])
    flux = flux_of_magnitude(mag[own], MILLIJANSKY)
    return float(np.sum((model(time[own] - time[own][0], *parameters) - flux) ** 2) / flux.max() ** 2)


def parameters_of(found: dict[str, Floats]) -> Floats:
    return np.column_stack([found[name] for name in NAMES[:-1]])


def test_simulated_supernovae_have_the_parameters_they_were_made_with() -> None:
    curves, true = simulated(150, 60, 0.002, 1)
    found = parameters_of(supernova_model(*curves))
    off = np.abs(found - true) / np.array([true[:, 0].mean(), 1, 1, 1, 1, 1])
    #                                    A     t0   gamma beta rise fall
    assert (np.median(off, axis=0) < np.array([0.02, 0.3, 0.5, 0.02, 0.2, 1.0])).all(), np.median(off, axis=0)
    assert (np.quantile(off, 0.8, axis=0) < np.array([0.15, 1.5, 3, 0.1, 0.8, 4.0])).all(), np.quantile(
        off, 0.8, axis=0
    )


def test_with_noise_the_fit_is_at_least_as_near_as_the_truth() -> None:
    curves, true = simulated(100, 30, 0.03, 2)
    found = supernova_model(*curves)
    gained = [squares(true[k], curves, k) - squares(each, curves, k) for k, each in enumerate(parameters_of(found))]
    assert np.mean(np.array(gained) >= 0) > 0.97
    assert 0.1 < np.median(found["SPM_chi"]) < 1.3  # softened errors: below 1


def test_scipy_finds_nothing_much_nearer_from_there() -> None:
    curves, _ = simulated(25, 25, 0.03, 3)
    time, mag, _, offsets = curves
    for k, each in enumerate(parameters_of(supernova_model(*curves))):
        own = slice(offsets[k], offsets[k + 1])
        flux = flux_of_magnitude(mag[own], MILLIJANSKY)
        low, high = [flux.max() / 3, -50, 1, 0, 1, 1], [3 * flux.max(), 50, 100, 1, 100, 100]
        assert (each >= np.array(low) * (1 - 1e-12)).all() and (each <= np.array(high) * (1 + 1e-12)).all()
        inside = np.clip(each, np.array(low) + 1e-9, np.array(high) - 1e-9)
        fit = least_squares(
            lambda p, t=time[own] - time[own][0], f=flux: (model(t, *p) - f) / f.max(),
            inside,
            bounds=(low, high),
            x_scale=high,
        )
        assert squares(each, curves, k) <= 1.01 * squares(fit.x, curves, k)


def test_chi2_is_of_softened_errors_and_needs_seven_points() -> None:
    (time, mag, err, _), _ = simulated(1, 30, 0.02, 5)
    found = supernova_model(time, mag, err, np.array([0, 6, 30]))
    assert np.isnan(found["SPM_chi"][0]) and np.isfinite(found["SPM_A"]).all()
    flux = flux_of_magnitude(mag[6:], MILLIJANSKY)
    error = flux_of_magnitude(mag[6:] - err[6:], MILLIJANSKY) - flux
    residual = (model(time[6:] - time[6], *parameters_of(found)[1]) - flux) / (error + 0.01)
    np.testing.assert_allclose(found["SPM_chi"][1], np.sum(residual**2) / 18, rtol=1e-10)


def test_it_is_nearer_than_the_published_fit(golden: GoldenCurves) -> None:
    for band, curves in golden.bands.items():
        found = supernova_model(curves.time, curves.mag, curves.err, curves.offsets)
        theirs = np.column_stack([golden.theirs(name, band) for name in NAMES[:-1]])
        rows = np.flatnonzero(curves.counts)
        ours = np.array([squares(parameters_of(found)[k], curves, k) for k in rows])
        published = np.array([squares(theirs[k], curves, k) for k in rows])
        assert np.mean(ours <= 1.001 * published + 1e-12) > 0.96
        chi, their_chi = found["SPM_chi"], golden.theirs("SPM_chi", band)
        assert (np.isnan(chi) == np.isnan(their_chi)).all()
        assert np.mean((chi <= their_chi)[np.isfinite(chi)]) > 0.9
