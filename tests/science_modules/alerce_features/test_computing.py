"""Features reach the columns of their own object and band, and the supernova model is fitted to the difference."""

from dataclasses import replace

import numpy as np
import pytest

from science_modules.alerce_features.colours import INFRARED
from science_modules.alerce_features.computing import of_curves
from science_modules.alerce_features.curves import Curves
from science_modules.alerce_features.registry import FEATURES, fields
from science_modules.common.curve_features.drw import drw
from science_modules.common.curve_features.harmonics import harmonics
from science_modules.common.curve_features.irregular_autoregressive import irregular_autoregressive
from science_modules.common.curve_features.mexican_hat import mexican_hat
from science_modules.common.curve_features.structure_function import structure_function
from science_modules.common.curve_features.supernova_model import supernova_model

METADATA = {"gal_b", "gal_l", "rb", "sgscore1"}


@pytest.fixture(scope="module")
def curves() -> Curves:
    """Three objects with 12, 0 | 20, 9 | 7, 30 points in g | r; the source is 2 mag brighter than the difference."""
    rng, counts = np.random.default_rng(4), [12, 0, 20, 9, 7, 30]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    time = np.concatenate([np.sort(rng.uniform(0, 90, count)) for count in counts])
    mag = 18 + np.sin(time / 20) + rng.normal(0, 0.1, len(time))
    constant = {name: np.full(len(time), 0.1) for name in ("err", "diff_err", "sign", "real_bogus")}
    limits = {"limit_offsets": np.arange(7), "limit_time": np.arange(6.0), "limit_mag": 20 + np.arange(6.0)}
    return Curves(offsets, time, mag, diff_mag=mag + 2, corrected=np.full(3, True), **constant, **limits)


@pytest.mark.parametrize("fit", [drw, irregular_autoregressive, mexican_hat, structure_function, supernova_model])
def test_fits_stand_in_the_columns_of_their_object_and_band(fit: object, curves: Curves) -> None:
    found = of_curves(curves)
    mag, err = (curves.diff_mag, curves.diff_err) if fit is supernova_model else (curves.mag, curves.err)
    for k in range(6):
        own = slice(curves.offsets[k], curves.offsets[k + 1])
        alone = fit(curves.time[own], mag[own], err[own], np.array([0, own.stop - own.start]))  # type: ignore[operator]
        for name, value in alone.items():
            np.testing.assert_array_equal(found[f"{name}_{k % 2 + 1}"][k // 2], value[0], err_msg=name)


def test_a_point_without_a_difference_is_none_of_the_supernova_models(curves: Curves) -> None:
    absent = np.arange(len(curves.time)) % 3 == 0
    holed = replace(curves, diff_mag=np.where(absent, np.nan, curves.diff_mag))
    time, mag, err, offsets = holed.difference
    assert np.diff(offsets).tolist() == [8, 0, 13, 6, 5, 20] and len(time) == len(mag) == len(err) == 52
    assert np.isfinite(of_curves(holed)["SPM_A_1"]).all()


def test_the_period_of_both_bands_is_that_of_the_harmonics_of_each(curves: Curves) -> None:
    found = of_curves(curves)
    period = found["Multiband_period"]
    assert np.isfinite(period).tolist() == [True, True, True]
    for band in (0, 1):
        parts = [slice(curves.offsets[2 * k + band], curves.offsets[2 * k + band + 1]) for k in range(3)]
        for k, own in enumerate(parts):
            one = curves.time[own], curves.mag[own], curves.err[own], np.array([0, own.stop - own.start])
            wanted = harmonics(*one, period[[k]])["Harmonics_mag_1"][0]
            np.testing.assert_array_equal(found[f"Harmonics_mag_1_{band + 1}"][k], wanted)


def test_every_column_is_computed_and_every_feature_belongs_to_one_function(curves: Curves) -> None:
    computed = set(of_curves(curves)) | METADATA | set(INFRARED)
    assert {field.name for field in fields()} <= computed
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
