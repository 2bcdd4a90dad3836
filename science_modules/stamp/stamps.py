"""The crop that the published network sees."""

import numpy as np

from science_modules.common.rings import CENTRE
from science_modules.common.ztf_stamps import Planes

CROP = 21  # what the network of Carrasco-Davis et al. 2021 sees


def crops(images: Planes) -> Planes:
    """The central 21 x 21 pixels, each channel scaled to 0 to 1 over its finite pixels, the others 0.

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (n, 3, 63, 63)
        As `ztf_stamps.planes` gives them.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 21, 21, 3)
        The layout of the published network. A constant channel is 0.
    """
    first = CENTRE - CROP // 2
    part = images[:, :, first : first + CROP, first : first + CROP]
    finite = np.isfinite(part)
    low = np.where(finite, part, np.inf).min(axis=(2, 3), keepdims=True)
    high = np.where(finite, part, -np.inf).max(axis=(2, 3), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scaled = (part - low) / (high - low)
    return np.ascontiguousarray(np.moveaxis(np.where(np.isfinite(scaled), scaled, 0), 1, 3), np.float32)
