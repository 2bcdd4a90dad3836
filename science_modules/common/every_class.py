"""A classifier learns nothing of a class without examples: it is named before anything is grown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def every_class(names: Sequence[str], counts: ArrayLike, wanted: str = "examples") -> None:
    """Raise unless every class has something.

    Parameters
    ----------
    names : sequence of str, length k
        Of the classes.
    counts : array_like of int, shape (k,)
        What each has.
    wanted : str
        What is counted.

    Raises
    ------
    ValueError
        With every class and its count, those without first.
    """
    have = np.asarray(counts)
    if have.all():
        return
    order = np.argsort(have > 0, kind="stable")
    told = ", ".join(f"{names[place]} {have[place]:,}" for place in order)
    raise ValueError(f"every class wants {wanted}, there are: {told}; give more, or fewer folds")
