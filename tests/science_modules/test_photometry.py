"""Flux and AB magnitude: values by hand, the way there and back, and what has no answer."""

import re
from pathlib import Path

import numpy as np
import pytest

from science_modules.common import photometry
from science_modules.common.photometry import (
    NJY_PER_UJY,
    error_of_limit,
    flux_error,
    flux_of_magnitude,
    has_magnitude,
    limit_of_error,
    magnitude_error,
    magnitude_of_flux,
    relative_flux_error,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("mag", "njy"),
    [(31.4, 1.0), (23.9, 1e3), (8.9, 1e9), (20.0, 36307.80547701014), (26.4, 100.0)],
)
def test_magnitudes_and_fluxes_that_are_known(mag: float, njy: float) -> None:
    assert flux_of_magnitude(mag) == pytest.approx(njy, rel=1e-14)
    assert magnitude_of_flux(njy) == pytest.approx(mag, abs=1e-13)
    assert magnitude_of_flux(njy / NJY_PER_UJY, zero_point=23.9) == pytest.approx(mag, abs=1e-13)
    assert flux_of_magnitude(mag, zero_point=23.9) == pytest.approx(njy / NJY_PER_UJY, rel=1e-13)


def test_there_and_back_over_every_magnitude_that_surveys_publish() -> None:
    mags = np.linspace(5, 28, 1001)
    np.testing.assert_allclose(magnitude_of_flux(flux_of_magnitude(mags)), mags, rtol=0, atol=1e-13)


def test_errors_there_and_back_keep_the_sign_of_the_flux_out() -> None:
    flux = np.array([1000.0, -1000.0, 0.0])
    assert flux_error(flux, 0.1).tolist() == pytest.approx([92.10340371976183, 92.10340371976183, 0.0])
    assert magnitude_error(flux, [92.10340371976183] * 3).tolist() == pytest.approx([0.1, 0.1, np.nan], nan_ok=True)
    assert relative_flux_error(1.0) == np.log(10) / 2.5


def test_a_limit_is_five_errors() -> None:
    assert error_of_limit(20.0) == pytest.approx(36307.80547701014 / 5)
    assert error_of_limit(20.0, zero_point=20.0) == pytest.approx(0.2)
    assert limit_of_error([36307.80547701014 / 5, 0.0]).tolist() == pytest.approx([20.0, np.nan], nan_ok=True)


def test_a_flux_has_a_magnitude_if_it_and_its_error_are_positive_and_the_error_is_below_the_bound() -> None:
    flux = [100.0, 100.0, 100.0, 0.0, -100.0, np.nan, np.inf, 100.0]
    error = [92.0, 92.2, 0.0, 1.0, 1.0, 1.0, 1.0, np.nan]  # 92.1 % is 1 mag
    assert has_magnitude(flux, error, 1.0).tolist() == [True] + [False] * 7


@pytest.mark.filterwarnings("error")
def test_what_has_no_magnitude_is_nan_without_a_warning() -> None:
    assert np.isnan(magnitude_of_flux([0.0, -1.0, np.nan])).all()
    assert np.isnan(magnitude_error([0.0, np.nan], 1.0)).all()
    assert np.isnan([flux_of_magnitude(np.nan), flux_error(np.nan, 1.0), error_of_limit(np.nan)]).all()


def test_no_other_place_knows_the_formulae() -> None:
    known = re.compile(
        r"\b31\.4\b|\b23\.9\b|\b1\.0857|2\.5 \* (np|math)\.log10|np\.log\(10\) / 2\.5|2\.5 / np\.log\(10\)|\*\* \(-?0\.4"
    )
    files = [path for room in ("jobs", "science_modules") for path in sorted((ROOT / room).rglob("*.py"))]
    found = [str(path) for path in files if known.search(path.read_text()) and str(path) != photometry.__file__]
    # The simulator's error of a reference magnitude grows with the flux it is short of; it is no conversion.
    assert [path for path in found if not path.endswith("simulation/measurements.py")] == []
