"""A supernova's rise, plateau and decline fitted to a light curve: the SPM parameters."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.photometry import flux_of_magnitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAMES = ("SPM_A", "SPM_t0", "SPM_gamma", "SPM_beta", "SPM_tau_rise", "SPM_tau_fall", "SPM_chi")
AMPLITUDE, T0, GAMMA, BETA, TAU_RISE, TAU_FALL, CHI = range(7)
N_PARAMETERS = 6
ZERO_POINT = 16.4  # mag: fluxes in mJy
WIDTH = 3.0  # d, of the change from plateau to decline
SOFTENING = 0.01  # mJy, added to the errors in SPM_chi; it dominates for faint sources
MOST = 3.0  # the amplitude is the highest flux, to this factor either way
_LOWEST = np.array([np.nan, -50.0, 1.0, 0.0, 1.0, 1.0])
_HIGHEST = np.array([np.nan, 50.0, 100.0, 1.0, 100.0, 100.0])
# Of the scan for starts [d]: t0 before the brightest point, plateau, rise, decline.
_BEFORE_PEAK = np.array([-10.0, 0.0, 10.0, 25.0, 50.0])
_GAMMAS = np.array([5.0, 20.0, 50.0, 85.0])
_RISES = np.array([2.0, 6.0, 30.0])
_FALLS = np.array([5.0, 25.0, 80.0])
_STEPS = 150
_CONVERGED = 1e-7  # relative gain of a step


def supernova_model(time: Floats, mag: Floats, err: Floats, offsets: Ints) -> dict[str, Floats]:
    """Parameters of the supernova model that is nearest to the fluxes of one band.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude of the difference and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        SPM_A [mJy], SPM_t0, SPM_gamma, SPM_tau_rise, SPM_tau_fall [d, from the group's first point], SPM_beta, and SPM_chi,
        the reduced chi2. NaN without points; SPM_chi with fewer than 7.

    Notes
    -----
    Villar et al. 2019, ApJ 884, 83, as modified by Sanchez-Saez et al. 2021, AJ 161, 141, eq. A1. Unweighted least squares
    within their bounds by damped Gauss-Newton steps (Levenberg 1944, Marquardt 1963) from several starts, the best kept.
    """
    flux = flux_of_magnitude(mag, ZERO_POINT)
    error = flux_of_magnitude(mag - err, ZERO_POINT) - flux
    out = np.full((len(NAMES), len(offsets) - 1), np.nan)
    _fit_all(time, flux, error, offsets, out)
    return dict(zip(NAMES, out, strict=True))


@compiled
def _fit_all(time: Floats, flux: Floats, error: Floats, offsets: Ints, out: Floats) -> None:
    for k in range(len(offsets) - 1):
        first, last = offsets[k], offsets[k + 1]
        if last > first:
            since, own = time[first:last] - time[first], flux[first:last]
            best, scale = _best_fit(since, own / own.max()), own.max()
            out[:N_PARAMETERS, k] = best
            out[AMPLITUDE, k] *= scale
            if last - first > N_PARAMETERS:
                out[CHI, k] = _reduced_chi2(since, own, error[first:last], out[:, k])


@compiled
def _reduced_chi2(time: Floats, flux: Floats, error: Floats, parameters: Floats) -> float:
    total, slopes = 0.0, np.empty(N_PARAMETERS)
    for i in range(len(time)):
        total += ((_model(time[i], parameters, slopes) - flux[i]) / (error[i] + SOFTENING)) ** 2
    return total / (len(time) - N_PARAMETERS)


@compiled
def _best_fit(time: Floats, flux: Floats) -> Floats:
    """Of the fits from several starts the one with the least squares; fluxes in units of the highest."""
    lowest, highest = _LOWEST.copy(), _HIGHEST.copy()
    lowest[AMPLITUDE], highest[AMPLITUDE] = 1 / MOST, MOST
    starts = _starts(time, flux)
    best: Floats = starts[0]
    least = np.inf
    for start in starts:
        parameters, squares = _fit(time, flux, np.minimum(np.maximum(start, lowest), highest), lowest, highest)
        if squares < least:
            best, least = parameters, squares
    return best


@compiled
def _starts(time: Floats, flux: Floats) -> Floats:
    """The published start, and for each length of the plateau the best shape of a scan, its maximum near the brightest point."""
    peak = time[np.argmax(flux)]
    starts = np.empty((1 + len(_GAMMAS), N_PARAMETERS))
    starts[0] = np.array([1.2, -5.0, time[-1], 0.5, peak / 2, 40.0])
    trial = np.empty(N_PARAMETERS)
    for row in range(len(_GAMMAS)):
        starts[row + 1], least = starts[0], np.inf
        for before in _BEFORE_PEAK:
            for rise in _RISES:
                for fall in _FALLS:
                    trial[T0], trial[GAMMA], trial[TAU_RISE], trial[TAU_FALL] = peak - before, _GAMMAS[row], rise, fall
                    squares = _best_amplitude(time, flux, trial)
                    if squares < least:
                        least = squares
                        starts[row + 1] = trial
    return starts


@compiled
def _best_amplitude(time: Floats, flux: Floats, parameters: Floats) -> float:
    """Set the amplitude and beta, in which the model is linear, to their best; the squares that are left."""
    slopes = np.empty(N_PARAMETERS)
    parameters[AMPLITUDE], parameters[BETA] = 1.0, 0.0
    aa, ab, bb, af, bf, ff = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(time)):
        flat = _model(time[i], parameters, slopes)  # its slope by beta is what beta adds
        aa, ab, bb = aa + flat * flat, ab + flat * slopes[BETA], bb + slopes[BETA] * slopes[BETA]
        af, bf, ff = af + flat * flux[i], bf + slopes[BETA] * flux[i], ff + flux[i] * flux[i]
    determinant = aa * bb - ab * ab
    beta = 0.5
    if determinant > 0 and af * bb > bf * ab:
        beta = min(max((bf * aa - af * ab) / (af * bb - bf * ab), 0.0), 1.0)
    norm = aa + 2 * beta * ab + beta * beta * bb
    along = af + beta * bf
    amplitude = min(max(along / norm, 1 / MOST), MOST) if norm > 0 else 1.0
    parameters[AMPLITUDE], parameters[BETA] = amplitude, beta
    return ff - 2 * amplitude * along + amplitude * amplitude * norm


@compiled
def _fit(time: Floats, flux: Floats, parameters: Floats, lowest: Floats, highest: Floats) -> tuple[Floats, float]:
    curvature, slope, scratch = np.empty((N_PARAMETERS, N_PARAMETERS)), np.empty(N_PARAMETERS), np.empty(N_PARAMETERS)
    damping, squares = 1e-3, _normal_equations(time, flux, parameters, curvature, slope, scratch)
    for _ in range(_STEPS):
        step = _damped_step(parameters, curvature, slope, damping, lowest, highest)
        trial = np.minimum(np.maximum(parameters + step, lowest), highest)
        reached = _squares(time, flux, trial, scratch)
        if reached < squares:
            gained, parameters = squares - reached, trial
            squares = _normal_equations(time, flux, parameters, curvature, slope, scratch)
            damping = max(damping * 0.3, 1e-12)
            if gained < _CONVERGED * squares:
                break
        else:
            damping *= 5
            if damping > 1e8:
                break
    return parameters, squares


@compiled
def _damped_step(
    parameters: Floats, curvature: Floats, slope: Floats, damping: float, lowest: Floats, highest: Floats
) -> Floats:
    """Gauss-Newton step of the free parameters; those at a bound that the slope holds there do not move."""
    matrix, step = np.zeros((N_PARAMETERS, N_PARAMETERS)), np.zeros(N_PARAMETERS)
    held = ((parameters <= lowest) & (slope > 0)) | ((parameters >= highest) & (slope < 0))
    for i in range(N_PARAMETERS):
        matrix[i, i] = 1.0
        if not held[i]:
            step[i] = -slope[i]
            for j in range(N_PARAMETERS):
                if not held[j]:
                    matrix[i, j] = curvature[i, j]
            matrix[i, i] = curvature[i, i] * (1 + damping) + 1e-14
    _solve(matrix, step)
    return step


@compiled
def _solve(matrix: Floats, vector: Floats) -> None:
    """Cholesky, in place; a direction without curvature is left out."""
    n = len(vector)
    for j in range(n):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] * matrix[j, k]
        matrix[j, j] = math.sqrt(matrix[j, j]) if matrix[j, j] > 0 else np.inf
        for i in range(j + 1, n):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
    for i in range(n):
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]


@compiled
def _squares(time: Floats, flux: Floats, parameters: Floats, scratch: Floats) -> float:
    total = 0.0
    for i in range(len(time)):
        total += (_model(time[i], parameters, scratch) - flux[i]) ** 2
    return total


@compiled
def _normal_equations(
    time: Floats, flux: Floats, parameters: Floats, curvature: Floats, slope: Floats, scratch: Floats
) -> float:
    total = 0.0
    curvature[:], slope[:] = 0, 0
    for i in range(len(time)):
        residual = _model(time[i], parameters, scratch) - flux[i]
        total += residual * residual
        for j in range(N_PARAMETERS):
            slope[j] += scratch[j] * residual
            for k in range(j + 1):
                curvature[j, k] += scratch[j] * scratch[k]
    for j in range(N_PARAMETERS):
        for k in range(j):
            curvature[k, j] = curvature[j, k]
    return total


@compiled
def _model(time: float, parameters: Floats, slopes: Floats) -> float:
    """Flux at a time, and its slopes by the parameters."""
    amplitude, t0, gamma = parameters[AMPLITUDE], parameters[T0], parameters[GAMMA]
    beta, rise, fall = parameters[BETA], parameters[TAU_RISE], parameters[TAU_FALL]
    early = time - t0
    late = early - gamma
    change = 1 / (1 + math.exp(min(-late / WIDTH, 500.0)))
    # The decline times the change: neither overflows before the other takes it down.
    power = -late / fall if late >= 0 else late / WIDTH - late / fall
    falling = math.exp(min(power, 500.0)) / (1 + math.exp(-abs(late) / WIDTH))
    plateau = (1 - beta * early / gamma) * (1 - change)
    onset = 1 / (1 + math.exp(min(-early / rise, 500.0)))
    flux: float = amplitude * onset * ((1 - beta) * falling + plateau)
    by_late = (1 - beta) * falling * ((1 - change) / WIDTH - 1 / fall) - plateau * change / WIDTH
    slopes[AMPLITUDE] = flux / amplitude
    slopes[T0] = amplitude * onset * ((1 - change) * beta / gamma - by_late) - flux * (1 - onset) / rise
    slopes[GAMMA] = amplitude * onset * ((1 - change) * beta * early / gamma**2 - by_late)
    slopes[BETA] = -amplitude * onset * (falling + (1 - change) * early / gamma)
    slopes[TAU_RISE] = -flux * (1 - onset) * early / rise**2
    slopes[TAU_FALL] = amplitude * onset * (1 - beta) * falling * late / fall**2
    return flux
