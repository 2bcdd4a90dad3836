"""Two halves of the real objects: the simulator's numbers are measured on one, and it is checked on the other."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Half = Literal["measure", "check"]


def of_half(object_ids: Sequence[str], half: Half) -> NDArray[np.bool_]:
    """Whether objects are of a half: the parity of the fifth byte of a hash of their ids.

    Of the first eight bytes it divides the classes most evenly, and was taken for that.

    Parameters
    ----------
    object_ids : sequence of str
        n of them.
    half : str
        "measure" or "check".

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    odd = np.array([sha256(name.encode()).digest()[4] % 2 for name in object_ids], dtype=bool)
    return odd if half == "check" else ~odd
