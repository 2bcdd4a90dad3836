"""What the forests read: columns of alerce_features_lsst.

Statistics of r and i, in which Rubin detects most, and of all bands together; of the others range and sign, which one detection
has. Of a set with all of g, r, i and z the forests were no better (science_modules/light_curve_class_lsst/README.md). Left out
besides is what moved no tree: Con, Pvar, Autocor_length, PairSlopeTrend and other counts, and second measures of the same spread.
"""

_STATISTICS = (
    "ExcessVar", "Meanvariance", "Skew", "Std", "StetsonK", "delta_mag_fid", "Eta_e", "LinearTrend", "Rcs",
    "positive_fraction", "GP_DRW_sigma", "GP_DRW_tau", "IAR_phi", "MHPS_low", "MHPS_high", "SF_ML_amplitude", "SPM_A",
    "SPM_t0", "SPM_gamma", "SPM_beta", "SPM_tau_rise", "SPM_tau_fall", "SPM_chi",
)  # fmt: skip
_ALWAYS = ("delta_mag_fid", "positive_fraction")  # of one detection, too
_PERIOD = (
    "Multiband_period", "PPE", "Power_rate_1_4", "Power_rate_1_3", "Power_rate_1_2", "Power_rate_2", "Power_rate_3",
    "Power_rate_4", "Harmonics_mag_1", "Harmonics_mag_2", "Harmonics_mag_3", "Harmonics_mag_4", "Harmonics_mag_5",
    "Harmonics_mag_6", "Harmonics_mag_7", "Harmonics_phase_2", "Harmonics_phase_3", "Harmonics_phase_4",
    "Harmonics_phase_5", "Harmonics_phase_6", "Harmonics_phase_7", "Harmonics_mse", "Psi_CS", "Psi_eta",
)  # fmt: skip
_PAIRS = ("u_g", "g_r", "r_i", "i_z", "z_y")
_COLOURS = ("max", "mean", "max_corr", "mean_corr")

NAMES = (
    *(f"{name}_{band}" for name in _STATISTICS for band in ("r", "i", "all")),
    *(f"{name}_{band}" for name in _ALWAYS for band in ("u", "g", "z", "y")),
    *_PERIOD,
    *(f"{pair}_{colour}" for pair in _PAIRS for colour in _COLOURS),
)
FEATURES = tuple(f"alerce_features_lsst.{name}" for name in NAMES)
