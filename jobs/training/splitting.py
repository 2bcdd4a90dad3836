"""Who is trained on and who is tested: by object and by place on the sky, never by alert."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from jobs.training.seeds import ranks, seed_of

RADIUS_ARCSEC = 3.0
TRAIN, VALIDATION, TEST = "train", "validation", "test"
# Positions within such a cube are taken as its middle, so that a thousand alerts of one star are a few points.
_CELL_ARCSEC = 0.5
_RADIANS = np.pi / 180 / 3600

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """On which side each of n examples is.

    Attributes
    ----------
    group : numpy.ndarray of int64, shape (n,)
        Objects that are joined by name or place have one number.
    part : numpy.ndarray of str, shape (n,)
        train, validation or test.
    fold : numpy.ndarray of int64, shape (n,)
        0 to folds - 1; -1 for the test part, or where there are no folds.
    """

    group: Ints
    part: NDArray[np.str_]
    fold: Ints


def groups(objects: NDArray[np.object_], ra: Floats, dec: Floats, radius_arcsec: float = RADIUS_ARCSEC) -> Ints:
    """Numbers of connected groups: the same object, or neighbours, or neighbours of neighbours.

    Parameters
    ----------
    objects : numpy.ndarray of object, shape (n,)
        Names; survey and id together, if ids of several surveys can be alike.
    ra, dec : numpy.ndarray, shape (n,)
        [deg]; NaN where there is no place: such an example is joined by its name alone.
    radius_arcsec : float
        All pairs within it are joined, some up to 1.8 arcsec beyond it too (positions are taken as middles of small cubes).

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Groups are counted in the order of their first name in the alphabet: rows in another order have the same numbers.
    """
    names, name = np.unique(objects.astype(str), return_inverse=True)
    placed = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    cells, cell = np.unique(_cells(ra[placed], dec[placed]), axis=0, return_inverse=True)
    near = _pairs(cells, radius_arcsec) + len(names)
    own = np.unique(np.column_stack([name[placed], cell.ravel() + len(names)]), axis=0)
    edges = np.concatenate([own, near])
    n = len(names) + len(cells)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    found = connected_components(graph, directed=False)[1][: len(names)]
    _, first = np.unique(found, return_index=True)
    number = np.empty(int(found.max(initial=-1)) + 1, np.int64)
    number[found[np.sort(first)]] = np.arange(len(first))
    return np.asarray(number[found][name], np.int64)


def split(
    group: Ints,
    objects: NDArray[np.object_],
    strata: NDArray[np.object_],
    seed: int,
    *,
    folds: int = 5,
    validation: float = 0.1,
    test: float = 0.2,
) -> Split:
    """Deal groups to parts and folds, each stratum by itself.

    Parameters
    ----------
    group : numpy.ndarray of int64, shape (n,)
        As `groups` gives them.
    objects : numpy.ndarray of object, shape (n,)
        As given to `groups`; a group's chance comes from its first name in the alphabet.
    strata : numpy.ndarray of object, shape (n,)
        Class, or class and origin, as text; a group is of the one that most of its examples have.
    seed : int
        Of the split.
    folds : int
        Of the cross-validation, over all that is not test; 0 for none.
    validation, test : float
        Shares of the groups of each stratum.
    """
    if not len(group):
        return Split(group, np.array([], "U10"), group)
    names, stratum = _of_groups(group, objects), _strata(group, strata)
    order = np.argsort(ranks(seed, names), kind="stable")
    part, fold = np.full(len(names), TRAIN, "U10"), np.full(len(names), -1)
    for each in np.unique(stratum):
        own = order[stratum[order] == each]
        place = (np.arange(len(own)) + 0.5) / len(own)
        part[own[place < test]] = TEST
        part[own[(place >= test) & (place < test + validation)]] = VALIDATION
        rest = own[place >= test]
        if folds:
            # Validation is the first of the rest: dealt out in turn it is spread over the folds as well.
            fold[rest] = (np.arange(len(rest)) + seed_of(seed, "folds", each)) % folds
    return Split(group, part[group], fold[group])


def _cells(ra: Floats, dec: Floats) -> Ints:
    """The cube of each place on the unit sphere: no seam at RA 0, no crowding at the poles."""
    ra, dec = np.radians(ra), np.radians(dec)
    place = np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    return np.floor(place / (_CELL_ARCSEC * _RADIANS)).astype(np.int64)


def _pairs(cells: Ints, radius_arcsec: float) -> Ints:
    if not len(cells):
        return np.empty((0, 2), np.int64)
    reach = radius_arcsec + np.sqrt(3) * _CELL_ARCSEC  # half a diagonal on either side
    return np.asarray(cKDTree(cells * _CELL_ARCSEC).query_pairs(reach, output_type="ndarray"), np.int64)


def _of_groups(group: Ints, objects: NDArray[np.object_]) -> NDArray[np.object_]:
    """The first name of each group in the alphabet."""
    order = np.lexsort((objects.astype(str), group))
    first = np.r_[True, np.diff(group[order]) > 0]
    return objects[order[first]]


def _strata(group: Ints, strata: NDArray[np.object_]) -> NDArray[np.str_]:
    """The commonest stratum of each group, of equals the first in the alphabet."""
    names, number = np.unique(strata.astype(str), return_inverse=True)
    count = np.zeros((int(group.max()) + 1, len(names)), np.int64)
    np.add.at(count, (group, number), 1)
    return np.asarray(names[count.argmax(axis=1)])
