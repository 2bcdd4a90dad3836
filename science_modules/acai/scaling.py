"""Fields of the packet as networks trained here see them: normalised robustly, the survey's -999 for nothing as a flag."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ABSENT = -990.0  # what is less is the survey's -999
FARTHEST = 5.0  # normalised values are clipped at this
_TO_SIGMA = 1.349  # quartiles of a normal distribution are so many sigma apart

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Scaling:
    """Middle and width of each of the 25 fields.

    Attributes
    ----------
    middle, factor : numpy.ndarray of float32, shape (25,)
        Subtracted; then multiplied by.
    """

    middle: Matrix
    factor: Matrix

    @classmethod
    def of(cls, features: Matrix) -> "Scaling":
        """Median and quartiles of what is no sentinel; a field that is the same for most has its standard deviation.

        Parameters
        ----------
        features : numpy.ndarray of float32, shape (n, 25)
            As in the packets.
        """
        known = np.where(features > ABSENT, features, np.nan).astype(np.float64)
        known[:, np.isnan(known).all(axis=0)] = 0
        low, middle, high = np.nanpercentile(known, (25, 50, 75), axis=0)
        width = np.maximum((high - low) / _TO_SIGMA, 0.1 * np.nanstd(known, axis=0))
        factor = np.divide(1, width, out=np.zeros_like(width), where=width > 0)
        return cls(middle.astype(np.float32), factor.astype(np.float32))

    def __call__(self, features: Matrix) -> Matrix:
        """Normalised fields, 0 where there is nothing, and behind them 1 where there is nothing; shape (n, 50).

        Parameters
        ----------
        features : numpy.ndarray of float32, shape (n, 25)
        """
        absent = (features < ABSENT).astype(np.float32)
        scaled = np.clip((features - self.middle) * self.factor, -FARTHEST, FARTHEST)
        return np.concatenate([scaled * (1 - absent), absent], axis=1).astype(np.float32)
