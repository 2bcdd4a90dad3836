"""Why an alert has no answer: the `error` column of a module's result."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def first_reason(*cases: tuple[NDArray[np.bool_], str]) -> NDArray[Any]:
    """Per alert the text of the first case whose mask is true, None if there is none; shape (n,), dtype object.

    Parameters
    ----------
    *cases : (numpy.ndarray of bool of shape (n,), str)
        Mask and text, the most important first; at least one.
    """
    reasons: NDArray[Any] = np.full(len(cases[0][0]), None, dtype=object)
    for mask, text in reversed(cases):
        reasons[mask] = text
    return reasons
