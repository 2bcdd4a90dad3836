"""Seven harmonics of the period in a light curve: their amplitudes, relative phases, and what they leave."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_HARMONICS = 7
N_TERMS = 1 + 2 * N_HARMONICS
SOFTENING = 0.01  # mag, added to the errors
SMALLEST = 1e-10  # singular values below this part of the largest say nothing: periods far longer than the curve
_SWEEPS = 30
_ORTHOGONAL = 1e-15


def harmonics(time: Floats, mag: Floats, err: Floats, offsets: Ints, period: Floats) -> dict[str, Floats]:
    """Amplitudes and phases of a Fourier series with seven harmonics.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].
    period : numpy.ndarray of float64, shape (n_groups,)
        [d]; NaN where there is none.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        Harmonics_mag_1 to _7 [mag]; Harmonics_phase_2 to _7, the phase less k times that of the first [0 to 2 pi];
        Harmonics_mse, mean squared residual [mag^2]. NaN without a period or without points.

    Notes
    -----
    Stellingwerf & Donohoe 1986, ApJ 306, 183; weights and number of harmonics of Sanchez-Saez et al. 2021, AJ 161, 141.
    The shortest of the least-squares solutions: with fewer than 15 points the series goes through all of them.
    """
    out = np.full((2 * N_HARMONICS, len(offsets) - 1), np.nan)
    _fit_all(time, mag, err, offsets, period, out)
    return dict(zip(_names(), out, strict=True))


def _names() -> list[str]:
    amplitudes = [f"Harmonics_mag_{k}" for k in range(1, N_HARMONICS + 1)]
    return [*amplitudes, *(f"Harmonics_phase_{k}" for k in range(2, N_HARMONICS + 1)), "Harmonics_mse"]


@compiled
def _fit_all(time: Floats, mag: Floats, err: Floats, offsets: Ints, period: Floats, out: Floats) -> None:
    for k in range(len(offsets) - 1):
        first, last = offsets[k], offsets[k + 1]
        if last > first and period[k] > 0:
            turns = (time[first:last] - time[first]) / period[k]
            terms = _terms(turns)
            weight = 1 / (err[first:last] + SOFTENING)
            solution = _least_squares(terms * weight.reshape(-1, 1), mag[first:last] * weight)
            _describe(solution, terms, mag[first:last], out[:, k])


@compiled
def _terms(turns: Floats) -> Floats:
    terms = np.ones((len(turns), N_TERMS))
    for i in range(len(turns)):
        angle = 2 * math.pi * (turns[i] - math.floor(turns[i]))
        for k in range(1, N_HARMONICS + 1):
            terms[i, 2 * k - 1], terms[i, 2 * k] = math.cos(k * angle), math.sin(k * angle)
    return terms


@compiled
def _describe(solution: Floats, terms: Floats, mag: Floats, out: Floats) -> None:
    first = math.atan2(solution[2], solution[1])
    for k in range(1, N_HARMONICS + 1):
        cosine, sine = solution[2 * k - 1], solution[2 * k]
        out[k - 1] = math.sqrt(cosine * cosine + sine * sine)
        if k > 1:
            out[N_HARMONICS + k - 2] = (math.atan2(sine, cosine) - k * first) % (2 * math.pi)
    squares = 0.0
    for i in range(len(mag)):
        residual = mag[i]
        for j in range(N_TERMS):
            residual -= terms[i, j] * solution[j]
        squares += residual * residual
    out[2 * N_HARMONICS - 1] = squares / len(mag)


@compiled
def _least_squares(matrix: Floats, values: Floats) -> Floats:
    """The shortest of the solutions, by singular values."""
    n, m = matrix.shape
    if n <= m:  # the columns of the transpose: fewer, and the same singular values
        columns = matrix.copy()
        sides = np.eye(n)
        _orthogonalise(columns, sides)
        return _solved(sides, columns, values, (columns * columns).sum(axis=1))
    rows = np.concatenate((matrix, values.reshape(-1, 1)), axis=1)
    _triangularise(rows, m)
    columns = rows[:m, :m].T.copy()
    sides = np.eye(m)
    _orthogonalise(columns, sides)
    return _solved(columns, sides, rows[:m, m].copy(), (columns * columns).sum(axis=1))


@compiled
def _triangularise(rows: Floats, m: int) -> None:
    """Householder reflections of the first m columns, in place."""
    n, width = rows.shape
    for j in range(m):
        length = math.sqrt((rows[j:, j] ** 2).sum())
        if length == 0:
            continue
        head = rows[j, j] + math.copysign(length, rows[j, j])
        mirror = rows[j:, j] / head
        mirror[0] = 1.0
        factor = head / math.copysign(length, rows[j, j])
        for column in range(j, width):
            along = 0.0
            for i in range(n - j):
                along += mirror[i] * rows[j + i, column]
            along *= factor
            for i in range(n - j):
                rows[j + i, column] -= along * mirror[i]


@compiled
def _orthogonalise(vectors: Floats, sides: Floats) -> None:
    """Rotate the rows of `vectors` in pairs until they are orthogonal, and those of `sides` along with them (Jacobi)."""
    n, length = vectors.shape
    for _ in range(_SWEEPS):
        rotated = False
        for p in range(n - 1):
            for q in range(p + 1, n):
                pp, qq, pq = 0.0, 0.0, 0.0
                for i in range(length):
                    pp += vectors[p, i] * vectors[p, i]
                    qq += vectors[q, i] * vectors[q, i]
                    pq += vectors[p, i] * vectors[q, i]
                if abs(pq) > _ORTHOGONAL * math.sqrt(pp * qq):
                    rotated = True
                    zeta = (qq - pp) / (2 * pq)
                    tangent = math.copysign(1.0, zeta) / (abs(zeta) + math.sqrt(1 + zeta * zeta))
                    cosine = 1 / math.sqrt(1 + tangent * tangent)
                    _rotate(vectors, p, q, cosine, tangent * cosine)
                    _rotate(sides, p, q, cosine, tangent * cosine)
        if not rotated:
            break


@compiled
def _rotate(rows: Floats, p: int, q: int, cosine: float, sine: float) -> None:
    for i in range(rows.shape[1]):
        one, other = rows[p, i], rows[q, i]
        rows[p, i], rows[q, i] = cosine * one - sine * other, sine * one + cosine * other


@compiled
def _solved(left: Floats, right: Floats, values: Floats, squares: Floats) -> Floats:
    """Sum of right (left . values) / square over the singular values; one of the two has their size, the other 1."""
    solution, least = np.zeros(right.shape[1]), SMALLEST * math.sqrt(squares.max())
    for k in range(len(squares)):
        if math.sqrt(squares[k]) > least:
            solution += right[k] * ((left[k] * values).sum() / squares[k])
    return solution
