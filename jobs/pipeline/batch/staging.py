"""How a task writes its tables under `_staging/` and what it tells the driver: files, counts and ids, never pixels."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ledger.counts import Counts, add_counts, count_science, empty_counts
from jobs.packets.content import MEASUREMENT
from jobs.packets.problems import InputChanged, InputUnreadable, problem_to_json
from jobs.packets.reading import OffsetCounts, ReaderEvent, SourceMessage, Unavailable
from jobs.pipeline.batch.night_file import NightFile
from jobs.pipeline.enrichment.one_pass import PassResult
from jobs.pipeline.tables import CUTOUT_TABLE, QUARANTINE, RAW, science_schema
from jobs.storage.checksums import size_and_crc
from jobs.storage.layout import UNKNOWN_NIGHT
from science_modules import registry

# Packets of a task, for Spark's progress of a query.
COUNTED = ("read", "decoded", "quarantined")
SECONDS = "seconds"
# What the driver needs to find duplicates: one row per accepted alert, in the order of the night's files.
ID_ROWS = pa.schema(
    [
        ("part", pa.string()),
        ("night", pa.string()),
        ("row", pa.int64()),
        ("survey", pa.string()),
        ("alert_id", pa.int64()),
        ("content_hash", pa.int64()),
        *MEASUREMENT,
        ("schema_version", pa.string()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("file", pa.string()),
        ("index", pa.int64()),
    ]
)
# What tells two packets of a batch apart by where they came from.
ORIGIN = ("topic", "partition", "offset", "file", "index")
# All nights of a task together; past it every night writes what it has.
ROWS_IN_ALL_HANDS = 2048


def manifest_schema(modules: Iterable[str]) -> pa.Schema:
    """What a task tells the driver, in one row: manifest, ids of its alerts, counts, and what each module took [s].

    Parameters
    ----------
    modules : iterable of str
        Names of the job's science modules.
    """
    counts = [(name, pa.int64()) for name in COUNTED]
    seconds = [(name, pa.float64()) for name in modules]
    taken = [(SECONDS, pa.struct(seconds))] if seconds else []
    return pa.schema([("manifest", pa.string()), ("ids", pa.binary()), *counts, *taken])


@dataclass(frozen=True)
class Tables:
    """The schemas of the tables that a job writes, by name; quarantine is always there."""

    schemas: dict[str, pa.Schema]

    @classmethod
    def of(cls, names: Iterable[str], modules: Iterable[str]) -> "Tables":
        """The tables of these names, with the columns of these modules.

        Parameters
        ----------
        names : iterable of str
            Of raw, science, cutouts.
        modules : iterable of str
            Names of the job's science modules.
        """
        known = {
            "raw": RAW,
            "science": science_schema(registry.resolve(tuple(modules))),
            "cutouts": CUTOUT_TABLE,
            "quarantine": QUARANTINE,
        }
        return cls({name: known[name] for name in (*names, "quarantine")})


class StagedTask:
    """All that one task attempt writes.

    Parameters
    ----------
    directory : Path
        The batch's folder under `_staging/`.
    name : str
        Run id, task and attempt: no two attempts share a file.
    tables : Tables
        Those that are written.
    modules : tuple of str
        Names of the job's science modules.
    """

    def __init__(self, directory: Path, name: str, tables: Tables, modules: tuple[str, ...]) -> None:
        self.directory = directory
        self.name = name
        self.tables = tables
        self.modules = modules
        self._most_held = ROWS_IN_ALL_HANDS * (len(tables.schemas) - 1)
        self.counts: dict[str, Counts] = {}
        self._files: dict[tuple[str, str], NightFile] = {}
        self._ids: list[pa.Table] = []
        self._rows: dict[str, int] = {}
        self._tallies: list[OffsetCounts] = []
        self._seconds = dict.fromkeys(modules, 0.0)
        self._unavailable = ""
        self._problem: InputChanged | InputUnreadable | None = None

    def sourced(self, read: Iterable[ReaderEvent]) -> Iterator[SourceMessage]:
        """The messages of what a reader gives; what else it says is kept for the manifest.

        Ends if its service is unavailable, or its file is not what it was: raised here, it would only be tried again.

        Parameters
        ----------
        read : iterable of ReaderEvent
            What a reader gives for the task.

        Yields
        ------
        SourceMessage
        """
        try:
            yield from self._messages(read)
        except (InputChanged, InputUnreadable) as problem:
            self._problem = problem

    def _messages(self, read: Iterable[ReaderEvent]) -> Iterator[SourceMessage]:
        for each in read:
            if isinstance(each, Unavailable):
                self._unavailable = each.message
                return
            if isinstance(each, OffsetCounts):
                self._tallies.append(each)
            else:
                yield each

    def add(self, passed: PassResult) -> None:
        """Write one pass's outcome and count it.

        Parameters
        ----------
        passed : PassResult
            Of messages behind those of the last one.
        """
        for module, seconds in passed.seconds.items():
            self._seconds[module] += seconds
        for night, alerts in by_night(passed.alerts, passed.alerts["night"]):
            self._add_alerts(night, alerts)
        for night, refused in by_night(passed.refused, passed.refused["night"]):
            self._file("quarantine", night).append(refused)
            reasons = pc.value_counts(refused["reason"]).to_pylist()
            more = {"read": refused.num_rows, "quarantined": {each["values"]: each["counts"] for each in reasons}}
            add_counts(self.counts.setdefault(night, empty_counts()), more)
        if sum(file.held_rows for (table, _), file in self._files.items() if table != "quarantine") > self._most_held:
            for file in self._files.values():
                file.flush()

    def close(self) -> pa.RecordBatch:
        """Close the files; the manifest as one row."""
        for file in self._files.values():
            file.close()
        files = [
            {
                "table": table,
                "night": night,
                "staged": file.path.name,
                "rows": file.rows,
                **size_and_crc(file.path),
            }
            for (table, night), file in self._files.items()
        ]
        content = {"part": self.name, "files": files, "nights": self.counts, "unavailable": self._unavailable}
        content["tallies"] = [each.to_json() for each in self._tallies]
        content["problem"] = problem_to_json(self._problem)
        manifest = json.dumps(content)
        ids = pa.concat_tables(self._ids) if self._ids else ID_ROWS.empty_table()
        columns = {"manifest": [manifest], "ids": [to_ipc(ids)], SECONDS: [self._seconds]}
        columns |= {name: [self._count(name)] for name in COUNTED}
        return pa.RecordBatch.from_pydict(columns, schema=manifest_schema(self.modules))

    def _count(self, name: str) -> int:
        """Packets of all nights, whatever the reason."""
        counts = [night[name] for night in self.counts.values()]
        return sum(sum(each.values()) if isinstance(each, dict) else each for each in counts)

    def _add_alerts(self, night: str, alerts: pa.Table) -> None:
        for table in self.tables.schemas:
            if table != "quarantine":
                self._file(table, night).append(alerts)
        more: Counts = {"read": alerts.num_rows, "decoded": alerts.num_rows}
        if "science" in self.tables.schemas:
            more |= count_science(alerts, self.modules)
        add_counts(self.counts.setdefault(night, empty_counts()), more)
        self._ids.append(self._id_rows(night, alerts))

    def _id_rows(self, night: str, alerts: pa.Table) -> pa.Table:
        first = self._rows.get(night, 0)
        self._rows[night] = first + alerts.num_rows
        provenance = alerts["provenance"].combine_chunks()
        columns = {name: alerts[name] for name in ("survey", "alert_id", "content_hash", *MEASUREMENT.names)}
        columns |= {name: pc.struct_field(provenance, name) for name in ("schema_version", *ORIGIN)}
        columns["part"] = pa.repeat(self.name, alerts.num_rows)
        columns["night"] = pa.repeat(night, alerts.num_rows)
        columns["row"] = pa.array(range(first, first + alerts.num_rows), type=pa.int64())
        return pa.table({name: columns[name] for name in ID_ROWS.names}).cast(ID_ROWS)

    def _file(self, table: str, night: str) -> NightFile:
        key = (table, night)
        if key not in self._files:
            path = self.directory / f"{self.name}-{table}-{night}.parquet"
            self._files[key] = NightFile(path, self.tables.schemas[table])
        return self._files[key]


def refusing(why: str, modules: Sequence[str]) -> pa.RecordBatch:
    """The manifest of a task that has read nothing, because its executor has other programs than the driver.

    Parameters
    ----------
    why : str
        As `differences` tells it.
    modules : sequence of str
        Names of the job's science modules.

    Returns
    -------
    pyarrow.RecordBatch
        One row.
    """
    content = {"part": "", "files": [], "nights": {}, "unavailable": "", "tallies": [], "problem": [], "differs": why}
    row = {"manifest": [json.dumps(content)], "ids": [to_ipc(ID_ROWS.empty_table())], SECONDS: [None]}
    row |= {name: [0] for name in COUNTED}
    return pa.RecordBatch.from_pydict(row, schema=manifest_schema(modules))


def by_night(table: pa.Table, nights: pa.ChunkedArray) -> Iterable[tuple[str, pa.Table]]:
    """The table cut by night.

    Parameters
    ----------
    table : pyarrow.Table
        The n rows.
    nights : pyarrow.ChunkedArray of string, length n
        Night of each row.

    Yields
    ------
    night : str
        Ascending; UNKNOWN_NIGHT for NULL.
    rows : pyarrow.Table
        In their order.
    """
    encoded = pc.dictionary_encode(nights.combine_chunks(), null_encoding="encode")
    known = encoded.dictionary.to_pylist()
    order = sorted(range(len(known)), key=lambda code: str(known[code]))
    rank = np.empty(len(known), dtype=np.int64)
    rank[order] = np.arange(len(known))
    codes = rank[encoded.indices.to_numpy()]
    if len(known) > 1:
        table = table.take(pa.array(np.argsort(codes, kind="stable")))
    counts = np.bincount(codes, minlength=len(known))
    for code, end, count in zip(order, np.cumsum(counts), counts, strict=True):
        yield str(known[code] or UNKNOWN_NIGHT), table.slice(end - count, count)


def to_ipc(table: pa.Table) -> bytes:
    """A table as bytes: an Arrow stream.

    Parameters
    ----------
    table : pyarrow.Table
        Of any schema.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_ipc(content: bytes) -> pa.Table:
    """The table that `to_ipc` wrote.

    Parameters
    ----------
    content : bytes
        As `to_ipc` gives it.
    """
    return pa.ipc.open_stream(content).read_all()
