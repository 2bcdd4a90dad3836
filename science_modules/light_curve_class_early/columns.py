"""What the forests of young light curves read: statistics that three points have, of g and r, and colours.

No magnitudes and no time spans: they say how deep a survey is and how long it has looked, not what an object is. No largest slope
and no eta_e: of two exposures within minutes they are noise over a short time.
"""

_STATISTICS = (
    "standard_deviation", "amplitude", "beyond_1_std", "cusum", "inter_percentile_range_10", "skew", "linear_trend",
    "linear_trend_sigma", "linear_trend_noise", "linear_fit_slope", "linear_fit_slope_sigma", "linear_fit_reduced_chi2",
    "median_absolute_deviation", "percent_amplitude", "chi2", "stetson_k", "eta", "excess_variance",
)  # fmt: skip

NAMES = (*(f"{name}_{band}" for name in _STATISTICS for band in "gr"), "color_g_r", "color_g_r_max", "n_left_out")
FEATURES = tuple(f"lc_features.{name}" for name in NAMES)
