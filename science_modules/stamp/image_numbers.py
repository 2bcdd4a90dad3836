"""What ZTF's stamps show, in numbers; light in units of the noise of each stamp's border."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common import image_numbers as shared
from science_modules.common.image_numbers import NAMES, Floats
from science_modules.common.ztf_stamps import levels

__all__ = ["NAMES", "Floats", "image_numbers"]


def image_numbers(planes: NDArray[np.float32]) -> Floats:
    """The numbers of NAMES for every alert, shape (n, len(NAMES)).

    Parameters
    ----------
    planes : numpy.ndarray of float32, shape (n, 3, 63, 63)
        Science, template, difference; NaN where nothing is.
    """
    return shared.image_numbers(planes, levels(planes))
