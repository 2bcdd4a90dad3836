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


def scaled(grain: Floats32, variance: Floats, light: Floats32, electrons: float) -> None:
    """Noise of variance 1 as that of sky and light, in place.

    Parameters
    ----------
    grain, light : numpy.ndarray of float32, shape (n, 63, 63)
        The noise; light above the sky [DN], of either sign.
    variance : numpy.ndarray, shape (n,)
        Of the sky [DN^2].
    electrons : float
        Per DN.
    """
    _scale(grain, variance.astype(np.float32), light, np.float32(1 / electrons))


@compiled
def mismatched(difference: Floats32, scene: Floats32, scale: Floats32, shift: Floats32) -> None:
    """Add what is left of a scene whose flux and place are a little different.

    Parameters
    ----------
    difference, scene : numpy.ndarray of float32, shape (n, 63, 63)
    scale : numpy.ndarray of float32, shape (n,)
        Of the flux.
    shift : numpy.ndarray of float32, shape (2, n)
        Half of it, along columns and along rows [px].
    """
    n, side, _ = scene.shape
    for k in range(n):
        for i in range(side):
            here, out = scene[k, i], difference[k, i]
            for j in range(side):
                out[j] += scale[k] * here[j]
            if 0 < i < side - 1:
                above, below = scene[k, i - 1], scene[k, i + 1]
                for j in range(side):
                    out[j] += shift[0, k] * (below[j] - above[j])
            for j in range(1, side - 1):
                out[j] += shift[1, k] * (here[j + 1] - here[j - 1])


@compiled
def _scale(grain: Floats32, variance: Floats32, light: Floats32, per_dn: np.float32) -> None:
    n, side, _ = grain.shape
    for k in range(n):
        for i in range(side):
            for j in range(side):
                grain[k, i, j] *= np.sqrt(variance[k] + np.abs(light[k, i, j]) * per_dn)


@compiled
def _convolve(noise: Floats32, down: Floats32, across: Floats32, out: Floats32) -> None:
    n, side, _ = noise.shape
    row = np.empty(side + 6, dtype=np.float32)  # with the three pixels beyond each end
    for k in range(n):
        d0, d1, d2, d3 = down[k]
        a0, a1, a2, a3 = across[k]
        for i in range(side):
            here, up, below = noise[k, i], noise[k, i - 1], noise[k, (i + 1) % side]
            up2, below2 = noise[k, i - 2], noise[k, (i + 2) % side]
            up3, below3 = noise[k, i - 3], noise[k, (i + 3) % side]
            for j in range(side):
                row[j + 3] = (
                    d0 * here[j] + d1 * (up[j] + below[j]) + d2 * (up2[j] + below2[j]) + d3 * (up3[j] + below3[j])
                )
            row[:3], row[side + 3 :] = row[side : side + 3], row[3:6]
            for j in range(side):
                near, far = a1 * (row[j + 2] + row[j + 4]), a2 * (row[j + 1] + row[j + 5])
                out[k, i, j] = a0 * row[j + 3] + near + far + a3 * (row[j] + row[j + 6])
