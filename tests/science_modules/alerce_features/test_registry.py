"""The list of features: functions that are there, columns that the card names, the published names."""

import importlib
from importlib.util import find_spec
from pathlib import Path

from science_modules import alerce_features
from science_modules.alerce_features.registry import FEATURES, fields, table

# Sanchez-Saez et al. 2021: 56 features of each band, 8 of both bands, 10 colours, 4 of metadata, 9 of the limits of each band.
_PLAIN = """
    Amplitude AndersonDarling Autocor_length Beyond1Std Con Eta_e ExcessVar GP_DRW_sigma GP_DRW_tau
    Gskew IAR_phi LinearTrend MHPS_high MHPS_low MHPS_ratio MaxSlope Meanvariance MedianAbsDev MedianBRP
    PairSlopeTrend PercentAmplitude Psi_CS Psi_eta Pvar Q31 Rcs SF_ML_amplitude SF_ML_gamma SPM_A
    SPM_beta SPM_chi SPM_gamma SPM_t0 SPM_tau_fall SPM_tau_rise Skew SmallKurtosis Std StetsonK
    delta_mag_fid delta_period positive_fraction Harmonics_mse
"""
_LIMITS = """
    n_non_det_before_fid max_diffmaglim_before_fid median_diffmaglim_before_fid
    last_diffmaglim_before_fid dmag_non_det_fid dmag_first_det_fid n_non_det_after_fid
    max_diffmaglim_after_fid median_diffmaglim_after_fid
"""
_COLOURS = """
    g-r_max g-r_mean g-r_max_corr g-r_mean_corr W1-W2 W2-W3 g-W2 g-W3 r-W2 r-W3
"""
OF_BANDS = _PLAIN.split() + [f"Harmonics_mag_{k}" for k in range(1, 8)] + [f"Harmonics_phase_{k}" for k in range(2, 8)]
OF_BOTH = ["Multiband_period", "PPE", *(f"Power_rate_{share}" for share in ("1/4", "1/3", "1/2", "2", "3", "4"))]
METADATA = ["gal_b", "gal_l", "rb", "sgscore1"]
OF_LIMITS, COLOURS = _LIMITS.split(), _COLOURS.split()


def test_the_152_published_features_are_there_and_no_other() -> None:
    of_each, of_one = [*OF_BANDS, *OF_LIMITS], [*OF_BOTH, *COLOURS, *METADATA]
    assert sorted(f.name for f in FEATURES if f.per_band) == sorted(of_each) and len(OF_BANDS) == 56
    assert sorted(f.name for f in FEATURES if not f.per_band) == sorted(of_one)
    assert len(fields()) == 152


def test_every_feature_names_a_function_that_says_what_it_is() -> None:
    for feature in FEATURES:
        file, function = feature.function.split(".")
        own = f"science_modules.alerce_features.{file}"
        module = importlib.import_module(own if find_spec(own) else f"science_modules.common.curve_features.{file}")
        assert getattr(module, function).__doc__, feature.function
        assert feature.formula and feature.source


def test_the_card_holds_the_table() -> None:
    card = (Path(alerce_features.__file__).parent / "README.md").read_text(encoding="utf-8")
    held = card.split("<!-- features -->\n")[1].split("\n<!-- end of features -->")[0]
    assert held == table(), "the card's table is not `registry.table()`"


def test_bands_are_suffixes_and_what_no_column_can_have_is_an_underscore() -> None:
    names = [field.name for field in fields()]
    assert {"Std_1", "Std_2", "g_r_max_corr", "W1_W2", "Power_rate_1_4", "rb"} < set(names)
    assert len({name.lower() for name in names}) == len(names), "Spark does not tell cases apart"
