"""The sky in HEALPix cells (NESTED): which partition owns an object, which others see it at their edge.

A partition is a run of cells of CELL_ORDER, so that neighbours on the sky lie together and the runs can be of one weight
however dense the fields are. Objects without a place on the sky have cells of their own behind the last one.
"""

import zlib
from collections.abc import Sequence

import astropy.units as u
import numpy as np
import pyarrow as pa
from astropy_healpix import HEALPix
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_ORDER = 10  # 3.4 arcmin: a dense field has some thousand objects in one
SKY_CELLS = 12 * 4**CELL_ORDER
NAMED_CELLS = 4096  # of objects that have a name and no place
FINE_ORDER = 29
EDGE_ARCSEC = 10.0  # groups of objects that are one star are smaller


def healpix(ra: Floats, dec: Floats, order: int) -> Ints:
    """HEALPix indices, NESTED, ICRS.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg].
    order : int
        nside is 2 ** order.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        -1 where there is no place.
    """
    known = on_sky(ra, dec)
    grid = HEALPix(nside=2**order, order="nested")
    index = grid.lonlat_to_healpix(np.where(known, ra, 0.0) * u.deg, np.where(known, dec, 0.0) * u.deg)
    return np.where(known, np.asarray(index, dtype=np.int64), -1)


def on_sky(ra: Floats, dec: Floats) -> NDArray[np.bool_]:
    """Whether positions are on the sky.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg].
    """
    return np.asarray((ra >= 0) & (ra <= 360) & (dec >= -90) & (dec <= 90))


def cells_of(ra: Floats, dec: Floats, names: pa.Array, by_name: bool = False) -> Ints:
    """The cell of each object.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg]; NaN where there is no place.
    names : pyarrow.StringArray, length n
        Decide where there is none.
    by_name : bool
        They decide for all: the same object's positions scatter, and all its rows belong into one partition.
    """
    cells = np.full(len(ra), -1, dtype=np.int64) if by_name else healpix(ra, dec, CELL_ORDER)
    nowhere = np.flatnonzero(cells < 0)
    hashes = [zlib.crc32((name or "").encode()) % NAMED_CELLS for name in names.take(pa.array(nowhere)).to_pylist()]
    cells[nowhere] = SKY_CELLS + np.array(hashes, dtype=np.int64)
    return cells


def edge_cells(ra: Floats, dec: Floats) -> Ints:
    """The cells around each object within EDGE_ARCSEC, its own among them.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg]; NaN where there is no place.

    Returns
    -------
    numpy.ndarray of int64, shape (n, 8)
        -1 where there is no place.
    """
    angles = np.arange(8) * np.pi / 4
    step = EDGE_ARCSEC / 3600
    around = np.clip(dec[:, None] + step * np.sin(angles), -90, 90)
    across = step * np.cos(angles) / np.maximum(np.cos(np.radians(around)), 1e-6)
    lon = np.mod(ra[:, None] + across, 360.0)
    return healpix(lon.ravel(), around.ravel(), CELL_ORDER).reshape(len(ra), 8)


def sky_ranges(pixels: Sequence[str]) -> list[tuple[int, int]]:
    """Runs of cells that HEALPix pixels cover.

    Parameters
    ----------
    pixels : sequence of str
        ORDER/PIXEL, NESTED.

    Returns
    -------
    list of (int, int)
        First cell, and the one behind the last.

    Raises
    ------
    ValueError
        For what is no pixel of an order up to CELL_ORDER.
    """
    return [_range(pixel) for pixel in pixels]


def _range(pixel: str) -> tuple[int, int]:
    order, slash, number = pixel.partition("/")
    if not (slash and order.isdigit() and number.isdigit()):
        raise ValueError(f"{pixel!r} is no HEALPix pixel; it is ORDER/PIXEL (NESTED), such as 5/1234")
    if int(order) > CELL_ORDER or int(number) >= 12 * 4 ** int(order):
        raise ValueError(
            f"pixel {pixel}: orders are 0 to {CELL_ORDER}, and order N has pixels 0 to 12 * 4^N - 1 (NESTED)"
        )
    size = 4 ** (CELL_ORDER - int(order))
    return int(number) * size, (int(number) + 1) * size


def in_ranges(cells: Ints, ranges: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which cells lie in any of some runs; all where there are none.

    Parameters
    ----------
    cells : numpy.ndarray of int64, shape (n,)
        Of CELL_ORDER.
    ranges : sequence of (int, int)
        First cell, and the one behind the last.
    """
    if not ranges:
        return np.ones(len(cells), dtype=bool)
    return np.asarray(np.logical_or.reduce([(cells >= first) & (cells < behind) for first, behind in ranges]))
