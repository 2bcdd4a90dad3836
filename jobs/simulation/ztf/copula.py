"""Columns that go together, drawn as they were measured: each with its own distribution, all with their correlations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]

GRID = np.linspace(-2.4, 2.4, 25)  # normal scores at which a distribution is kept
_PROBABILITY = np.array([NormalDist().cdf(score) for score in GRID])


@dataclass(frozen=True)
class Copula:
    """A Gaussian copula over k columns.

    Attributes
    ----------
    columns : tuple of str
        Their names.
    quantiles : numpy.ndarray, shape (k, 25)
        Values of each column at the normal scores of GRID.
    correlation : numpy.ndarray, shape (k, k)
        Of the columns' normal scores.
    """

    columns: tuple[str, ...]
    quantiles: Floats
    correlation: Floats

    def draw(self, rng: np.random.Generator, known: Mapping[str, Floats]) -> dict[str, Floats]:
        """The other columns of n rows, given some.

        Parameters
        ----------
        rng : numpy.random.Generator
        known : mapping of str to numpy.ndarray, shape (n,)
            Some of the columns; values outside the measured range count as its ends.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n,)
        """
        given = [i for i, name in enumerate(self.columns) if name in known]
        wanted = [i for i, name in enumerate(self.columns) if name not in known]
        scores = np.stack([self._scores(i, known[self.columns[i]]) for i in given], axis=1)
        slope, factor = self._conditional(tuple(given), tuple(wanted))
        drawn = np.empty((len(wanted), len(scores)))
        _draw(scores, slope, rng.standard_normal((len(scores), len(wanted))), factor, self.quantiles[wanted], drawn)
        return {self.columns[i]: values for i, values in zip(wanted, drawn, strict=True)}

    def _scores(self, column: int, values: Floats) -> Floats:
        return np.interp(values, self.quantiles[column], GRID)

    @cached_property
    def _factors(self) -> dict[tuple[int, ...], tuple[Floats, Floats]]:
        return {}

    def _conditional(self, given: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Regression on the given scores, and a factor of the covariance that is left; a row for what each is of."""
        if given not in self._factors:
            across = self.correlation[np.ix_(wanted, given)]
            slope = np.linalg.solve(self.correlation[np.ix_(given, given)], across.T)
            left = self.correlation[np.ix_(wanted, wanted)] - slope.T @ across.T
            values, vectors = np.linalg.eigh(left)
            factor = (vectors * np.sqrt(np.maximum(values, 0))).T
            self._factors[given] = np.ascontiguousarray(slope), np.ascontiguousarray(factor)
        return self._factors[given]

    def as_json(self) -> dict[str, Any]:
        """Plain lists, to five digits."""
        quantiles = [[float(f"{value:.5g}") for value in row] for row in self.quantiles]
        return {
            "columns": list(self.columns),
            "quantiles": quantiles,
            "correlation": self.correlation.round(3).tolist(),
        }


@compiled
def _draw(scores: Floats, slope: Floats, noise: Floats, factor: Floats, quantiles: Floats, out: Floats) -> None:
    """Values of scores @ slope + noise @ factor. A library's matrix product would keep threads, and so cores, waiting."""
    cells = len(GRID) - 1
    per_score = cells / (GRID[cells] - GRID[0])
    for row in range(len(scores)):
        sums = np.zeros(len(out))
        for k in range(slope.shape[0]):
            for j in range(len(out)):
                sums[j] += scores[row, k] * slope[k, j]
        for k in range(factor.shape[0]):
            for j in range(len(out)):
                sums[j] += noise[row, k] * factor[k, j]
        for j in range(len(out)):
            place = min(max((sums[j] - GRID[0]) * per_score, 0.0), float(cells))
            cell = min(int(place), cells - 1)
            out[j, row] = quantiles[j, cell] + (place - cell) * (quantiles[j, cell + 1] - quantiles[j, cell])


def from_json(stored: Mapping[str, Any]) -> Copula:
    """A copula that was kept by `as_json`.

    Parameters
    ----------
    stored : mapping
    """
    quantiles, correlation = np.array(stored["quantiles"]), np.array(stored["correlation"])
    return Copula(tuple(stored["columns"]), quantiles, correlation)


def fit(columns: Sequence[str], own: Floats, pooled: Floats) -> Copula:
    """A copula with the distributions of some rows and the correlations of more.

    Parameters
    ----------
    columns : sequence of str
    own : numpy.ndarray, shape (n, k)
        Rows whose distributions are kept; NaN where a row lacks a column.
    pooled : numpy.ndarray, shape (m, k)
        Normal scores, as `normal_scores` gives them, of all rows that the correlations are taken from.
    """
    import pandas as pd  # packets are made without it

    quantiles = np.array([np.nanquantile(column, _PROBABILITY) for column in own.T])
    correlation = pd.DataFrame(pooled).corr().fillna(0.0).to_numpy()
    np.fill_diagonal(correlation, 1.0)
    return Copula(tuple(columns), np.maximum.accumulate(quantiles, axis=1), _positive(correlation))


def normal_scores(values: Floats) -> Floats:
    """What each value would be if its column were normally distributed; equal values share the middle of their ranks.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
    """
    out = np.full(values.shape, np.nan)
    for column, scores in zip(values.T, out.T, strict=True):
        known = column[np.isfinite(column)]
        ordered = np.sort(known)
        rank = (np.searchsorted(ordered, known, "left") + np.searchsorted(ordered, known, "right")) / 2
        scores[np.isfinite(column)] = np.interp(rank / len(known), _PROBABILITY, GRID)
    return out


def _positive(correlation: Floats) -> Floats:
    """The nearest correlation matrix without negative directions: pairs with gaps need not give one."""
    values, vectors = np.linalg.eigh(correlation)
    fixed = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(fixed))
    return np.asarray(fixed / np.outer(scale, scale))
