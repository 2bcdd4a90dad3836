"""What ZTF's stamps show, in numbers; light in units of the noise of each stamp's border."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common import image_numbers as shared
from science_modules.common.image_numbers import NAMES, Floats

__all__ = ["NAMES", "Floats", "image_numbers", "levels"]


def image_numbers(planes: NDArray[np.float32]) -> Floats:
    """The numbers of NAMES for every alert, shape (n, len(NAMES)).

    Parameters
    ----------
    planes : numpy.ndarray of float32, shape (n, 3, 63, 63)
        Science, template, difference; NaN where nothing is.
    """
    return shared.image_numbers(planes, levels(planes))


def levels(planes: NDArray[np.float32]) -> Floats:
    """Middle and noise of each stamp's border, shape (n, 3, 2).

    Parameters
    ----------
    planes : numpy.ndarray of float32, shape (n, 3, 63, 63)
        NaN where nothing is.
    """
    from science_modules.stamp.border import border  # compiled: not for those who ask only what the module gives

    flat = np.ascontiguousarray(planes).reshape(-1, *planes.shape[2:])
    return np.array([border(plane) for plane in flat], np.float64).reshape(*planes.shape[:2], 2)
