"""What the forests read: columns of alerce_features.

Left out is what tells where a light curve comes from rather than what it is of: real supernovae come without limits, real-bogus
and star-galaxy scores and places, so that their absence would give the class away. Also MaxSlope, which two exposures within
minutes make a measure of noise over a short time, and colours of g or r with AllWISE's magnitudes, of which no distribution by
class was at hand. W1 - W2 and W2 - W3 are read where a job has a cross-match; half of the training examples are without.
"""

_STATISTICS = (
    "Amplitude", "AndersonDarling", "Beyond1Std", "ExcessVar", "Gskew", "Meanvariance", "MedianAbsDev", "MedianBRP",
    "PercentAmplitude", "Pvar", "Q31", "Skew", "SmallKurtosis", "Std", "StetsonK", "delta_mag_fid", "Autocor_length",
    "Con", "Eta_e", "LinearTrend", "PairSlopeTrend", "Rcs", "positive_fraction", "GP_DRW_sigma", "GP_DRW_tau",
    "IAR_phi", "MHPS_low", "MHPS_high", "MHPS_ratio", "SF_ML_amplitude", "SF_ML_gamma", "SPM_A", "SPM_t0",
    "SPM_gamma", "SPM_beta", "SPM_tau_rise", "SPM_tau_fall", "SPM_chi",
)  # fmt: skip

_PERIOD = (
    "Multiband_period", "PPE", "Power_rate_1_4", "Power_rate_1_3", "Power_rate_1_2", "Power_rate_2", "Power_rate_3",
    "Power_rate_4",
)  # fmt: skip

_FOLDED = (
    "delta_period", "Harmonics_mag_1", "Harmonics_mag_2", "Harmonics_mag_3", "Harmonics_mag_4", "Harmonics_mag_5",
    "Harmonics_mag_6", "Harmonics_mag_7", "Harmonics_phase_2", "Harmonics_phase_3", "Harmonics_phase_4",
    "Harmonics_phase_5", "Harmonics_phase_6", "Harmonics_phase_7", "Harmonics_mse", "Psi_CS", "Psi_eta",
)  # fmt: skip

_COLOURS = ("g_r_max", "g_r_mean", "g_r_max_corr", "g_r_mean_corr")


def _in_both(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}_{band}" for name in names for band in (1, 2))


_INFRARED = ("W1_W2", "W2_W3")
NAMES = (*_in_both(_STATISTICS), *_PERIOD, *_in_both(_FOLDED), *_COLOURS, *_INFRARED)
FEATURES = tuple(f"alerce_features.{name}" for name in NAMES)
