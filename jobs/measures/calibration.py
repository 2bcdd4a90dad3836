"""Whether probabilities are what they say."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import Share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Probabilities in bins against how often they come true. Those of two parts of the examples can be added.

    Attributes
    ----------
    k, n : numpy.ndarray of int64, shape (n_bins,)
        How often that was so, of how many.
    total : numpy.ndarray, shape (n_bins,)
        Sum of the probabilities.
    """

    k: Ints
    n: Ints
    total: Floats

    def __add__(self, other: "Reliability") -> "Reliability":
        return Reliability(self.k + other.k, self.n + other.n, self.total + other.total)

    @cached_property
    def said(self) -> Floats:
        """Mean probability in each bin; NaN where it is empty."""
        return np.asarray(np.divide(self.total, self.n, out=np.full(len(self.n), np.nan), where=self.n > 0))

    @cached_property
    def right(self) -> tuple[Share, ...]:
        """How often that was so, for each bin."""
        return tuple(Share(int(k), int(n)) for k, n in zip(self.k, self.n, strict=True))

    @property
    def expected_error(self) -> float:
        """Expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean |said - right| by number; NaN of nothing."""
        if not self.n.sum():
            return float("nan")
        some = self.n > 0
        return float((np.abs(self.k[some] / self.n[some] - self.said[some]) * self.n[some]).sum() / self.n.sum())

    def as_dict(self) -> dict[str, Any]:
        """Bins and expected error, as JSON writes them."""
        error = self.expected_error
        bins = [
            {"said": float(said), **share.as_dict()}
            for said, share in zip(self.said, self.right, strict=True)
            if share.n
        ]
        return {"expected_calibration_error": error if np.isfinite(error) else None, "bins": bins}


def reliability(right: NDArray[np.bool_], said: Floats, bins: int = BINS) -> Reliability:
    """Bin probabilities, bins of equal width.

    Parameters
    ----------
    right : numpy.ndarray of bool, shape (n,)
        Whether that which is said to be probable is so: the called class, or one class of several.
    said : numpy.ndarray, shape (n,)
        Its probability, 0 to 1.
    bins : int
    """
    place = np.clip((said * bins).astype(np.int64), 0, bins - 1)
    n, k = (np.bincount(each, minlength=bins).astype(np.int64) for each in (place, place[right]))
    return Reliability(k, n, np.bincount(place, weights=said, minlength=bins).astype(np.float64))
