"""Whether probabilities are what they say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import Share

Floats = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Probabilities of the called class, in bins, against how often it is right.

    Attributes
    ----------
    said : numpy.ndarray, shape (n_bins,)
        Mean probability in each bin; NaN where it is empty.
    right : tuple of Share, n_bins
        How often that was so.
    """

    said: Floats
    right: tuple[Share, ...]

    @property
    def expected_error(self) -> float:
        """Expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean |said - right| by number; NaN of nothing."""
        n = np.array([share.n for share in self.right])
        if not n.sum():
            return float("nan")
        value = np.array([share.value for share in self.right])
        some = n > 0
        return float((np.abs(value[some] - self.said[some]) * n[some]).sum() / n.sum())

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
    """Bin probabilities of the called class, bins of equal width.

    Parameters
    ----------
    right : numpy.ndarray of bool, shape (n,)
        Whether the called class is the true one.
    said : numpy.ndarray, shape (n,)
        Its probability, 0 to 1.
    bins : int
    """
    place = np.clip((said * bins).astype(np.int64), 0, bins - 1)
    n = np.bincount(place, minlength=bins)
    k = np.bincount(place[right], minlength=bins)
    total = np.bincount(place, weights=said, minlength=bins)
    mean = np.divide(total, n, out=np.full(bins, np.nan), where=n > 0)
    return Reliability(mean, tuple(Share(int(each), int(all_)) for each, all_ in zip(k, n, strict=True)))
