"""The ledger of a stream: its plans, records and ids, whether they have a file of their own or are rolled."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.numbers import Numbers
from jobs.ledger.records import IDS, KEPT_IDS, LedgerError, Plan, Record, nights_of, refuses, replays
from jobs.ledger.summary import lost_of
from jobs.ledger.volumes import Entry, Rolled, Wanted
from jobs.storage.layout import Layout
from jobs.storage.writing import create_json, replace_json, replace_table


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

        Parameters
        ----------
        batch : int

        Raises
        ------
        FileNotFoundError
            If there is none.
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

        Parameters
        ----------
        plan : Plan

        Raises
        ------
        LedgerError
            If the batch is sealed.
        """
        if self.record_path(plan.batch).exists():
            raise LedgerError(f"batch {plan.batch} of stream {self.stream} is sealed, its plan stays")
        self.plan_path(plan.batch).unlink(missing_ok=True)

    def write_ids(self, batch: int, ids: pa.Table) -> None:
        """Write the ids that a batch is about to commit, and what was measured; they count once the record is there.

        Parameters
        ----------
        batch : int
            Its number.
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
    layout : Layout
        Of the output.
    *streams_wanted : str
        Ids of streams.
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
