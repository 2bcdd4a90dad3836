"""Matches of a filter in a file: Parquet, CSV, JSON, VOTable or FITS, by its ending."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from jobs.archive.export import MOST_ROWS, TooManyRows
from jobs.archive.fits import write_fits
from jobs.archive.matches import schema_of
from jobs.archive.table_files import harmless, plain, to_json
from jobs.archive.votable import votable
from jobs.pipeline.filters import Filter
from jobs.storage.writing import replacing

FORMS = (".parquet", ".csv", ".json", ".vot", ".fits")


@dataclass
class MatchFile:
    """Writes matches to a file of FORMS, a table after the other; it is there whole or not at all.

    Raises
    ------
    ValueError
        For another ending; TooManyRows for a VOTable or FITS that memory does not hold.
    """

    path: Path
    each: Filter
    rows: int = 0
    _held: list[pa.Table] = field(default_factory=list)
    _writer: Any = None
    _open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        if self.path.suffix not in FORMS:
            raise ValueError(f"{self.path}: the ending says the format: {', '.join(FORMS)}")
        self._schema = schema_of(self.each)

    def __enter__(self) -> "MatchFile":
        self._temporary = self._open.enter_context(replacing(self.path))
        if writer := self._new_writer():
            self._writer = self._open.enter_context(writer)
        return self

    def _new_writer(self) -> Any:
        if self.path.suffix == ".parquet":
            return pq.ParquetWriter(self._temporary, self._schema, compression="zstd")
        if self.path.suffix == ".csv":
            return pa_csv.CSVWriter(self._temporary, plain(self._schema.empty_table()).schema)
        return open(self._temporary, "w", encoding="utf-8") if self.path.suffix == ".json" else None

    def write(self, table: pa.Table) -> None:
        """Add the matches of a night.

        Parameters
        ----------
        table : pyarrow.Table
            As `match_tables` gives it.

        Raises
        ------
        TooManyRows
            If a VOTable or FITS would get more rows than memory holds.
        """
        if self.path.suffix == ".parquet":
            self._writer.write_table(table)
        elif self.path.suffix == ".csv":
            self._writer.write_table(harmless(plain(table)))
        elif self.path.suffix == ".json":
            self._write_json(table)
        else:
            self._hold(table)
        self.rows += table.num_rows

    def _write_json(self, table: pa.Table) -> None:
        inner = to_json(table).strip().removeprefix("[").removesuffix("]").strip("\n")
        self._writer.write((",\n" if self.rows else "[\n") + inner)

    def _hold(self, table: pa.Table) -> None:
        """VOTable and FITS say first how many rows they have."""
        most = MOST_ROWS[self.path.suffix]
        if self.rows + table.num_rows > most:
            said = f"{self.path.suffix} is written from memory, at most {most:,} rows, and there are more"
            raise TooManyRows(f"{said}: take fewer nights (--night), or write .parquet or .csv")
        self._held.append(table)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._open.__exit__(kind, value, trace)
            return
        with self._open:
            self._end()

    def _end(self) -> None:
        if self.path.suffix == ".json":
            self._writer.write("\n]\n" if self.rows else "[]\n")
        if self.path.suffix not in (".vot", ".fits"):
            return
        table = pa.concat_tables([self._schema.empty_table(), *self._held])
        if self.path.suffix == ".fits":
            write_fits(table, self._temporary, self.each.name.upper())
        else:
            self._temporary.write_bytes(votable(table, self.each.name, self.each.description))
