"""ZTF data releases as published: Parquet by field, filter, CCD and quadrant, a row per object with lists of its epochs.

An epoch is good if bit 15 of `catflags` is not set (ZTF Science Data System Explanatory Supplement, section 13.6), with
`strict` if no bit is. `hmjd` is heliocentric UTC; whether of the start or the middle of 30 s makes less than the files'
float32 can hold, steps of 5.6 minutes: `time_resolution_s` says it. Magnitudes are PSF photometry of the source itself.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.releases.cells import on_sky
from jobs.releases.format import Choose, Format, Index, ReadOptions
from jobs.releases.heliocentric import earth_mjd_tai
from jobs.releases.objects import TOTAL, Floats, Ints, Objects
from jobs.releases.parquet import opened, rows_of
from jobs.releases.refused import LENGTHS, NO_POINTS, NO_POSITION, WRONG_UNIT, RowChecks
from science_modules.common.photometry import flux_error, flux_of_magnitude

BAD_EPOCH = 32768
FILTERS = {1: "g", 2: "r", 3: "i"}
_POINTS = ("hmjd", "mag", "magerr", "catflags")
_ROWS = ("objectid", "filterid", "fieldid", "rcid", "objra", "objdec")
COLUMNS = (*_ROWS, *_POINTS)
# ZTF sees from 12 mag (saturation) to 22; a Julian date or Unix seconds, a flux or millimagnitudes are far from these.
MJD_RANGE, MAG_RANGE = (58000.0, 80000.0), (5.0, 30.0)


def index(path: Path, options: ReadOptions) -> Index:
    """The objects of a file.

    Parameters
    ----------
    path : pathlib.Path
        A file of the release.
    options : ReadOptions
        Not asked.

    Raises
    ------
    FileRefused
        If it is no Parquet file or lacks a column.
    """
    with opened(path, COLUMNS) as file:
        names = file.schema_arrow.names
        counts = "nepochs" if "nepochs" in names else "hmjd"
        table = file.read(["objectid", "objra", "objdec", counts]).combine_chunks()
    n = table[counts] if counts == "nepochs" else pc.list_value_length(table[counts])
    return Index(*_places(table), np.asarray(pc.fill_null(n, 0).to_numpy(), dtype=np.int64))


def read(path: Path, options: ReadOptions, choose: Choose) -> tuple[Objects, pa.Table]:
    """Objects of a file with their good epochs, and what was refused.

    Parameters
    ----------
    path : pathlib.Path
        A file of the release.
    options : ReadOptions
        Its `strict`.
    choose : callable
        Which rows, by their index.

    Raises
    ------
    FileRefused
        If the file is no Parquet file or lacks a column.
    """
    mask = choose(index(path, options))
    with opened(path, COLUMNS) as file:
        table = rows_of(file, mask, COLUMNS)
    checks = RowChecks(str(path), _names(table))
    _check(table, checks)
    table = table.filter(pa.array(checks.good))
    objects, empty = _objects(table, options)
    told = "wants a good epoch (catflags without 32768), all of its epochs are bad or no numbers"
    names = pa.array(objects.name.filter(pa.array(empty)))
    rest = RowChecks(str(path), names)
    rest.refuse(np.ones(len(names), dtype=bool), NO_POINTS, told)
    return objects.take(np.flatnonzero(~empty)), pa.concat_tables([checks.refused, rest.refused])


def _names(table: pa.Table) -> pa.Array:
    return table["objectid"].cast(pa.string()).combine_chunks()


def _places(table: pa.Table) -> tuple[pa.Array, Floats, Floats]:
    ra, dec = (np.asarray(table[name].to_numpy(), dtype=np.float64) for name in ("objra", "objdec"))
    return _names(table), ra, dec


def _check(table: pa.Table, checks: RowChecks) -> None:
    lengths = [pc.fill_null(pc.list_value_length(table[name]), 0).to_numpy() for name in _POINTS]
    differ = np.logical_or.reduce([each != lengths[0] for each in lengths[1:]])
    checks.refuse(differ, LENGTHS, lambda row: f"wants lists of one length, found {_lengths(lengths, row)}")
    checks.refuse(lengths[0] == 0, NO_POINTS, "wants epochs, the row has none")
    _, ra, dec = _places(table)
    checks.refuse(
        ~on_sky(ra, dec), NO_POSITION, "wants objra 0 to 360 and objdec -90 to 90 degrees, the row has others"
    )
    filters = pc.is_in(table["filterid"], value_set=pa.array(list(FILTERS), table["filterid"].type)).to_numpy()
    checks.refuse(~filters, WRONG_UNIT, "wants filterid 1, 2 or 3 (g, r, i), the row has another")
    for name, (low, high), unit in (("hmjd", MJD_RANGE, "MJD"), ("mag", MAG_RANGE, "AB magnitudes")):
        middle = _middle(table[name])
        wanted = f"wants {name} in {unit}, {low:g} to {high:g}; half way the row has"
        checks.refuse((middle < low) | (middle > high), WRONG_UNIT, partial(_found, wanted, middle))


def _found(wanted: str, values: Floats, row: int) -> str:
    return f"{wanted} {values[row]:g}"


def _lengths(lengths: list[Ints], row: int) -> str:
    return ", ".join(f"{n[row]} {name}" for n, name in zip(lengths, _POINTS, strict=True))


def _middle(lists: pa.ChunkedArray) -> Floats:
    """The middle element of each list, a stand-in for its median that costs no sorting; NaN of an empty one."""
    single = lists.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(single), 0).to_numpy(zero_copy_only=False)
    starts = np.cumsum(lengths) - lengths
    values = np.asarray(single.flatten().to_numpy(zero_copy_only=False), dtype=np.float64)
    middle = np.full(len(lengths), np.nan)
    some = lengths > 0
    middle[some] = values[(starts + lengths // 2)[some]]
    return middle


def _objects(table: pa.Table, options: ReadOptions) -> tuple[Objects, NDArray[np.bool_]]:
    """All rows as objects, and which of them have no good epoch."""
    names, ra, dec = _places(table)
    flat = {name: table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False) for name in _POINTS}
    owner = np.repeat(np.arange(len(names)), pc.list_value_length(table["hmjd"].combine_chunks()).to_numpy())
    hmjd, mag, err = (np.asarray(flat[name], dtype=np.float64) for name in ("hmjd", "mag", "magerr"))
    good = _good(flat["catflags"], options.strict) & np.isfinite(hmjd) & np.isfinite(mag) & (err > 0) & (err < np.inf)
    kept = np.flatnonzero(good)
    of = owner[kept]
    flux = flux_of_magnitude(mag[kept])
    error = pa.array(flux_error(flux, err[kept]))
    letters = pa.array([FILTERS.get(each, "") for each in range(4)])
    band = np.asarray(table["filterid"].to_numpy(), dtype=np.int32)
    points = {
        "mjd": pa.array(earth_mjd_tai(hmjd[kept], ra[of], dec[of])),
        "band": pa.DictionaryArray.from_arrays(band[of], letters),
        "kind": pa.DictionaryArray.from_arrays(np.zeros(len(kept), np.int32), ["detection"]),
        "flux_total": pa.array(flux),
        "flux_total_err": error,
        "flux_total_err_point": error,
        "public": pa.repeat(True, len(kept)),
    }
    counts = np.bincount(of, minlength=len(names))
    objects = Objects(
        name=names,
        ra=ra,
        dec=dec,
        owner=of,
        points=pa.table(points),
        flux_kind=TOTAL,
        catalogue=_catalogue(table),
        n_dropped=np.bincount(owner, minlength=len(names)) - counts,
        resolution_s=_resolution(table["hmjd"].type.value_type, hmjd, owner, len(names)),
    )
    return objects, counts == 0


def _good(catflags: NDArray[np.generic], strict: bool) -> NDArray[np.bool_]:
    bits = np.nan_to_num(np.asarray(catflags, dtype=np.float64), nan=BAD_EPOCH).astype(np.int64)
    return np.asarray(bits == 0 if strict else bits & BAD_EPOCH == 0)


def _catalogue(table: pa.Table) -> Ints:
    field, rcid, band = (np.asarray(table[name].to_numpy(), dtype=np.int64) for name in ("fieldid", "rcid", "filterid"))
    return (field * 64 + rcid) * 4 + band


def _resolution(kind: pa.DataType, hmjd: Floats, owner: Ints, n: int) -> Floats:
    """The step of the published times [s] at each object's latest one."""
    latest = np.full(n, np.nan)
    np.fmax.at(latest, owner, hmjd)
    step = np.spacing(latest.astype(np.float32)) if kind == pa.float32() else np.spacing(latest)
    return np.asarray(step, dtype=np.float64) * 86400


ZTF_DR = Format("ztf_dr", (".parquet",), index, read, by_position=True, public=True, survey="ztf")
