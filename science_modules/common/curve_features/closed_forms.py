"""All closed-form features of a band's light curve: one compiled call over the curves of a batch."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.curve_features import distribution, sequence
from science_modules.common.curve_features.moments import moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Order of the columns that `closed_forms` fills; the last two are defined from one point on, the others from six.
NAMES = (
    "Amplitude", "AndersonDarling", "Autocor_length", "Beyond1Std", "Con", "Eta_e", "ExcessVar", "Gskew", "LinearTrend",
    "MaxSlope", "Meanvariance", "MedianAbsDev", "MedianBRP", "PairSlopeTrend", "PercentAmplitude", "Pvar", "Q31", "Rcs", "Skew",
    "SmallKurtosis", "Std", "StetsonK", "delta_mag_fid", "positive_fraction",
)  # fmt: skip
(
    AMPLITUDE, ANDERSON_DARLING, AUTOCOR_LENGTH, BEYOND_1, CON, ETA_E, EXCESS_VAR, GSKEW, LINEAR_TREND,
    MAX_SLOPE, MEANVARIANCE, MEDIAN_ABS_DEV, MEDIAN_BRP, PAIR_SLOPE_TREND, PERCENT_AMPLITUDE, PVAR, Q31, RCS, SKEW,
    SMALL_KURTOSIS, STD, STETSON_K, DELTA_MAG, POSITIVE_FRACTION,
) = range(len(NAMES))  # fmt: skip
LEAST_POINTS = 6


@compiled
def closed_forms(time: Floats, mag: Floats, err: Floats, sign: Floats, offsets: Ints) -> Floats:
    """The closed-form features of each curve.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        One curve after the other, ascending in time [d]; magnitude and its positive error.
    sign : numpy.ndarray of float64, shape (n_points,)
        1 for a positive difference, -1 for a negative one, NaN for an unknown one.
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Where each curve starts.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        NaN what is not defined: all but the last two for fewer than LEAST_POINTS points, those for none.
    """
    out = np.full((len(offsets) - 1, len(NAMES)), np.nan)
    for k in range(len(offsets) - 1):
        a, b = offsets[k], offsets[k + 1]
        if b > a:
            out[k, DELTA_MAG] = delta_mag(mag[a:b])
            out[k, POSITIVE_FRACTION] = positive_fraction(sign[a:b])
        if b - a >= LEAST_POINTS:
            _of_distribution(mag[a:b], err[a:b], out[k])
            _of_sequence(time[a:b], mag[a:b], out[k])
    return out


@compiled
def delta_mag(mag: Floats) -> float:
    """Faintest less brightest magnitude.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    """
    value: float = mag.max() - mag.min()
    return value


@compiled
def positive_fraction(sign: Floats) -> float:
    """Share of positive differences among those whose sign is known.

    Parameters
    ----------
    sign : numpy.ndarray of float64, shape (n,)
        1, -1, or NaN where it is not known.
    """
    positive, negative = 0, 0
    for value in sign:
        positive += value > 0
        negative += value < 0
    known = positive + negative
    return positive / known if known > 0 else np.nan


@compiled
def _of_distribution(mag: Floats, err: Floats, row: Floats) -> None:
    mean, sigma = moments(mag)
    ordered = np.sort(mag)
    row[AMPLITUDE] = distribution.amplitude(ordered)
    row[ANDERSON_DARLING] = distribution.anderson_darling(ordered, mean, sigma)
    row[BEYOND_1] = distribution.beyond_one_deviation(mag, err)
    row[EXCESS_VAR] = distribution.excess_variance(err, mean, sigma)
    row[GSKEW] = distribution.gskew(ordered)
    row[MEANVARIANCE] = distribution.mean_variance(mean, sigma)
    row[MEDIAN_ABS_DEV] = distribution.median_absolute_deviation(ordered)
    row[MEDIAN_BRP] = distribution.median_buffer_range(ordered)
    row[PERCENT_AMPLITUDE] = distribution.percent_amplitude(ordered)
    row[PVAR] = distribution.probability_of_variability(mag, err, mean)
    row[Q31] = distribution.interquartile_range(ordered)
    row[SKEW] = distribution.skew(mag, mean, sigma)
    row[SMALL_KURTOSIS] = distribution.small_kurtosis(mag, mean, sigma)
    row[STD] = sigma
    row[STETSON_K] = distribution.stetson_k(mag, err)


@compiled
def _of_sequence(time: Floats, mag: Floats, row: Floats) -> None:
    mean, sigma = moments(mag)
    row[AUTOCOR_LENGTH] = sequence.autocorrelation_length(mag, mean, sigma)
    row[CON] = sequence.consecutive(mag, mean, sigma)
    row[ETA_E] = sequence.eta_e(time, mag, sigma)
    row[LINEAR_TREND] = sequence.linear_trend(time, mag, mean)
    row[MAX_SLOPE] = sequence.maximum_slope(time, mag)
    row[PAIR_SLOPE_TREND] = sequence.pair_slope_trend(mag)
    row[RCS] = sequence.range_of_sums(mag, mean, sigma)
