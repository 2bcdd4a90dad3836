"""What finding more of one class costs of another: the curve between two classes that are taken for each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trade:
    """Shares at every threshold between two classes, over examples of the two.

    Attributes
    ----------
    keep, find : str
        The classes.
    n_keep, n_find : int
        Examples of each.
    stays, found : numpy.ndarray
        At each threshold, from all called `keep` to all called `find`: the share of `keep` that is still called so, and of `find`
        that is found.
    """

    keep: str
    find: str
    n_keep: int
    n_find: int
    stays: Floats
    found: Floats

    @property
    def area(self) -> float:
        """Under the curve: the chance that of one example of each the right one is the likelier `find`; 0.5 is a coin's."""
        return float(np.trapezoid(self.found, 1 - self.stays))

    def found_at(self, stays: float) -> float:
        """The share of `find` that is found where at least so much of `keep` stays.

        Parameters
        ----------
        stays : float
            0 to 1.
        """
        return float(self.found[self.stays >= stays - 1e-12].max())


def trade(
    labels: NDArray[np.object_], probabilities: Floats, classes: Sequence[str], keep: str, find: str
) -> Trade | None:
    """The curve of two classes; None where one of them has no example that is answered.

    Parameters
    ----------
    labels : numpy.ndarray of object, shape (n,)
        True classes.
    probabilities : numpy.ndarray, shape (n, n_classes)
        NaN rows have no answer and are left out.
    classes : sequence of str
        The columns.
    keep, find : str
        Two of them.
    """
    both = np.isfinite(probabilities).all(axis=1) & ((labels == keep) | (labels == find))
    ours, other = (probabilities[both, list(classes).index(name)] for name in (find, keep))
    share = ours / np.maximum(ours + other, np.finfo(float).tiny)
    is_find = labels[both] == find
    n_find, n_keep = int(is_find.sum()), int((~is_find).sum())
    if not n_find or not n_keep:
        return None
    at = np.append(np.inf, np.unique(share)[::-1])  # called `find` where the share is at least this
    stays = np.array([(share[~is_find] < threshold).mean() for threshold in at])
    found = np.array([(share[is_find] >= threshold).mean() for threshold in at])
    return Trade(keep, find, n_keep, n_find, stays, found)
