"""The ledger: one file per batch that says what was read, what became of every packet, and which files hold it.

`ledger/stream=<id>/<batch>.plan.json` is written before anything is read; `<batch>.json` is renamed into place when
the content is fixed (state `sealed`) and replaced when every sink has acknowledged (state `closed`);
`<batch>.ids.parquet` holds the alert ids that the batch committed. Closed batches are rolled some hundred at a time
into volumes (`volumes`, `rolling`), and their files go. Readers come through `StreamLedger` and need not
know where a batch is.
"""

import json
import uuid
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.numbers import Numbers
from jobs.ledger.summary import lost_of
from jobs.ledger.volumes import Entry, Rolled, Wanted
from jobs.packets.content import MEASUREMENT
from jobs.packets.ranges import Range
from jobs.packets.reading import OffsetCounts
from jobs.storage.layout import Layout
from jobs.storage.writing import create_json, replace_json, replace_table

FORMAT = 1
IDS = pa.schema([("survey", pa.string()), ("alert_id", pa.int64()), ("content_hash", pa.int64())])
# The measurements decide about alerts whose hashes differ, see content.same_measurement.
KEPT_IDS = pa.schema([*IDS, *MEASUREMENT])


class LedgerError(RuntimeError):
    """The ledger and the output do not fit together."""


@dataclass(frozen=True)
class Plan:
    """What a batch will read; the same batch id always reads the same ranges.

    Attributes
    ----------
    now_mjd : float
        When it was planned, MJD TAI: the only clock that the batch knows.
    """

    stream: str
    batch: int
    job: str
    planned_at: str
    now_mjd: float
    ranges: tuple[Range, ...]

    def to_json(self) -> dict[str, Any]:
        """As the plan file keeps it."""
        content = {"format": FORMAT, **asdict(self)}
        content["ranges"] = [each.to_json() for each in self.ranges]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Plan":
        """The plan that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        known = {key: content[key] for key in ("stream", "batch", "job", "planned_at", "now_mjd")}
        return cls(**known, ranges=tuple(Range.from_json(each) for each in content["ranges"]))


@dataclass(frozen=True)
class DataFile:
    """A data file of a batch: its table, night and final name (relative to the output), rows and bytes.

    `staged` is its name before publishing, relative to the output; `crc` its CRC-32, None in entries of earlier
    versions.
    """

    table: str
    night: str
    name: str
    staged: str
    rows: int
    bytes: int
    crc: int | None = None


@dataclass(frozen=True)
class Record:
    """The ledger entry of a sealed batch.

    Attributes
    ----------
    nights : dict
        Per night: read, decoded, duplicates, quarantined by reason, enriched, null_flux, bad_history, and per module
        `answered`, `partial` by reason and `null` by reason (`counts.count_module`). Entries of earlier versions have
        no `partial`, and count every row with any output as answered.
    ids : dict
        Per survey: [least id, greatest id, count] of what the batch committed.
    hashes : dict
        Of configuration, modules and their artefacts.
    sinks : dict
        What each sink acknowledged; empty until the batch is closed.
    tallies : tuple of OffsetCounts
        Per partition of a topic: records, packets, control offsets and gaps; together the planned offsets.
    """

    plan: Plan
    run: str
    tables: tuple[str, ...]
    nights: dict[str, dict[str, Any]]
    files: tuple[DataFile, ...]
    ids: dict[str, list[int]]
    hashes: dict[str, Any]
    state: str = "sealed"
    sinks: dict[str, Any] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    tallies: tuple[OffsetCounts, ...] = ()

    @property
    def stream(self) -> str:
        """The stream that the batch belongs to."""
        return self.plan.stream

    @property
    def batch(self) -> int:
        """Its number in the stream, from 0."""
        return self.plan.batch

    def to_json(self) -> dict[str, Any]:
        """As the ledger file keeps it."""
        content = {**asdict(self), "plan": self.plan.to_json(), "format": FORMAT}
        content["planned"] = sum(len(each) for each in self.plan.ranges)
        content["tallies"] = [each.to_json() for each in self.tallies]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Record":
        """The record that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        names = ("run", "nights", "ids", "hashes", "state", "sinks", "timings_s")
        return cls(
            plan=Plan.from_json(content["plan"]),
            tables=tuple(content["tables"]),
            files=tuple(DataFile(**each) for each in content["files"]),
            tallies=tuple(OffsetCounts.from_json(each) for each in content.get("tallies", ())),
            **{name: content[name] for name in names},
        )


class StreamLedger:
    """The ledger of one stream: batches in files of their own, and rolled ones.

    Parameters
    ----------
    durable : bool
        Sync files and directories before each rename, against power loss.

    Notes
    -----
    A reader beside the job that rolls: batches are listed before `rolled.json` is read, so none can be in neither; and
    a file that went since then is looked for in the volumes.
    """

    def __init__(self, layout: Layout, stream: str, durable: bool = False) -> None:
        self.layout = layout
        self.stream = stream
        self.durable = durable
        self.directory = layout.stream_ledger(stream)

    def plan_path(self, batch: int) -> Path:
        """Where the plan of a batch is until it is rolled.

        Parameters
        ----------
        batch : int
        """
        return self.directory / f"{batch:09d}.plan.json"

    def record_path(self, batch: int) -> Path:
        """Where the record of a batch is until it is rolled.

        Parameters
        ----------
        batch : int
        """
        return self.directory / f"{batch:09d}.json"

    def ids_path(self, batch: int) -> Path:
        """Where the ids of a batch are until it is rolled.

        Parameters
        ----------
        batch : int
        """
        return self.directory / f"{batch:09d}.ids.parquet"

    @property
    def rolled(self) -> Rolled:
        """What is rolled; as it is now."""
        return Rolled.of(self.directory)

    def open_numbers(self) -> list[int]:
        """Numbers of the sealed batches that are not rolled, ascending."""
        return self._now()[0]

    def _now(self) -> tuple[list[int], Rolled]:
        """The batches that have files of their own, and the volumes of all others."""
        listed = [int(path.stem) for path in self.directory.glob("[0-9]*.json") if path.stem.isdigit()]
        rolled = self.rolled
        return sorted(number for number in listed if number >= rolled.until), rolled

    def next_batch(self) -> int:
        """The number behind the last sealed batch; no batch of the past is read for it."""
        numbers, rolled = self._now()
        return numbers[-1] + 1 if numbers else rolled.until

    def numbers(self) -> Numbers:
        """Numbers of all sealed batches."""
        listed, rolled = self._now()
        complete = [each for each in rolled.volumes if each.count == each.last - each.first + 1]
        numbers = Numbers((each.first, each.last) for each in complete)
        if len(complete) < len(rolled.volumes):  # some are missing: a volume says which are there
            listed = [entry.batch for entry in rolled.entries(Wanted())] + listed
        for number in listed:
            numbers.add(number)
        return numbers

    def sealed(self) -> list[int]:
        """Numbers of the sealed batches, ascending; of a long stream, better `numbers` or `next_batch`."""
        return [number for first, last in self.numbers().runs for number in range(first, last + 1)]

    def is_sealed(self, batch: int) -> bool:
        """Whether a batch has a record.

        Parameters
        ----------
        batch : int
        """
        return self.record_path(batch).exists() or self.rolled.entry(batch) is not None

    def open_plan(self) -> Plan | None:
        """The plan of the batch that was begun and not sealed, if there is one."""
        for path in sorted(self.directory.glob("[0-9]*.plan.json")):
            batch = int(path.name.split(".")[0])
            if batch >= self.rolled.until and not self.record_path(batch).exists():
                return Plan.from_json(json.loads(path.read_text(encoding="utf-8")))
        return None

    def entries(self, wanted: Wanted | None = None) -> Iterator[Entry]:
        """The sealed batches, by number, as they were written.

        Parameters
        ----------
        wanted : Wanted, optional
            All without it. Of batches that are not rolled, only `since` and `without` are asked here.

        Yields
        ------
        Entry
        """
        wanted = wanted or Wanted()
        numbers, rolled = self._now()
        yield from rolled.entries(wanted)
        without = wanted.without if wanted.without is not None else ()
        yield from (self.entry(number) for number in numbers if number >= wanted.since and number not in without)

    def entry(self, batch: int) -> Entry:
        """One sealed batch as it was written.

        Raises
        ------
        FileNotFoundError
            If there is none.

        Parameters
        ----------
        batch : int
        """
        if batch >= self.rolled.until:
            plan = _text(self.plan_path(batch))
            record = _text(self.record_path(batch))
            if record is not None:
                return Entry(batch, record, plan)
        entry = self.rolled.entry(batch)
        if entry is None:
            raise FileNotFoundError(f"{self.record_path(batch)} is not there, and the batch is not rolled")
        return entry

    def records(self, wanted: Wanted | None = None) -> Iterator[Record]:
        """Records of the sealed batches that are wanted, by number, one in hand.

        Parameters
        ----------
        wanted : Wanted, optional
            All without it.

        Yields
        ------
        Record
        """
        wanted = wanted or Wanted()
        for entry in self.entries(wanted):
            record = record_of(entry)
            if wanted.takes(entry.batch, nights_of(record), refuses(record), replays(record), record.tables):
                yield record

    def open_records(self) -> Iterator[Record]:
        """Records of the sealed batches that are not rolled: all that a start has to read."""
        return (record_of(self.entry(number)) for number in self.open_numbers())

    def lost(self) -> Iterator[dict[str, Any]]:
        """The offsets of all batches that could not be read: topic, partition, start, stop, why."""
        numbers, rolled = self._now()
        yield from rolled.summary.lost
        for number in numbers:
            yield from lost_of(self.read(number))

    def read(self, batch: int) -> Record:
        """The record of a sealed batch.

        Parameters
        ----------
        batch : int

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        return record_of(self.entry(batch))

    def ids(self, batch: int) -> pa.Table | None:
        """The ids that a sealed batch committed, in any order: the columns of IDS; None if its file is gone.

        Parameters
        ----------
        batch : int
        """
        if batch >= self.rolled.until:
            try:
                return pq.read_table(self.ids_path(batch), schema=IDS)
            except FileNotFoundError:
                pass
        return self.rolled.ids(batch, IDS.names)

    def kept(self, batch: int, ending: str) -> bytes | None:
        """What lies beside a record under its number with this ending, e.g. `sent.parquet`; None if nothing does.

        Parameters
        ----------
        batch : int
        ending : str
            What follows the batch's number and a point in the file's name.
        """
        try:
            return (self.directory / f"{batch:09d}.{ending}").read_bytes()
        except FileNotFoundError:
            return self.rolled.kept(batch, ending)

    def first_open(self) -> int:
        """Number of the first batch that is not closed: sealed, begun, or the next one."""
        last = self.next_batch() - 1
        return last + (last < 0 or self.read(last).state == "closed")

    def is_begun(self, batch: int) -> bool:
        """Whether a batch is planned, or further.

        Parameters
        ----------
        batch : int
        """
        return self.plan_path(batch).exists() or self.is_sealed(batch)

    def read_plan(self, batch: int) -> Plan:
        """The plan of a batch that is not rolled.

        Parameters
        ----------
        batch : int

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        return Plan.from_json(json.loads(self.plan_path(batch).read_text(encoding="utf-8")))

    def begin_plan(self, plan: Plan) -> bool:
        """Fix what a batch reads, unless another process has fixed it already.

        Parameters
        ----------
        plan : Plan

        Returns
        -------
        bool
            Whether this process was the first.
        """
        return create_json(self.plan_path(plan.batch), plan.to_json(), self.durable)

    def discard_plan(self, plan: Plan) -> None:
        """Give up a plan of which nothing was sealed: its input is not there any more as it was planned.

        Raises
        ------
        LedgerError
            If the batch is sealed.

        Parameters
        ----------
        plan : Plan
        """
        if self.record_path(plan.batch).exists():
            raise LedgerError(f"batch {plan.batch} of stream {self.stream} is sealed, its plan stays")
        self.plan_path(plan.batch).unlink(missing_ok=True)

    def write_ids(self, batch: int, ids: pa.Table) -> None:
        """Write the ids that a batch is about to commit, and what was measured; they count once the record is there.

        Parameters
        ----------
        ids : pyarrow.Table
            The columns of IDS, and any of MEASUREMENT.
        """
        there = pa.schema([field for field in KEPT_IDS if field.name in ids.column_names])
        replace_table(self.ids_path(batch), ids.select(there.names).cast(there), self.durable)

    def write(self, record: Record) -> None:
        """Seal a batch, or replace its record by the closed one.

        Parameters
        ----------
        record : Record
            Its `state` says which of the two.
        """
        replace_json(self.record_path(record.batch), record.to_json(), self.durable)


def record_of(entry: Entry) -> Record:
    """The record that an entry is the text of.

    Parameters
    ----------
    entry : Entry
    """
    return Record.from_json(json.loads(entry.record))


def nights_of(record: Record) -> set[str]:
    """The nights of which a batch holds packets or files.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    return {*record.nights, *(file.night for file in record.files)}


def refuses(record: Record) -> bool:
    """Whether a batch has packets in quarantine or matches that were too large; one that is not closed may have.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    too_large = record.sinks.get("kafka", {}).get("too_large")
    refused = bool(too_large) or any(file.table == "quarantine" for file in record.files)
    return refused or record.state != "closed"


def replays(record: Record) -> bool:
    """Whether a batch read entries of quarantine again.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    return any(each.entries for each in record.plan.ranges)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="backslashreplace")  # which is no JSON: readers say so
    except FileNotFoundError:
        return None


def streams(layout: Layout) -> list[str]:
    """Ids of all streams that wrote to an output.

    Parameters
    ----------
    layout : Layout
    """
    return sorted(path.name.removeprefix("stream=") for path in layout.ledger.glob("stream=*"))


def records(
    layout: Layout, *streams_wanted: str, nights: Collection[str] | None = None, wanted: Wanted | None = None
) -> Iterator[Record]:
    """Records of all sealed batches of these streams (of all, if none is named), by stream and batch, one in hand.

    Parameters
    ----------
    nights : collection of str, optional
        Only of batches that hold something of one of these nights.
    wanted : Wanted, optional
        What else is asked of them.
    """
    if wanted is None:
        wanted = Wanted(nights=nights)
    for stream in streams_wanted or streams(layout):
        yield from StreamLedger(layout, stream).records(wanted)


def open_records(layout: Layout) -> Iterator[Record]:
    """Records of the sealed batches of all streams that are not rolled, by stream and batch.

    Parameters
    ----------
    layout : Layout

    Yields
    ------
    Record
    """
    for stream in streams(layout):
        yield from StreamLedger(layout, stream).open_records()


def open_stream(layout: Layout, job: str, checkpoint: Path, append: bool) -> str:
    """The id of the stream that a checkpoint names; a new checkpoint makes a new one.

    Raises
    ------
    LedgerError
        If the checkpoint is new, the output holds batches of the same kind of job from other streams, and `append` is
        false.

    Parameters
    ----------
    layout : Layout
    job : str
        The kind of job.
    checkpoint : pathlib.Path
        Its folder.
    append : bool
        Whether a new stream may write to an output of others.
    """
    path = checkpoint / "stream.json"
    if path.exists():
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["stream"])
    others = [record for stream in streams(layout) if (record := _first(layout, stream)) and record.plan.job == job]
    if others and not append:
        raise LedgerError(
            f"{layout.root} already holds stream {others[0].stream!r} of job {job!r}, and the checkpoint {checkpoint} is"
            " new; use the checkpoint of that stream, another output, or --append (alerts that are there are dropped"
            " as duplicates)"
        )
    stream = uuid.uuid4().hex[:8]
    replace_json(path, {"stream": stream, "job": job, "output": str(layout.root)}, durable=True)
    return stream


def _first(layout: Layout, stream: str) -> Record | None:
    return next(StreamLedger(layout, stream).records(), None)
