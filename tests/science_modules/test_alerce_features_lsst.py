"""alerce_features_lsst: six bands as one curve, one period of all of them, colours of neighbours, fluxes of faint sources."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from science_modules import alerce_features_lsst
from science_modules.alerce_features_lsst.computing import colours, of_curves
from science_modules.alerce_features_lsst.pooled import pooled
from science_modules.alerce_features_lsst.registry import fields, table
from science_modules.common.curve_features.curves import Curves
from science_modules.common.photometry import magnitude_of_flux
from science_modules.common.view import BANDS

BASE = np.array([21.5, 20.7, 20.4, 20.3, 20.2, 20.1])


def six_bands(per_band: int, of_phase: np.ndarray | None = None, days: float = 300.0, period: float = 0.6) -> Curves:
    """One object, a sinusoid about another mean in every band."""
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(0, days, (6, per_band)), axis=1)
    time -= time.min()
    mag = (BASE[:, None] + 0.3 * np.sin(2 * np.pi * time / period) + rng.normal(0, 0.02, time.shape)).ravel()
    constant = {name: np.full(mag.size, value) for name, value in (("err", 0.02), ("diff_err", 0.02), ("sign", 1.0))}
    return Curves(
        offsets=per_band * np.arange(7), time=time.ravel(), mag=mag, diff_mag=mag + 1, real_bogus=np.ones(mag.size),
        limit_offsets=np.zeros(7, np.int64), limit_time=np.empty(0), limit_mag=np.empty(0), corrected=np.ones(1, bool),
        n_bands=6, **constant,
    )  # fmt: skip


def test_the_card_holds_the_table_and_a_column_stands_once() -> None:
    card = (Path(alerce_features_lsst.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert card.split("<!-- features -->\n")[1].split("\n<!-- end of features -->")[0] == table()
    names = [field.name for field in fields()]
    assert len(names) == len({name.lower() for name in names}) == 39 * 7 + 24 + 20
    assert sorted(of_curves(six_bands(12))) == sorted(names)


def test_bands_are_moved_to_the_mean_of_all_points_and_a_single_point_is_left_out() -> None:
    two = replace(
        six_bands(1), offsets=np.array([0, 0, 2, 4, 5, 5, 5]), time=np.array([0.0, 2.0, 1.0, 3.0, 4.0]),
        mag=np.array([20.0, 20.2, 19.0, 19.4, 15.0]), err=np.array([0.1, 0.1, 0.1, 0.1, 1e3]),
        diff_mag=np.full(5, np.nan), diff_err=np.ones(5), sign=np.ones(5), real_bogus=np.ones(5),
    )  # fmt: skip
    one = pooled(two)
    assert one.time.tolist() == [0, 1, 2, 3] and one.offsets.tolist() == [0, 4] and one.n_bands == 1
    np.testing.assert_allclose(one.mag, 19.65 + np.array([-0.1, -0.2, 0.1, 0.2]), atol=1e-6)
    assert np.isnan(one.diff_mag).all()


def test_eight_points_in_each_of_six_bands_have_the_period() -> None:
    found = of_curves(six_bands(8))
    assert found["Multiband_period"][0] == pytest.approx(0.6, rel=1e-3)
    assert found["Harmonics_mag_1"][0] == pytest.approx(0.3, abs=0.05)
    assert found["Std_all"][0] == pytest.approx(0.3 / np.sqrt(2), abs=0.06)
    assert found["Std_u"][0] == pytest.approx(0.3 / np.sqrt(2), abs=0.1)


def test_colours_are_those_of_neighbours_and_of_the_source_only_where_it_is_seen() -> None:
    curves = six_bands(4)
    found, by_band = colours(curves), curves.mag.reshape(6, 4)
    for place, (blue, red) in enumerate(pairwise(BANDS)):
        of_means = by_band[place].mean() - by_band[place + 1].mean()
        assert found[f"{blue}_{red}_mean"][0] == pytest.approx(of_means)
        assert found[f"{blue}_{red}_max_corr"][0] == pytest.approx(by_band[place].min() - by_band[place + 1].min())
    without = colours(replace(curves, corrected=np.zeros(1, bool)))
    assert np.isnan(without["g_r_mean_corr"][0]) and without["g_r_mean"][0] == found["g_r_mean"][0]


def test_a_faint_supernova_has_its_parameters_in_microjansky() -> None:
    """Rise and decline of Villar's model about a plateau, 3 uJy high, in r alone."""
    time = np.arange(0.0, 90.0, 3.0)
    rise = 1 / (1 + np.exp(-(time - 15) / 4))
    flux = 3000 * rise * np.where(time < 45, 1 - 0.3 * (time - 15) / 30, 0.7 * np.exp(-(time - 45) / 25))
    mag = magnitude_of_flux(flux)
    n = len(time)
    curves = replace(
        six_bands(1), offsets=np.array([0, 0, 0, n, n, n, n]), time=time, mag=mag, diff_mag=mag, err=np.full(n, 0.02),
        diff_err=np.full(n, 0.02), sign=np.ones(n), real_bogus=np.ones(n),
    )  # fmt: skip
    found = of_curves(curves)
    assert found["SPM_A_r"][0] == pytest.approx(3.0, rel=0.25)
    assert found["SPM_tau_rise_r"][0] == pytest.approx(4.0, rel=0.25)
    assert found["SPM_A_all"][0] == pytest.approx(found["SPM_A_r"][0], rel=1e-6)
    assert np.isnan(found["SPM_A_i"][0])
