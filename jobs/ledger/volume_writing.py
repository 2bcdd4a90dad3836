"""A volume of a stream: what the ledger has of many closed batches, in a few files; `rolled.json` makes it count."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.common import faults
from jobs.ledger.kept import write_kept
from jobs.ledger.known_files import add_known, read_known, write_files
from jobs.ledger.records import KEPT_IDS, LedgerError, Record, nights_of, refuses, replays
from jobs.ledger.streams import StreamLedger, record_of
from jobs.ledger.summary import files_of
from jobs.ledger.volumes import FOLDER, MOST_NIGHTS, NAME, RECORDS, Entry, Rolled, Volume
from jobs.packets.ranges import Range
from jobs.storage.checksums import CHECKED
from jobs.storage.writing import replace_file, sync_directory, sync_file

# Closed batches of a volume: so many files of their own may a start find, about a second of work to roll.
BATCHES = 500
# A volume ends sooner where its batches are large.
MOST_IDS, MOST_RANGES, MOST_KEPT_BYTES = 500_000, 100_000, 128 << 20
_GROUP = 64  # records of a row group: what is read to find one
_ID_GROUP = 32_768
_OPTIONS = {"compression": "zstd", **CHECKED}
_IDS = pa.schema([pa.field("batch", pa.int64()), *KEPT_IDS])
# Removed by the sink that keeps it (the last few are the state that the next batch needs), and the batch itself.
_NOT_KEPT = ("json", "plan.json", "ids.parquet", "state.parquet")


@dataclass(frozen=True)
class ClosedBatch:
    """All that the ledger has of a closed batch.

    Attributes
    ----------
    ids : pyarrow.Table
        KEPT_IDS.
    kept : dict of str to bytes
        By ending, what else lies beside its record.
    """

    entry: Entry
    record: Record
    ids: pa.Table
    kept: dict[str, bytes] = field(default_factory=dict)


def closed_batch(ledger: StreamLedger, batch: int) -> ClosedBatch:
    """Read all that the ledger has of a closed batch.

    Parameters
    ----------
    ledger : StreamLedger
    batch : int
        One that is not rolled.

    Raises
    ------
    FileNotFoundError
        If its record or its ids are not there.
    """
    entry = ledger.entry(batch)
    record = record_of(entry)
    ids = pq.read_table(ledger.ids_path(batch), schema=KEPT_IDS)
    kept = {}
    for other in sorted(ledger.directory.glob(f"{batch:09d}.*")):
        ending = other.name.partition(".")[2]
        if ending not in _NOT_KEPT:
            kept[ending] = other.read_bytes()
    return ClosedBatch(entry, record, ids, kept)


def write_volume(ledger: StreamLedger, batches: Iterator[ClosedBatch]) -> int:
    """Write one volume of the first of some batches and make it count.

    Parameters
    ----------
    ledger : StreamLedger
    batches : iterator of ClosedBatch
        In order; one too many may be taken from it.

    Returns
    -------
    int
        How many batches the volume holds; 0 if there were none.
    """
    writer = VolumeWriter(ledger)
    for batch in batches:
        if writer.ends_before(batch):
            break
        writer.add(batch)
        if writer.is_full():
            break
    if writer.count:
        writer.commit()
    return writer.count


class VolumeWriter:
    """Writes the next volume of a stream."""

    def __init__(self, ledger: StreamLedger) -> None:
        self.ledger = ledger
        self._rows: list[dict[str, object]] = []
        self._ids: list[pa.Table] = []
        self._id_count = 0
        self._kept: list[tuple[int, str, bytes]] = []
        self._kept_bytes = 0
        self._ranges = 0
        self._numbers: list[int] = []
        self._records: list[Record] = []

    @property
    def count(self) -> int:
        """Batches that it holds."""
        return len(self._numbers)

    def ends_before(self, batch: ClosedBatch) -> bool:
        """Whether a batch cannot be in this volume: it wrote other tables.

        Parameters
        ----------
        batch : ClosedBatch
            The next one.
        """
        return bool(self._records) and batch.record.tables != self._records[0].tables

    def is_full(self) -> bool:
        """Whether the volume should end."""
        large = self._id_count >= MOST_IDS or self._kept_bytes >= MOST_KEPT_BYTES or self._ranges >= MOST_RANGES
        return self.count >= BATCHES or large

    def add(self, batch: ClosedBatch) -> None:
        """Take a batch in.

        Parameters
        ----------
        batch : ClosedBatch
            The next one.
        """
        number, record = batch.entry.batch, batch.record
        content = json.loads(batch.entry.record)
        same = batch.entry.plan is not None and json.loads(batch.entry.plan) == content["plan"]
        self._rows.append(
            {
                "batch": number,
                "nights": sorted(nights_of(record)),
                "refused": refuses(record) or "too_large.parquet" in batch.kept,
                "replays": replays(record),
                "record": json.dumps(content, separators=(",", ":")),
                "plan": "" if same else batch.entry.plan,
            }
        )
        if batch.ids.num_rows:
            numbers = pa.array(np.full(batch.ids.num_rows, number, dtype=np.int64))
            self._ids.append(batch.ids.add_column(0, "batch", numbers))
            self._id_count += batch.ids.num_rows
        for ending, held in batch.kept.items():
            self._kept.append((number, ending, held))
            self._kept_bytes += len(held)
        self._records.append(record)
        self._numbers.append(number)
        self._ranges += len(record.plan.ranges)

    def commit(self) -> None:
        """Write the files of the volume, then say that it counts."""
        before = self.ledger.rolled
        volume = self._volume()
        after = replace(before, _ids=None, volumes=[*before.volumes, volume], until=volume.last + 1)
        after.summary = type(before.summary).from_json(before.summary.to_json())
        finished: dict[str, Range] = {}
        for record in self._records:
            after.summary.add(record)
            finished.update(files_of(record))
        (before.directory / FOLDER).mkdir(exist_ok=True)
        self._write(after, volume)
        self._write_known(before, after, volume, [each for each in finished.values() if each.last])
        if self.ledger.durable:
            for name in after.names():
                if (path := before.directory / FOLDER / name).is_file() and path.name.startswith(
                    (volume.name, "known-")
                ):
                    sync_file(path)
            sync_directory(before.directory / FOLDER)
        faults.maintenance("before_rolled")
        text = json.dumps(after.to_json(), separators=(",", ":")) + "\n"  # with an indent it takes ten times as long
        replace_file(before.directory / NAME, text, self.ledger.durable)
        faults.maintenance("after_rolled")

    def _volume(self) -> Volume:
        nights = sorted({night for record in self._records for night in nights_of(record)})
        return Volume(
            first=self._numbers[0],
            last=self._numbers[-1],
            count=self.count,
            tables=list(self._records[0].tables),
            nights=nights if len(nights) <= MOST_NIGHTS else None,
            refused=any(bool(row["refused"]) for row in self._rows),
            replays=any(bool(row["replays"]) for row in self._rows),
            ids=_together(record.ids for record in self._records),
        )

    def _write(self, rolled: Rolled, volume: Volume) -> None:
        records = pa.Table.from_pylist(self._rows, RECORDS)
        pq.write_table(records, rolled.path(volume, "records"), row_group_size=_GROUP, **_OPTIONS)
        faults.maintenance("in_roll")
        _write_ids(rolled.path(volume, "ids"), self._ids)
        if self._kept:
            write_kept(rolled.path(volume, "kept"), self._kept, _OPTIONS)
        if pq.read_metadata(rolled.path(volume, "ids")).num_rows != self._id_count:
            raise LedgerError(f"{rolled.path(volume, 'ids')} does not hold the {self._id_count} ids that were written")
        faults.maintenance("after_volume")

    def _write_known(self, before: Rolled, after: Rolled, volume: Volume, finished: list[Range]) -> None:
        """The files of the volume, and all finished ones with them."""
        unfinished = [path for path in after.summary.unfinished if before.files]
        if not finished and not unfinished:
            return
        if finished:
            write_files(after.path(volume, "files"), finished, _OPTIONS)
        known = add_known(read_known(before), volume.first, finished, unfinished)
        after.files = f"known-{after.until:09d}.parquet"
        pq.write_table(known, before.directory / FOLDER / after.files, **_OPTIONS)
        faults.maintenance("after_known")


def _together(spans: Iterator[dict[str, list[int]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in spans:
        for survey, (least, greatest, count) in each.items():
            known = found.setdefault(survey, [least, greatest, 0])
            found[survey] = [min(known[0], least), max(known[1], greatest), known[2] + count]
    return found


def _write_ids(path: Path, tables: list[pa.Table]) -> None:
    """Sorted by survey and id; a row group is of one survey."""
    ids = pa.concat_tables([_IDS.empty_table(), *(table.cast(_IDS) for table in tables)]).combine_chunks()
    with pq.ParquetWriter(path, _IDS, **_OPTIONS) as writer:
        for survey in sorted(pc.unique(ids["survey"]).to_pylist()):
            own = ids.filter(pc.equal(ids["survey"], survey)).sort_by(
                [("alert_id", "ascending"), ("batch", "ascending")]
            )
            writer.write_table(own, row_group_size=_ID_GROUP)
