"""Plain tables, CSV or Parquet, with a map of columns; ELAsTiCC's are one of them.

A row is a point, or an object with lists of its points; `lc.mjd` is the field `mjd` of a nested column `lc`, a struct of lists
or a list of structs. What the columns are is said by name (`columns` in the YAML file):
`object_id`, `mjd` (TAI; or `mjd_utc`, `jd_utc`), `band`, and `flux`, `flux_err` [nJy] or `mag`, `mag_err` [AB]; `ra`, `dec` [deg]
where there are any; `kind`. `flux_kind: total` or `difference` says what the flux is of: nothing in a number tells it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from jobs.common.times import MJD_ZERO, utc_to_tai
from jobs.releases.format import Choose, Format, Index, ReadOptions, no_baseline
from jobs.releases.objects import DIFFERENCE, TOTAL, Floats, Objects
from jobs.releases.parquet import opened
from jobs.releases.refused import (
    LENGTHS,
    NO_POINTS,
    REFUSED,
    UNREADABLE,
    WRONG_UNIT,
    FileRefused,
    RowChecks,
    missing_columns,
    refused,
)
from science_modules.common.photometry import flux_error, flux_of_magnitude
from science_modules.common.view import LC_KINDS

TIMES = {"mjd": (30000.0, 90000.0), "mjd_utc": (30000.0, 90000.0), "jd_utc": (2430000.5, 2490000.5)}
MEASURED = (("flux", "flux_err"), ("mag", "mag_err"))
OPTIONAL = ("ra", "dec", "kind")
FLUX_KIND = "flux_kind"
KINDS = {"det": "detection", "forced": "forced", "ul": "upper_limit"} | {name: name for name in LC_KINDS}
ELASTICC_COLUMNS = {
    "object_id": "object", "mjd": "mjd", "band": "band", "flux": "flux", "flux_err": "fluxerr", "kind": "kind",
    FLUX_KIND: DIFFERENCE,
}  # fmt: skip
# Of the catalogs that `strix export DIR -o NAME.hats` writes of total fluxes.
HATS_COLUMNS = {
    "object_id": "object_id", "ra": "ra", "dec": "dec", "mjd": "lc.mjd", "band": "lc.band", "kind": "lc.kind",
    "flux": "lc.flux_total", "flux_err": "lc.flux_total_err", FLUX_KIND: TOTAL,
}  # fmt: skip
MAG_RANGE = (-5.0, 40.0)


def check(options: ReadOptions) -> None:
    """Whether a map of columns says all that is needed.

    Parameters
    ----------
    options : ReadOptions
        Its `columns`.

    Raises
    ------
    ValueError
    """
    no_baseline(options)
    columns = options.columns
    known = ("object_id", "band", *TIMES, *(name for pair in MEASURED for name in pair), *OPTIONAL, FLUX_KIND)
    unknown = [name for name in columns if name not in known]
    times, measured = [name for name in TIMES if name in columns], [pair for pair in MEASURED if pair[0] in columns]
    told = f"columns maps {', '.join(known)} to columns of the files"
    if unknown:
        raise ValueError(f"{told}; found {', '.join(unknown)}")
    if len(times) != 1 or len(measured) != 1 or not {"object_id", "band", *measured[0]} <= set(columns):
        raise ValueError(
            f"{told}: object_id, band, one time, and flux with flux_err or mag with mag_err; found {columns}"
        )
    if columns.get(FLUX_KIND) not in (TOTAL, DIFFERENCE):
        raise ValueError(f"flux_kind in columns is total or difference, found {columns.get(FLUX_KIND)}")


def index(path: Path, options: ReadOptions) -> Index:
    """The objects of a file.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    options : ReadOptions
        Its `columns`.

    Raises
    ------
    FileRefused
        If it cannot be read or lacks a column.
    """
    return _index(_table(path, options)[0])


def _index(table: pa.Table) -> Index:
    names, ra, dec, counts = _rows(table)
    first, number = np.unique(names.to_numpy(zero_copy_only=False).astype(str), return_index=True, return_inverse=True)[
        1:
    ]
    points = np.bincount(number, weights=counts, minlength=len(first)).astype(np.int64)
    return Index(names.take(pa.array(first)), ra[first], dec[first], points)


def read(path: Path, options: ReadOptions, choose: Choose) -> tuple[Objects, pa.Table]:
    """Objects of a file with their points.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    options : ReadOptions
        Its `columns`.
    choose : callable
        Which objects.

    Raises
    ------
    FileRefused
        If it cannot be read, lacks a column, or its numbers are far from what their unit can be.
    """
    table, nameless = _table(path, options)
    found = _index(table)
    wanted = found.name.filter(pa.array(choose(found)))
    table = table.filter(pc.is_in(table["object_id"], value_set=wanted))
    table, bad = _points(table, path)
    objects, empty = _objects(table, options)
    told = "wants points with a time, a flux and a positive error; it has none"
    names = objects.name.filter(pa.array(empty)).to_pylist()
    bad = pa.concat_tables([nameless, bad, refused(NO_POINTS, str(path), names, [told] * len(names))])
    return objects.take(np.flatnonzero(~empty)), bad


def _table(path: Path, options: ReadOptions) -> tuple[pa.Table, pa.Table]:
    """The file's columns by our names; rows without an object are refused."""
    mapped = {name: column for name, column in options.columns.items() if name != FLUX_KIND}
    read_columns = _parquet if path.name.lower().endswith(".parquet") else _csv
    table = read_columns(path, list(mapped.values()))
    table = table.select(list(mapped.values())).rename_columns(list(mapped)).combine_chunks()
    name = pc.cast(table["object_id"], pa.string())
    table = table.set_column(table.column_names.index("object_id"), "object_id", name)
    n = name.null_count
    told = refused(NO_POINTS, str(path), [None] * n, ["wants an object_id, the row has none"] * n)
    return table.filter(name.is_valid()).combine_chunks(), told


def _parquet(path: Path, wanted: list[str]) -> pa.Table:
    heads = list(dict.fromkeys(name.partition(".")[0] for name in wanted))
    with opened(path, heads) as file:
        table = file.read(heads)
    return pa.table({name: _nested(table, *name.split(".")) for name in wanted})


def _nested(table: pa.Table, head: str, *fields: str) -> pa.Array:
    """A column, or a field of a nested one as lists; raises FileRefused if there is no such field."""
    column = table[head].combine_chunks()
    for field in fields:
        lists = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        kind = column.type.value_type if lists else column.type
        there = [each.name for each in kind] if pa.types.is_struct(kind) else []
        missing_columns([f"{head}.{field}"], [f"{head}.{name}" for name in there])
        if not lists:
            column = pc.struct_field(column, field)
            continue
        column = column.cast(pa.large_list(kind))
        values = pc.struct_field(column.values, field)
        column = pa.LargeListArray.from_arrays(column.offsets, values, mask=column.is_null())
    return column


def _csv(path: Path, wanted: list[str]) -> pa.Table:
    try:
        table = pyarrow.csv.read_csv(path)
    except (pa.ArrowException, OSError) as error:
        told = " ".join(str(error).split())[:300]
        raise FileRefused(UNREADABLE, f"wants a CSV file with a line of names; {told}") from None
    missing_columns(wanted, table.column_names)
    return table


def _rows(table: pa.Table) -> tuple[pa.Array, Floats, Floats, NDArray[np.int64]]:
    n = table.num_rows
    ra, dec = (
        np.asarray(table[name].to_numpy(), dtype=np.float64) if name in table.column_names else np.full(n, np.nan)
        for name in ("ra", "dec")
    )
    nested = pa.types.is_nested(table["band"].type)
    counts = pc.fill_null(pc.list_value_length(table["band"]), 0).to_numpy() if nested else np.ones(n)
    return table["object_id"].combine_chunks(), ra, dec, np.asarray(counts, dtype=np.int64)


def _points(table: pa.Table, path: Path) -> tuple[pa.Table, pa.Table]:
    """A row per point, whatever it was before."""
    lists = [name for name in table.column_names if pa.types.is_nested(table[name].type)]
    if not lists:
        return table, REFUSED.empty_table()
    checks = RowChecks(str(path), table["object_id"].combine_chunks())
    lengths = [pc.fill_null(pc.list_value_length(table[name]), 0).to_numpy() for name in lists]
    differ = np.logical_or.reduce([each != lengths[0] for each in lengths])
    told = partial(_lengths, lists, lengths)
    checks.refuse(differ, LENGTHS, told)
    checks.refuse(lengths[0] == 0, NO_POINTS, "wants points, the row has none")
    table = table.filter(pa.array(checks.good)).combine_chunks()
    owner = pa.array(np.repeat(np.arange(table.num_rows), lengths[0][checks.good]))
    flat = {
        name: pc.list_flatten(table[name].combine_chunks()) if name in lists else table[name].take(owner)
        for name in table.column_names
    }
    return pa.table(flat), checks.refused


def _lengths(lists: list[str], lengths: list[NDArray[np.int64]], row: int) -> str:
    return "wants lists of one length, found " + ", ".join(
        f"{each[row]} {name}" for each, name in zip(lengths, lists, strict=True)
    )


def _objects(table: pa.Table, options: ReadOptions) -> tuple[Objects, NDArray[np.bool_]]:
    names, ra, dec, _ = _rows(table)
    _, first, owner = np.unique(
        names.to_numpy(zero_copy_only=False).astype(str), return_index=True, return_inverse=True
    )
    mjd, flux, error = _time(table), *_flux(table)
    good = np.isfinite(mjd) & np.isfinite(flux) & (error > 0) & (error < np.inf)
    good &= table["band"].is_valid().to_numpy()
    kept, n = np.flatnonzero(good), len(first)
    suffix = "_total" if options.columns[FLUX_KIND] == TOTAL else ""
    band = table["band"].combine_chunks().cast(pa.string()).take(pa.array(kept))
    points = {
        "mjd": pa.array(mjd[kept]),
        "band": pc.utf8_lower(band),  # ELAsTiCC writes LSST's y as Y
        "kind": _kind(table).take(pa.array(kept)),
        f"flux{suffix}": pa.array(flux[kept]),
        f"flux{suffix}_err": pa.array(error[kept]),
    }
    if suffix:
        points["flux_total_err_point"] = points["flux_total_err"]
    counts = np.bincount(owner[kept], minlength=n)
    objects = Objects(
        name=names.take(pa.array(first)),
        ra=ra[first],
        dec=dec[first],
        owner=np.asarray(owner[kept], dtype=np.int64),
        points=pa.table(points),
        flux_kind=options.columns[FLUX_KIND],
        catalogue=np.zeros(n, dtype=np.int64),
        n_dropped=np.bincount(owner, minlength=n) - counts,
        resolution_s=np.full(n, np.nan),
    )
    return objects, counts == 0


def _time(table: pa.Table) -> Floats:
    name = next(each for each in TIMES if each in table.column_names)
    times = np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    times = _in_range(name, times, TIMES[name])
    if name == "mjd":
        return times
    return utc_to_tai(times - MJD_ZERO if name == "jd_utc" else times)


def _flux(table: pa.Table) -> tuple[Floats, Floats]:
    value, error = next(pair for pair in MEASURED if pair[0] in table.column_names)
    numbers, errors = (np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64) for name in (value, error))
    if value == "flux":
        return numbers, errors
    numbers = _in_range("mag", numbers, MAG_RANGE)
    flux = flux_of_magnitude(numbers)
    return flux, flux_error(flux, errors)


def _in_range(name: str, values: Floats, allowed: tuple[float, float]) -> Floats:
    """The values; NaN where their unit cannot be, as a catalog's 99.99. Raises FileRefused if half of them are: another unit."""
    known = values[np.isfinite(values)]
    if len(known) and not allowed[0] <= np.median(known) <= allowed[1]:
        told = f"wants {name} between {allowed[0]:g} and {allowed[1]:g}; their median is {np.median(known):g}"
        raise FileRefused(WRONG_UNIT, f"{told}; map the column to another name in columns")
    return np.where((values >= allowed[0]) & (values <= allowed[1]), values, np.nan)


def _kind(table: pa.Table) -> pa.Array:
    if "kind" not in table.column_names:
        return pa.repeat("detection", table.num_rows)
    words = table["kind"].combine_chunks().cast(pa.string()).to_pylist()
    return pa.array([KINDS.get((word or "").lower(), "detection") for word in words], pa.string())


def _with(columns: Mapping[str, str], options: ReadOptions) -> ReadOptions:
    return replace(options, columns={**columns, **options.columns})


def _hats(options: ReadOptions) -> ReadOptions:
    """The columns that are given, else those of our own catalogs."""
    return options if options.columns else replace(options, columns=HATS_COLUMNS)


PLAIN = Format("plain", (".csv", ".csv.gz", ".parquet"), index, read, check=check)
ELASTICC = Format(
    "elasticc",
    (".parquet",),
    lambda path, options: index(path, _with(ELASTICC_COLUMNS, options)),
    lambda path, options, choose: read(path, _with(ELASTICC_COLUMNS, options), choose),
    simulated=True,
    survey="lsst",
)
HATS = Format(
    "hats",
    (".parquet",),
    lambda path, options: index(path, _hats(options)),
    lambda path, options, choose: read(path, _hats(options), choose),
    check=lambda options: check(_hats(options)),
    folder="dataset",
    called="Npix=",
)
