"""The fifteen classes in three branches (Sanchez-Saez et al. 2021, AJ 161, 141), and how often each one is seen."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

BRANCHES = ("periodic", "stochastic", "transient")

# By branch: the class in words, and its objects in the paper's labelled set, ZTF objects that catalogues name (its section 2.3).
_CLASSES: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "periodic": {
        "lpv": ("long-period variable", 14076),
        "eclipsing": ("eclipsing binary", 37901),
        "dsct": ("delta Scuti star", 732),
        "rrl": ("RR Lyrae star", 32482),
        "cep": ("Cepheid", 618),
        "periodic_other": ("other periodic variable", 1256),
    },
    "stochastic": {
        "qso": ("quasar, core-dominated", 26168),
        "agn": ("active galactic nucleus, host-dominated", 4667),
        "blazar": ("blazar", 1267),
        "yso": ("young stellar object", 1740),
        "cv_nova": ("cataclysmic variable or nova", 871),
    },
    "transient": {
        "snia": ("supernova Ia", 1272),
        "snibc": ("supernova Ib or Ic", 94),
        "snii": ("supernova II", 328),
        "slsn": ("superluminous supernova", 24),
    },
}

BRANCH_OF: Mapping[str, str] = {leaf: branch for branch, leaves in _CLASSES.items() for leaf in leaves}
LEAVES = tuple(BRANCH_OF)
IN_WORDS: Mapping[str, str] = {leaf: told for leaves in _CLASSES.values() for leaf, (told, _) in leaves.items()}
_COUNTS = np.array([count for leaves in _CLASSES.values() for _, count in leaves.values()], np.float64)

BRANCH_INDEX: NDArray[np.int64] = np.array([BRANCHES.index(BRANCH_OF[leaf]) for leaf in LEAVES])
FIRST_LEAVES: NDArray[np.int64] = np.searchsorted(BRANCH_INDEX, np.arange(len(BRANCHES)))
SKY_SHARES: NDArray[np.float64] = _COUNTS / _COUNTS.sum()
# What the forests are grown on: every branch alike, and every class of a branch alike.
BALANCED_SHARES: NDArray[np.float64] = 1 / (len(BRANCHES) * np.bincount(BRANCH_INDEX)[BRANCH_INDEX])


def leaves_of(branch: int) -> NDArray[np.int64]:
    """The classes of a branch, as indices into LEAVES.

    Parameters
    ----------
    branch : int
        Index into BRANCHES.
    """
    return np.flatnonzero(branch == BRANCH_INDEX)


def n_classes(number: int) -> int:
    """How many classes one of the four forests tells apart.

    Parameters
    ----------
    number : int
        0 for the branches, k + 1 for the classes of branch k.
    """
    return len(BRANCHES) if number == 0 else len(leaves_of(number - 1))


MOST_CLASSES = max(map(n_classes, range(1 + len(BRANCHES))))
