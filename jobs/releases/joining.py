"""Which objects of a release are one star: by HEALPix and great circle, never all pairs.

A release names one object per field, readout channel and filter, so a star in two fields and three filters has six. Objects
of different catalogues within JOIN_ARCSEC are one star, the nearest pairs first, and no star gets two objects of one
catalogue: those are two stars.
"""

import numpy as np
from astropy_healpix import HEALPix
from numpy.typing import NDArray

from jobs.releases.cells import healpix, on_sky

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN_ARCSEC = 1.5
_ORDER = 15  # cells of 6.4 arcsec: within 1.5 arcsec of a place lie only its own cell and those that touch it


def stars(ra: Floats, dec: Floats, catalogue: Ints, radius_arcsec: float = JOIN_ARCSEC) -> Ints:
    """The star that each object belongs to, named by the first of its objects.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg]; one without a place is a star of its own.
    catalogue : numpy.ndarray of int64, shape (n,)
        Field, channel and filter as one number.
    radius_arcsec : float
        Up to 3.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Index of the star's first object. It depends on the objects alone, not on others farther away.
    """
    first, second, distance = close_pairs(ra, dec, radius_arcsec)
    different = catalogue[first] != catalogue[second]
    first, second, distance = first[different], second[different], distance[different]
    order = np.lexsort((second, first, distance))
    return _merged(len(ra), first[order].tolist(), second[order].tolist(), catalogue)


def close_pairs(ra: Floats, dec: Floats, radius_arcsec: float) -> tuple[Ints, Ints, Floats]:
    """Pairs of positions within a radius.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg].
    radius_arcsec : float
        Up to 3.

    Returns
    -------
    first, second : numpy.ndarray of int64, shape (n_pairs,)
        Indices, the lower one first.
    distance : numpy.ndarray of float64, shape (n_pairs,)
        [arcsec].
    """
    known = np.flatnonzero(on_sky(ra, dec))
    cell = healpix(ra[known], dec[known], _ORDER)
    order = np.argsort(cell, kind="stable")
    ordered, places = cell[order], known[order]
    distinct, number = np.unique(cell, return_inverse=True)
    around = _around(distinct)
    first, second = [], []
    for column in range(around.shape[1]):
        neighbour = around[number, column]
        begin, end = np.searchsorted(ordered, neighbour), np.searchsorted(ordered, neighbour, side="right")
        counts = np.where(neighbour >= 0, end - begin, 0)
        one = np.repeat(known, counts)
        inside = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
        other = places[np.repeat(begin, counts) + inside]
        first.append(one[one < other])
        second.append(other[one < other])
    one, other = np.concatenate(first), np.concatenate(second)
    distance = separation(ra[one], dec[one], ra[other], dec[other])
    near = distance <= radius_arcsec
    return one[near], other[near], distance[near]


def separation(ra: Floats, dec: Floats, ra2: Floats, dec2: Floats) -> Floats:
    """Great-circle distance [arcsec] (haversine).

    Parameters
    ----------
    ra, dec, ra2, dec2 : numpy.ndarray of float64, shape (n,)
        [deg].
    """
    phi, phi2 = np.radians(dec), np.radians(dec2)
    half = np.sin((phi - phi2) / 2) ** 2
    half += np.cos(phi) * np.cos(phi2) * np.sin(np.radians(ra - ra2) / 2) ** 2
    return np.asarray(3600 * np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1.0)))))


def _around(cells: Ints) -> Ints:
    """Each cell and those that touch it, shape (n, 9); -1 for a neighbour that is not there (at eight corners)."""
    if not len(cells):
        return np.empty((0, 9), dtype=np.int64)
    touching = HEALPix(nside=2**_ORDER, order="nested").neighbours(cells).T
    return np.column_stack([cells, touching]).astype(np.int64)


def _merged(n: int, first: list[int], second: list[int], catalogue: Ints) -> Ints:
    star = np.arange(n, dtype=np.int64)
    members: dict[int, list[int]] = {}
    for one, other in zip(first, second, strict=True):
        low, high = sorted((int(star[one]), int(star[other])))
        if low == high:
            continue
        kept, added = members.get(low, [low]), members.get(high, [high])
        if {int(catalogue[each]) for each in kept} & {int(catalogue[each]) for each in added}:
            continue
        members[low] = kept + added
        members.pop(high, None)
        star[added] = low
    return star
