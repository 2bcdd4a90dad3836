"""Which statistics lc_features gives per band: names, units, what they say."""

from science_modules.common.contract import Field
from science_modules.common.view import BANDS

# The order is that of the columns which kernels.statistics fills.
STATISTICS: tuple[tuple[str, str, str], ...] = (
    ("mean", "mag", "mean magnitude"),
    ("weighted_mean", "mag", "inverse-variance weighted mean magnitude"),
    ("standard_deviation", "mag", "standard deviation, N - 1"),
    ("median", "mag", "median magnitude"),
    ("amplitude", "mag", "half of maximum minus minimum"),
    ("beyond_1_std", "", "fraction of points more than 1 standard deviation from the mean"),
    ("beyond_2_std", "", "fraction of points more than 2 standard deviations from the mean"),
    ("cusum", "", "range of the cumulative sum of (m - mean) / (N standard deviation)"),
    ("inter_percentile_range_10", "mag", "90th minus 10th percentile"),
    ("kurtosis", "", "excess kurtosis G2"),
    ("skew", "", "skewness G1"),
    ("linear_trend", "mag/d", "slope of the unweighted line"),
    ("linear_trend_sigma", "mag/d", "error of linear_trend, from the scatter"),
    ("linear_trend_noise", "mag", "scatter about the unweighted line, N - 2"),
    ("linear_fit_slope", "mag/d", "slope of the error-weighted line"),
    ("linear_fit_slope_sigma", "mag/d", "error of linear_fit_slope, from the measurement errors"),
    ("linear_fit_reduced_chi2", "", "chi2 / (N - 2) of the error-weighted line"),
    ("magnitude_percentage_ratio_40_5", "", "(Q60 - Q40) / (Q95 - Q5)"),
    ("magnitude_percentage_ratio_20_10", "", "(Q80 - Q20) / (Q90 - Q10)"),
    ("maximum_slope", "mag/d", "largest |dm / dt| of neighbours in time"),
    ("median_absolute_deviation", "mag", "median of |m - median|"),
    ("median_buffer_range_percentage_10", "", "fraction of points within 0.1 amplitude of the median"),
    ("percent_amplitude", "mag", "largest |m - median|"),
    ("anderson_darling_normal", "", "Anderson-Darling A2 against a normal distribution, corrected for N"),
    ("chi2", "", "chi2 / (N - 1) about the weighted mean"),
    ("stetson_k", "", "Stetson K; 0.798 for Gaussian scatter"),
    ("eta", "", "von Neumann eta; 2 for white noise"),
    ("eta_e", "", "eta for uneven sampling"),
    ("excess_variance", "", "(variance - mean squared error) / mean^2"),
    ("time_span", "d", "last minus first time"),
    ("brightest", "mag", "smallest magnitude"),
)  # fmt: skip
NAMES = tuple(name for name, _, _ in STATISTICS)


def fields() -> tuple[Field, ...]:
    """All outputs of lc_features, in order: statistics band by band, counts, colours."""
    return (*_statistics(), *_counts(), *_colours())


def _statistics() -> list[Field]:
    return [
        Field(f"{name}_{band}", "float32", unit, f"{band} band: {text}")
        for band in BANDS
        for name, unit, text in STATISTICS
    ]


def _counts() -> list[Field]:
    counts = [Field(f"n_{band}", "int32", "", f"detections in {band} with a defined magnitude") for band in BANDS]
    return [*counts, Field("n_left_out", "int32", "", "detections without a defined magnitude, or error over 1 mag")]


def _colours() -> list[Field]:
    return [
        Field("color_g_r", "float32", "mag", "mean g minus mean r magnitude"),
        Field("color_g_r_max", "float32", "mag", "brightest g minus brightest r magnitude"),
        Field("color_r_i", "float32", "mag", "mean r minus mean i magnitude"),
    ]
