"""The square that is looked at around an alert, and its rings."""

import numpy as np
from numpy.typing import NDArray

SIZE = 63  # stamps that are measured [px], the source in the middle one
CENTRE = SIZE // 2
RINGS = (0.0, 1.1, 2.1, 3.1, 4.5, 6.5, 9.0, 12.5, 17.0)  # edges [px]; the first: the middle pixel and its neighbours
N_RINGS = len(RINGS) - 1
REACH = 17  # half the side of the square [px]


def ring_of_pixels() -> NDArray[np.int8]:
    """The ring that each pixel of a 63x63 stamp is of, shape (63, 63); N_RINGS and more are in none."""
    y, x = np.mgrid[-CENTRE : CENTRE + 1, -CENTRE : CENTRE + 1]
    return np.asarray(np.digitize(np.hypot(y, x), RINGS[1:]), np.int8)
