"""When two alerts are the same measurement: by a hash, or, where an arithmetic differed in its last bits, nearly."""

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.view import BANDS

# What a measurement is; fluxes in the precision in which surveys publish them.
MEASUREMENT = pa.schema(
    [
        ("mjd", pa.float64()),
        ("ra", pa.float64()),
        ("dec", pa.float64()),
        ("band", pa.string()),
        ("flux", pa.float32()),
        ("flux_err", pa.float32()),
    ]
)
TIME_TOLERANCE_DAYS = 1e-6  # 0.09 s; exposures are 26 s apart at least
POSITION_TOLERANCE_DEG = 1e-8  # 36 micro-arcsec
# Of the larger. A float32 magnitude beyond 16 has steps of 1.9e-6 mag, 1.8e-6 of the flux; measurements differ by 1e-3.
FLUX_TOLERANCE = 1e-5

Floats = NDArray[np.float64]

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def content_hash(table: pa.Table) -> NDArray[np.int64]:
    """Hash of (mjd, ra, dec, band, flux, flux_err) per row, shape (n,).

    Packet bytes are not compared: containers carry random bytes and schema versions differ. Fluxes are rounded to
    float32, the precision in which surveys publish them, so that two processor types agree.

    Parameters
    ----------
    table : pyarrow.Table
        n rows with the columns of MEASUREMENT.

    Notes
    -----
    The finaliser of splitmix64 (Steele, Lea & Flood 2014), chained over the columns.
    """
    state = np.full(table.num_rows, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for bits in _bits(table):
        state = _mix(state ^ bits)
    return state.view(np.int64)


def same_measurement(one: pa.Table, other: pa.Table) -> NDArray[np.bool_]:
    """Whether rows of two tables are one measurement but for the last bits of its numbers, shape (n,).

    Two packets of one alert may give a time, position or flux that differs in the last bit, because their values went
    through other programs on the way. Times within TIME_TOLERANCE_DAYS, positions within POSITION_TOLERANCE_DEG in both
    coordinates and fluxes within FLUX_TOLERANCE are the same; NULL and NaN equal themselves.

    Parameters
    ----------
    one, other : pyarrow.Table
        n rows each, with the columns of MEASUREMENT. A row without a time is like no other: nothing is known of it.
    """
    mjd, ra, dec, flux, err = (
        (_numbers(one, name), _numbers(other, name)) for name in ("mjd", "ra", "dec", "flux", "flux_err")
    )
    bands = pc.fill_null(one["band"], "").to_numpy() == pc.fill_null(other["band"], "").to_numpy()
    with np.errstate(invalid="ignore"):
        around = np.abs((ra[0] - ra[1] + 180) % 360 - 180)
        near = (np.abs(mjd[0] - mjd[1]) <= TIME_TOLERANCE_DAYS) & bands
        near &= _within(around, POSITION_TOLERANCE_DEG, ra) & _within(
            np.abs(dec[0] - dec[1]), POSITION_TOLERANCE_DEG, dec
        )
        for pair in (flux, err):
            largest = np.maximum(np.abs(pair[0]), np.abs(pair[1]))
            near &= _within(np.abs(pair[0] - pair[1]), FLUX_TOLERANCE * largest, pair)
    same: NDArray[np.bool_] = near
    return same


def _within(distance: Floats, tolerance: Floats | float, values: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    both_unknown = np.isnan(values[0]) & np.isnan(values[1])
    return np.asarray((distance <= tolerance) | both_unknown)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def _bits(table: pa.Table) -> list[NDArray[np.uint64]]:
    times = [_float_bits(table, name, np.float64) for name in ("mjd", "ra", "dec")]
    fluxes = [_float_bits(table, name, np.float32) for name in ("flux", "flux_err")]
    return [*times, *fluxes, _band_bits(table["band"])]


def _band_bits(letters: pa.ChunkedArray) -> NDArray[np.uint64]:
    """A number per filter letter: 1 to 6 for u to y, 0 for NULL, a checksum for one that only some surveys have."""
    number = np.asarray(pc.fill_null(pc.add(pc.index_in(letters, value_set=pa.array(BANDS)), 1), 0).to_numpy())
    bits: NDArray[np.uint64] = number.astype(np.uint64)
    for row in np.flatnonzero((number == 0) & np.asarray(letters.is_valid().to_numpy())).tolist():
        bits[row] = len(BANDS) + 1 + zlib.crc32(letters[row].as_py().encode())
    return bits


def _float_bits(table: pa.Table, name: str, kind: type[np.floating]) -> NDArray[np.uint64]:
    values = np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64).astype(kind).astype(np.float64)
    values[np.isnan(values)] = np.nan  # one NaN, whatever its payload
    return (values + 0.0).view(np.uint64)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX[0]
    state = (state ^ (state >> np.uint64(27))) * _MIX[1]
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed
