"""A night, or what lies near a position, as one flat file for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from jobs.archive.astropy_tables import as_astropy
from jobs.archive.fits import write_fits
from jobs.archive.position import DISTANCE, Cone, cone_of
from jobs.archive.scan import Scan
from jobs.archive.table_files import harmless, plain
from jobs.archive.top_alerts import modules_of
from jobs.archive.votable import votable
from jobs.storage.writing import replacing
from science_modules.common.view import LIGHT_CURVE, SCALARS

_DESCRIPTION = "Alerts in Strix's common view: fluxes in nJy, times MJD TAI at mid-exposure, positions ICRS"
# Rows that a format whose writer wants all of a table at once may have: some GB of memory with light curves.
MOST_ROWS = {".fits": 1_000_000, ".vot": 200_000, ".ecsv": 200_000}
FORMATS = (".fits", ".vot", ".csv", ".parquet", ".ecsv")
_ROWS_TOGETHER = 8192
_ALIASES = {".fit": ".fits", ".xml": ".vot", ".votable": ".vot"}


class TooManyRows(ValueError):
    """The format's writer would hold more in memory than it should; the message says what to do."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    path: Path
    rows: int
    columns: tuple[str, ...]


def export(
    directory: str | Path,
    path: str | Path,
    nights: Iterable[str | int] | None = None,
    modules: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    near: str | None = None,
    radius_arcsec: float = 5.0,
) -> Exported:
    """Write alerts of an output as one flat table.

    Parameters
    ----------
    directory : path
        The output of a job.
    path : path
        The file; its ending is the format: .fits, .vot (also .xml), .csv, .parquet or .ecsv. Parquet and CSV are
        written piece by piece, the others hold the table in memory and have at most MOST_ROWS.
    nights : iterable of str or int, optional
        YYYYMMDD; all if not given.
    modules : sequence of str, optional
        Whose outputs; those of all modules if neither these nor columns are given.
    columns : sequence of str, optional
        Columns, as `object_id`, `candidate.rb` or `acai_acai_h`; the common view if not given. CSV has lists only where
        they are named here.
    near : str, optional
        Only alerts near this position, as `jobs.archive.position.position_of` reads it; with `distance_arcsec`.
    radius_arcsec : float

    Returns
    -------
    Exported

    Raises
    ------
    ValueError
        If the ending is no format, the position is none, or there are too many rows.
    FileNotFoundError, KeyError
        As `scan`.
    """
    path = Path(path)
    form = format_of(path)
    cone = cone_of(near, radius_arcsec) if near is not None else None
    found = _scan(directory, nights, modules, columns, form)
    names = (*found.names, *([DISTANCE.name] if cone else []))
    with replacing(path) as temporary:
        rows = _WRITERS[form](temporary, found, cone)
    return Exported(path, rows, names)


def format_of(path: Path) -> str:
    """The format of a file's ending.

    Parameters
    ----------
    path : pathlib.Path
        A file that need not exist.

    Returns
    -------
    str
        One of FORMATS, with its dot.

    Raises
    ------
    ValueError
        If it is none.
    """
    form = _ALIASES.get(path.suffix.lower(), path.suffix.lower())
    if form not in FORMATS:
        raise ValueError(
            f"{path}: the ending says the format, one of {', '.join(FORMATS)}, not {path.suffix or 'none'}"
        )
    return form


def _scan(
    directory: str | Path,
    nights: Iterable[str | int] | None,
    modules: Sequence[str] | None,
    columns: Sequence[str] | None,
    form: str,
) -> Scan:
    whole = Scan.of(directory, nights=nights)
    there = [name for name in whole.wanted.names if pa.types.is_struct(whole.wanted.field(name).type)]
    there = modules_of([f"{name}.{child.name}" for name in there for child in whole.wanted.field(name).type])
    if absent := sorted(set(modules or ()) - set(there)):
        raise KeyError(f"no module {', '.join(absent)} in {directory}; it has {', '.join(there) or 'none'}")
    asked = list(columns) if columns is not None else _view(whole.wanted, with_lists=form != ".csv")
    asked += modules if modules is not None else there if columns is None else []
    return whole.flat(asked)


def _view(schema: pa.Schema, with_lists: bool) -> list[str]:
    view = SCALARS + LIGHT_CURVE if with_lists else SCALARS
    return [column.name for column in view if column.name in schema.names]


class _Writer(Protocol):
    def __call__(self, path: Path, found: Scan, cone: Cone | None) -> int:
        """Write what was found, give the number of rows."""


def _schema(found: Scan, cone: Cone | None) -> pa.Schema:
    return found.schema.append(DISTANCE) if cone else found.schema


def _pieces(found: Scan, cone: Cone | None) -> Iterator[pa.Table]:
    """Its pieces, small ones together: a night of few alerts is no row group of its own."""
    held: list[pa.Table] = []
    for piece in found.pieces(cone):
        held.append(piece)
        if sum(each.num_rows for each in held) >= _ROWS_TOGETHER:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _parquet(path: Path, found: Scan, cone: Cone | None) -> int:
    rows = 0
    with pq.ParquetWriter(path, _schema(found, cone), compression="zstd") as writer:
        for piece in _pieces(found, cone):
            writer.write_table(piece)
            rows += piece.num_rows
    return rows


def _csv(path: Path, found: Scan, cone: Cone | None) -> int:
    rows = 0
    schema = plain(_schema(found, cone).empty_table()).schema
    with pa_csv.CSVWriter(path, schema) as writer:
        for piece in _pieces(found, cone):
            writer.write_table(harmless(plain(piece)))
            rows += piece.num_rows
    return rows


def _fits(path: Path, found: Scan, cone: Cone | None) -> int:
    table = _in_memory(found, cone, ".fits")
    write_fits(table, path, "ALERTS")
    return int(table.num_rows)


def _votable(path: Path, found: Scan, cone: Cone | None) -> int:
    table = _in_memory(found, cone, ".vot")
    path.write_bytes(votable(table, "alerts", _DESCRIPTION))
    return int(table.num_rows)


def _ecsv(path: Path, found: Scan, cone: Cone | None) -> int:
    table = _in_memory(found, cone, ".ecsv")
    as_astropy(table).write(path, format="ascii.ecsv", overwrite=True)
    return int(table.num_rows)


def _in_memory(found: Scan, cone: Cone | None, form: str) -> pa.Table:
    most = MOST_ROWS[form]
    pieces, rows = [_schema(found, cone).empty_table()], 0
    if cone is None:
        _refuse_more(found.rows, most, form)
    for piece in found.pieces(cone):
        pieces.append(piece)
        rows += piece.num_rows
        _refuse_more(rows, most, form)
    return pa.concat_tables(pieces)


def _refuse_more(rows: int, most: int, form: str) -> None:
    if rows > most:
        told = f"{form} is written from memory, at most {most:,} rows, and there are {rows:,} or more"
        raise TooManyRows(f"{told}: take fewer nights (--night) or a position (--near), or write .parquet or .csv")


_WRITERS: dict[str, _Writer] = {".fits": _fits, ".vot": _votable, ".csv": _csv, ".parquet": _parquet, ".ecsv": _ecsv}
