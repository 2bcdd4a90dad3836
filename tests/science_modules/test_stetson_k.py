"""Stetson K against values known by analysis, a loop, and the package light-curve."""

import math

import light_curve
import numpy as np
import pyarrow as pa
import pytest

from science_modules.common import examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.stetson_k import MODULE, run


def alerts(fluxes: list[np.ndarray], errors: list[np.ndarray], band: str = "r") -> AlertBatch:
    rows = [
        {
            "survey": "ztf", "band": band, "lc_mjd": np.arange(len(flux)) + 60000.0, "lc_band": [band] * len(flux),
            "lc_kind": ["detection"] * len(flux), "lc_flux": flux, "lc_flux_err": error,
            **{name: [None] * len(flux) for name in examples.schema("ztf").names
               if name.startswith("lc_") and name[3:] not in ("mjd", "band", "kind", "flux", "flux_err")},
        }
        for flux, error in zip(fluxes, errors, strict=True)
    ]  # fmt: skip
    return AlertBatch(examples.table(rows))


def test_gaussian_scatter_gives_the_root_of_two_over_pi() -> None:
    flux = np.random.default_rng(3).normal(500, 20, 20_000)
    k = run(alerts([flux], [np.full(20_000, 20.0)]), None)["k"][0]
    assert k == pytest.approx(math.sqrt(2 / math.pi), abs=0.005)


def test_a_sine_two_levels_and_an_outlier_have_their_analytic_values() -> None:
    phase = 2 * np.pi * np.arange(1000) / 1000
    sine, levels, outlier = np.sin(phase), np.array([1.0, -1.0] * 50), np.zeros(100)
    outlier[7] = 1.0
    k = run(alerts([sine, levels, outlier], [np.ones(1000), np.ones(100), np.ones(100)]), None)["k"]
    assert k[0] == pytest.approx(2 * math.sqrt(2) / math.pi, rel=1e-5)  # mean |sin| over its rms
    assert k[1] == 1.0
    # residuals: one of 99/100, 99 of -1/100; mean |d| = 2 * 99 / 100^2, rms = sqrt(99) / 100
    assert k[2] == pytest.approx(2 * 99 / 100**2 / (math.sqrt(99) / 100), rel=1e-12)


def slow_stetson_k(flux: list[float], error: list[float]) -> float:
    weights = [1 / e**2 for e in error]
    mean = math.fsum(w * f for w, f in zip(weights, flux, strict=True)) / math.fsum(weights)
    d = [(f - mean) / e for f, e in zip(flux, error, strict=True)]
    n = len(d)
    return (math.fsum(map(abs, d)) / n) / math.sqrt(math.fsum(x * x for x in d) / n)


def test_made_up_alerts_agree_with_a_loop_over_their_own_detections() -> None:
    table = examples.examples(60, "ztf", seed=4)
    answers = run(AlertBatch(table), None)
    known = 0
    for row, alert in enumerate(table.to_pylist()):
        points = zip(alert["lc_kind"], alert["lc_band"], alert["lc_flux"], alert["lc_flux_err"], strict=True)
        own = [(f, e) for kind, band, f, e in points if kind == "detection" and band == alert["band"]]
        assert answers["n"][row] == len(own)
        if len(own) < 3:
            assert answers["error"][row] == "too few points: n < 3" and math.isnan(answers["k"][row])
            continue
        assert answers["k"][row] == pytest.approx(slow_stetson_k(*map(list, zip(*own, strict=True))), rel=1e-12)
        known += 1
    assert known > 30


def test_it_agrees_with_the_package_light_curve() -> None:
    rng = np.random.default_rng(5)
    errors = [rng.uniform(1, 9, n) for n in (3, 4, 10, 200)]
    fluxes = [rng.normal(0, 30, len(error)) for error in errors]
    theirs = [light_curve.StetsonK()(np.arange(float(len(f))), f, e)[0] for f, e in zip(fluxes, errors, strict=True)]
    np.testing.assert_allclose(run(alerts(fluxes, errors), None)["k"], theirs, rtol=1e-10)


def test_points_without_flux_or_with_a_useless_error_are_left_out() -> None:
    flux, error = np.array([1.0, 2.0, 6.0, np.nan, 5.0, 5.0]), np.array([1.0, 1.0, 1.0, 1.0, 0.0, -1.0])
    answer = run(alerts([flux], [error]), None)
    assert answer["n"][0] == 3
    assert answer["k"][0] == pytest.approx(slow_stetson_k([1.0, 2.0, 6.0], [1.0, 1.0, 1.0]))


def test_a_constant_light_curve_has_a_reason_and_no_value() -> None:
    answer = run(alerts([np.full(5, 7.0)], [np.ones(5)]), None)
    assert answer["error"][0] == "no scatter: all residuals are 0" and math.isnan(answer["k"][0])


def test_without_a_band_as_a_star_of_a_release_there_is_no_answer_and_the_reason_says_so() -> None:
    table = alerts([np.arange(5.0)], [np.ones(5)]).table
    at = table.schema.get_field_index("band")
    table = table.set_column(at, table.schema.field(at), pa.array([None], pa.string()))
    assert run(AlertBatch(table), None)["error"][0].startswith("no band: K is of the alert's own")
    assert MODULE.inputs == ("band", "light_curve")
