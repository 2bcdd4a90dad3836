"""The content hash of an alert: equal for the same measurement, whatever packet carried it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.view import BANDS

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def content_hash(table: pa.Table) -> NDArray[np.int64]:
    """Hash of (mjd, ra, dec, band, flux, flux_err) per row, shape (n,).

    Packet bytes are not compared: containers carry random bytes and schema versions differ. Fluxes are rounded to
    float32, the precision in which surveys publish them, so that two processor types agree.

    Notes
    -----
    The finaliser of splitmix64 (Steele, Lea & Flood 2014), chained over the columns.
    """
    state = np.full(table.num_rows, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for bits in _bits(table):
        state = _mix(state ^ bits)
    return state.view(np.int64)


def _bits(table: pa.Table) -> list[NDArray[np.uint64]]:
    times = [_float_bits(table, name, np.float64) for name in ("mjd", "ra", "dec")]
    fluxes = [_float_bits(table, name, np.float32) for name in ("flux", "flux_err")]
    band = pc.fill_null(pc.add(pc.index_in(table["band"], value_set=pa.array(BANDS)), 1), 0)
    return [*times, *fluxes, np.asarray(band.to_numpy(zero_copy_only=False)).astype(np.uint64)]


def _float_bits(table: pa.Table, name: str, kind: type[np.floating]) -> NDArray[np.uint64]:
    values = np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64).astype(kind).astype(np.float64)
    values[np.isnan(values)] = np.nan  # one NaN, whatever its payload
    return (values + 0.0).view(np.uint64)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX[0]
    state = (state ^ (state >> np.uint64(27))) * _MIX[1]
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed
