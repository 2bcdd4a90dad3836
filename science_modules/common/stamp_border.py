"""What is no light in a ZTF stamp, and its noise: of its border, compiled."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.rings import SIZE


@compiled
def border(image: NDArray[np.float32]) -> tuple[float, float]:
    """Middle and noise (half the way from the 16th to the 84th percentile) of every second pixel of the outer eight.

    Parameters
    ----------
    image : numpy.ndarray of float32, shape (63, 63)
        NaN where nothing is; noise is NaN where fewer than 20 pixels are left.
    """
    values = np.empty(1024)
    n = 0
    for y in range(0, SIZE, 2):
        for x in range(0, SIZE, 2):
            inside = 8 <= y < SIZE - 8 and 8 <= x < SIZE - 8
            if not inside and abs(image[y, x]) < 1e30:
                values[n] = image[y, x]
                n += 1
    if n < 20:
        return 0.0, np.nan
    ordered = np.sort(values[:n])
    noise = (ordered[(n * 84) // 100] - ordered[(n * 16) // 100]) / 2
    return ordered[n // 2], noise if noise > 0 else _least_noise(image, ordered[n // 2])


@compiled
def _least_noise(image: NDArray[np.float32], middle: float) -> float:
    """Of a stamp whose border is flat: a thousandth of its largest deviation; NaN if there is none."""
    largest = 0.0
    for y in range(SIZE):
        for x in range(SIZE):
            if abs(image[y, x]) < 1e30:
                largest = max(largest, abs(image[y, x] - middle))
    return largest / 1000 if largest > 0 else np.nan
