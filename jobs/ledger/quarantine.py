"""What was refused: every entry of quarantine with the batch that refused it, its bytes, and whether it was replayed."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ledger.records import Record
from jobs.ledger.spans import Rows, open_moved
from jobs.ledger.streams import records
from jobs.ledger.too_large import REASON as MATCH_TOO_LARGE
from jobs.ledger.too_large import read_too_large, too_large_path
from jobs.ledger.volumes import Wanted
from jobs.storage.layout import Layout

_COLUMNS = ["quarantine_id", "reason", "message", "failed_at", "night_from", "survey", "alert_id", "size", "provenance"]
# An entry may have 64 MiB.
_AT_ONCE = 16


class NoEntry(LookupError):
    """No entry of quarantine has this name."""


@dataclass(frozen=True)
class Entry:
    """One refused packet, or the unreadable rest of a file.

    Attributes
    ----------
    id : str
        Names it: hash of its origin and bytes.
    night, night_from : str
        The night that it lies in, and what dated it.
    survey, alert_id : str or None, int or None
        Where they were known.
    origin : dict
        Topic, partition, offset, timestamp, or file and index.
    file, file_rows : str, int
        The quarantine file that its batch wrote, relative to the output, and the entries in it. The file may have been
        merged into another since.
    stream, batch : str, int
        Who refused it.
    job, tables, modules : str, tuple of str, tuple of str
        Of the batch that refused it: what a replay writes.
    replayed : str
        `<stream>/<batch>` that read it again; empty if none did.
    """

    id: str
    night: str
    night_from: str
    reason: str
    message: str
    failed_at: str
    survey: str | None
    alert_id: int | None
    size: int
    origin: dict[str, Any]
    file: str
    file_rows: int
    stream: str
    batch: int
    job: str
    tables: tuple[str, ...]
    modules: tuple[str, ...]
    replayed: str = ""

    def to_json(self) -> dict[str, Any]:
        """For JSON: ids as strings, times in ISO."""
        origin = {name: str(value) if name == "timestamp" else value for name, value in self.origin.items()}
        plain = ("id", "night", "night_from", "reason", "message", "failed_at", "survey", "size", "file", "replayed")
        content = {name: getattr(self, name) for name in plain}
        alert_id = None if self.alert_id is None else str(self.alert_id)
        return {**content, "alert_id": alert_id, "origin": origin, "batch": f"{self.stream}/{self.batch}"}


def entries(layout: Layout, night: str | None = None, reason: str | None = None) -> list[Entry]:
    """The entries of an output, by night, stream and batch.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night, reason : str, optional
        Only those of this night, with this reason.
    """
    again = replayed(layout)
    found: list[Entry] = []
    for record in records(layout, wanted=Wanted(None if night is None else [night], refused=True)):
        found += _of_batch(layout, record, again, night)
        found += [entry for entry in _unsent(layout, record) if night in (None, entry.night)]
    chosen = [entry for entry in found if reason in (None, entry.reason)]
    return sorted(chosen, key=lambda entry: (entry.night, entry.stream, entry.batch))


def _unsent(layout: Layout, record: Record) -> Iterator[Entry]:
    """The matches of a batch that no topic took: their packets were read, so they cannot be replayed."""
    for match in read_too_large(layout, record):
        place = f"{record.stream}/{record.batch}/{match.topic}/{match.alert_id}"
        yield Entry(
            id=hashlib.sha256(place.encode()).hexdigest()[:16],
            night=str(match.night),
            night_from="packet",
            reason=MATCH_TOO_LARGE,
            message=match.message,
            failed_at="publish",
            survey=match.survey,
            alert_id=match.alert_id,
            size=match.size,
            origin={key: value for key, value in match.provenance.items() if value is not None},
            file=str(too_large_path(layout, record.stream, record.batch).relative_to(layout.root)),
            file_rows=0,
            stream=record.stream,
            batch=record.batch,
            job=record.plan.job,
            tables=record.tables,
            modules=tuple(record.hashes.get("modules", {})),
        )


def replayed(layout: Layout) -> dict[str, str]:
    """Which entries were read again, and by which batch `<stream>/<batch>`: what the ledger's plans say.

    Parameters
    ----------
    layout : Layout

    Returns
    -------
    dict of str to str
        The batch by the entry's id.
    """
    return {
        entry: f"{record.stream}/{record.batch}"
        for record in records(layout, wanted=Wanted(replays=True))
        for planned in record.plan.ranges
        for entry in planned.entries
    }


def entry_of(layout: Layout, name: str) -> Entry:
    """The entry of a name, or of the beginning of a name that only one has.

    Parameters
    ----------
    layout : Layout
    name : str
        The entry's id, or its beginning.

    Raises
    ------
    NoEntry
        If there is none, or several begin so.
    """
    found = {entry.id: entry for entry in entries(layout) if entry.id.startswith(name)}
    if name in found:
        return found[name]
    if len(found) != 1:
        told = f"{len(found)} entries begin with it: {', '.join(sorted(found)[:5])}" if found else "there is none"
        raise NoEntry(f"no quarantine entry {name!r} in {layout.root}; {told}")
    return next(iter(found.values()))


def content_of(layout: Layout, entry: Entry) -> tuple[bytes, str | None]:
    """The refused bytes, and their Avro writer schema if they are a bare datum.

    Parameters
    ----------
    layout : Layout
    entry : Entry

    Returns
    -------
    value : bytes
        Empty for a match that was too large, and for an entry that was pruned.
    schema : str or None
    """
    if entry.reason == MATCH_TOO_LARGE:
        return b"", None
    rows = read_entries(layout.root / entry.file, entry.file_rows, [entry.id], ["value", "schema"])
    row = next(rows, {"value": None, "schema": None})
    return row["value"] or b"", row["schema"]


def read_entries(path: Path, rows: int, names: Sequence[str], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Some entries of a quarantine file, from where they are now; pruned ones are left out.

    Parameters
    ----------
    path : pathlib.Path
        Where a batch wrote the file.
    rows : int
        How many entries it had.
    names : sequence of str
        Ids of the entries.
    columns : sequence of str
        Those to read.

    Yields
    ------
    dict
        Values by column, with `quarantine_id`.
    """
    wanted = pa.array(names, pa.string())
    for part in _parts(path, rows):
        for batch in part.iter_batches(_AT_ONCE, columns=["quarantine_id", *columns]):
            yield from batch.filter(pc.is_in(batch["quarantine_id"], value_set=wanted)).to_pylist()


def _parts(path: Path, rows: int) -> Sequence[Rows]:
    try:
        return [pq.ParquetFile(path)]
    except FileNotFoundError:
        pass
    try:
        return open_moved(path, 0, rows)
    except FileNotFoundError:
        return []


def _of_batch(layout: Layout, record: Record, again: dict[str, str], night: str | None) -> Iterator[Entry]:
    modules = tuple(record.hashes.get("modules", {}))
    for file in record.files:
        if file.table != "quarantine" or night not in (None, file.night):
            continue
        rows = [row for part in _parts(layout.root / file.name, file.rows) for row in part.read(_COLUMNS).to_pylist()]
        for row in rows:
            name, origin = row.pop("quarantine_id"), row.pop("provenance")
            yield Entry(
                id=name,
                night=file.night,
                origin={key: value for key, value in origin.items() if value is not None},
                file=file.name,
                file_rows=file.rows,
                stream=record.stream,
                batch=record.batch,
                job=record.plan.job,
                tables=record.tables,
                modules=modules,
                replayed=again.get(name, ""),
                **row,
            )
