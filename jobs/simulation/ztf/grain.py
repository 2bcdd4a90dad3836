"""Noise that neighbouring pixels share: resampled and matched images have none that is independent from pixel to pixel."""

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.ztf.light import Floats32
from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]


def grained(noise: Floats32, down: Floats, across: Floats) -> Floats32:
    """Independent noise convolved along columns, then along rows; its variance is kept.

    Parameters
    ----------
    noise : numpy.ndarray of float32, shape (n, 63, 63)
    down, across : numpy.ndarray, shape (n, 3)
        Weights of the pixels one, two and three away on both sides, where a pixel's own is 1.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 63, 63)
        Images are taken as if their opposite edges met.
    """
    shared = np.empty_like(noise)
    _convolve(noise, _normal(down), _normal(across), shared)
    return shared


def _normal(weights: Floats) -> Floats32:
    """The pixel's own weight and the neighbours', squares summing to 1."""
    own = 1 / np.sqrt(1 + 2 * np.sum(weights**2, axis=1))
    return np.concatenate([own[:, None], weights * own[:, None]], axis=1).astype(np.float32)


@compiled
def _convolve(noise: Floats32, down: Floats32, across: Floats32, out: Floats32) -> None:
    n, side, _ = noise.shape
    half = np.empty((side, side), dtype=np.float32)
    for k in range(n):
        for i in range(side):
            for j in range(side):
                half[i, j] = down[k, 0] * noise[k, i, j]
            for step in range(1, 4):
                above, below = (i - step) % side, (i + step) % side
                for j in range(side):
                    half[i, j] += down[k, step] * (noise[k, above, j] + noise[k, below, j])
        for i in range(side):
            for j in range(side):
                out[k, i, j] = across[k, 0] * half[i, j]
            for step in range(1, 4):
                for j in range(side):
                    left = j - step if j >= step else j - step + side
                    right = j + step if j + step < side else j + step - side
                    out[k, i, j] += across[k, step] * (half[i, left] + half[i, right])
