"""Our own archive: years of alerts of an object to one light curve, each exposure once, as the newest packet has it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.releases.copies import PACKET_MJD
from jobs.releases.format import Choose, Format, Index, ReadOptions
from jobs.releases.objects import BOTH, OF_POINTS, POINT_TYPES, Objects
from jobs.releases.parquet import opened, rows_of
from jobs.releases.refused import REFUSED

_POINTS = tuple(name for name in POINT_TYPES if name not in OF_POINTS)
_ROWS = ("survey", "object_id", "ra", "dec", "mjd")
_LATER = ("flag", "flux_flagged", "public")  # of newer versions
COLUMNS = (*_ROWS, *(f"lc_{name}" for name in _POINTS if name not in _LATER))


def index(path: Path, options: ReadOptions) -> Index:
    """The objects of a science file, a row per alert.

    Parameters
    ----------
    path : pathlib.Path
        Of a job's science table.
    options : ReadOptions
        Its `survey`: alerts of others are left out.

    Raises
    ------
    FileRefused
        If it cannot be read or lacks columns.
    """
    with opened(path, COLUMNS) as file:
        table = file.read([*_ROWS, "n_detections"]).combine_chunks()
    return _index(table, options)


def _index(table: pa.Table, options: ReadOptions) -> Index:
    own = pc.equal(table["survey"], options.survey)
    name = pc.if_else(own, table["object_id"], None).combine_chunks()
    ra, dec = (np.asarray(table[each].to_numpy(), dtype=np.float64) for each in ("ra", "dec"))
    return Index(name, ra, dec, np.asarray(pc.fill_null(table["n_detections"], 0).to_numpy(), dtype=np.int64))


def read(path: Path, options: ReadOptions, choose: Choose) -> tuple[Objects, pa.Table]:
    """Alerts of a science file as objects: several of one name, which are one star.

    Parameters
    ----------
    path : pathlib.Path
        Of a job's science table.
    options : ReadOptions
        Its `survey`.
    choose : callable
        Which rows.

    Raises
    ------
    FileRefused
        If it cannot be read or lacks columns.
    """
    found = index(path, options)
    mask = choose(found) & found.name.is_valid().to_numpy(zero_copy_only=False)
    with opened(path, COLUMNS) as file:
        there = [name for name in _POINTS if f"lc_{name}" in file.schema_arrow.names]
        table = rows_of(file, mask, [*_ROWS, *(f"lc_{name}" for name in there)])
    return _objects(table, there), REFUSED.empty_table()


def _objects(table: pa.Table, there: list[str]) -> Objects:
    n = table.num_rows
    counts = np.asarray(pc.fill_null(pc.list_value_length(table["lc_mjd"]), 0).to_numpy(), dtype=np.int64)
    owner = np.repeat(np.arange(n), counts)
    mjd = np.asarray(table["mjd"].to_numpy(), dtype=np.float64)
    points = {name: pc.list_flatten(table[f"lc_{name}"].combine_chunks()) for name in there}
    ra, dec = (np.asarray(table[each].to_numpy(), dtype=np.float64) for each in ("ra", "dec"))
    return Objects(
        name=table["object_id"].combine_chunks().cast(pa.string()),
        ra=ra,
        dec=dec,
        owner=owner,
        points=pa.table({**points, PACKET_MJD: mjd[owner]}),
        flux_kind=BOTH,
        catalogue=np.zeros(n, dtype=np.int64),
        n_dropped=np.zeros(n, dtype=np.int64),
        resolution_s=np.spacing(mjd) * 86400,
    )


ARCHIVE = Format("archive", (".parquet",), index, read, in_cells_of_names=True, folder="science")
