"""The index of committed alert ids: which of a batch's alerts are already there, and with which measurement."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.ledger.records import KEPT_IDS, Record
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.volumes import Rolled, Volume, groups_with
from jobs.packets.content import MEASUREMENT
from jobs.storage.layout import Layout

Ints = NDArray[np.int64]
CACHED_SEGMENTS = 256
CACHED_IDS = 2_000_000  # of 16 bytes
_MEASURED = pa.schema([KEPT_IDS.field("alert_id"), *MEASUREMENT])


@dataclass(frozen=True)
class _Segment:
    """A file of ids: of one batch, or of a volume of them (`batch` is its first)."""

    stream: str
    batch: int
    least: int
    greatest: int
    path: Path
    rolled: bool = False

    def may_hold(self, wanted: Ints) -> bool:
        """Whether one of some sorted ids lies between its least and its greatest."""
        first = int(np.searchsorted(wanted, self.least))
        return first < len(wanted) and bool(wanted[first] <= self.greatest)


class IdIndex:
    """Ids and content hashes of every sealed batch, those that a resume finished included.

    Each batch is a sorted segment on disk with its least and greatest id in the ledger, and so is each volume of rolled
    batches. Survey ids grow with time, so a batch overlaps few segments and only those are read, of volumes only some
    row groups: memory does not grow with the archive.
    """

    def __init__(self, layout: Layout, tables: Iterable[str], known: Iterable[Record] = ()) -> None:
        self.layout = layout
        self.tables = set(tables) - {"quarantine"}
        self._segments: dict[str, list[_Segment]] = {}
        self._volumes: dict[str, list[_Segment]] = {}
        self._ledgers: dict[str, StreamLedger] = {}
        self._seen: dict[str, int] = {}
        self._cache: OrderedDict[tuple[Path, str, int], tuple[Ints, Ints]] = OrderedDict()
        self._cached_ids = 0
        for record in known:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take note of a sealed batch, if it wrote one of the tables that this index guards.

        Parameters
        ----------
        record : Record
            Of the batch.
        """
        if not self.tables & set(record.tables):
            return
        path = StreamLedger(self.layout, record.stream).ids_path(record.batch)
        for survey, (least, greatest, _) in record.ids.items():
            segment = _Segment(record.stream, record.batch, least, greatest, path)
            self._segments.setdefault(survey, []).append(segment)

    def committed(self, survey: str, ids: Ints) -> Mapping[int, int]:
        """Content hashes of those ids that a sealed batch already holds, by id.

        Parameters
        ----------
        survey : str
        ids : numpy.ndarray of int64
            Alert ids, in any order.
        """
        found: dict[int, int] = {}
        if not len(ids):
            return found
        wanted = np.unique(ids)
        for there, hashes in self._pieces(survey, wanted):
            places = np.searchsorted(there, wanted).clip(max=len(there) - 1)
            hits = there[places] == wanted
            found.update(zip(wanted[hits].tolist(), hashes[places[hits]].tolist(), strict=True))
        return found

    def measured(self, survey: str, ids: Ints) -> pa.Table:
        """What sealed batches hold of those ids: alert_id and the columns of MEASUREMENT, one row per id that is there.

        Read from disk each time: it is asked for alerts that look like conflicts, which are few.

        Parameters
        ----------
        survey : str
        ids : numpy.ndarray of int64
            Alert ids, in any order.
        """
        wanted = np.unique(ids)
        found = [_MEASURED.empty_table()]
        for segment in self._holders(survey, wanted):
            own = (pc.field("survey") == survey) & pc.field("alert_id").isin(pa.array(wanted))
            found.append(pq.read_table(segment.path, schema=KEPT_IDS, filters=own).select(_MEASURED.names))
        return pa.concat_tables(found)

    def _holders(self, survey: str, wanted: Ints) -> list[_Segment]:
        """The segments that may hold some sorted ids, rolled ones first."""
        self._take_rolled()
        there = (*self._volumes.get(survey, ()), *self._segments.get(survey, ()))
        return [segment for segment in there if segment.may_hold(wanted)]

    def _pieces(self, survey: str, wanted: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Sorted ids with their hashes, of all that may hold some of the wanted ones."""
        for segment in self._holders(survey, wanted):
            for group in groups_with(segment.path, survey, wanted) if segment.rolled else (-1,):
                yield self._load(segment.path, survey, group)

    def _load(self, path: Path, survey: str, group: int) -> tuple[Ints, Ints]:
        """A row group of a volume's ids, or (-1) a survey's ids of a batch."""
        key = (path, survey, group)
        if key not in self._cache:
            self._cache[key] = _sorted(_read_group(path, group) if group >= 0 else _read_batch(path, survey))
            self._cached_ids += len(self._cache[key][0])
            while len(self._cache) > CACHED_SEGMENTS or (self._cached_ids > CACHED_IDS and len(self._cache) > 1):
                self._cached_ids -= len(self._cache.popitem(last=False)[1][0])
        self._cache.move_to_end(key)
        return self._cache[key]

    def _take_rolled(self) -> None:
        """Take note of what was rolled since the last time: a volume stands for its batches."""
        for stream in streams(self.layout):
            ledger = self._ledgers.setdefault(stream, StreamLedger(self.layout, stream))
            rolled = ledger.rolled
            if self._seen.get(stream, 0) == rolled.until:
                continue
            self._seen[stream] = rolled.until
            for survey, own in self._segments.items():
                self._segments[survey] = [each for each in own if each.stream != stream or each.batch >= rolled.until]
            for survey, own in self._volumes.items():
                self._volumes[survey] = [each for each in own if each.stream != stream]
            for volume in rolled.volumes:
                self._add_volume(stream, rolled, volume)

    def _add_volume(self, stream: str, rolled: Rolled, volume: Volume) -> None:
        if self.tables & set(volume.tables):
            for survey, (least, greatest, _) in volume.ids.items():
                segment = _Segment(stream, volume.first, least, greatest, rolled.path(volume, "ids"), True)
                self._volumes.setdefault(survey, []).append(segment)


def holders_of(layout: Layout, alert_id: int) -> Iterator[tuple[str, int]]:
    """Stream and number of the sealed batches that committed an id.

    Parameters
    ----------
    layout : Layout
    alert_id : int
        Of any survey.

    Yields
    ------
    stream : str
    batch : int
    """
    for stream in streams(layout):
        ledger = StreamLedger(layout, stream)
        numbers, rolled = ledger.open_numbers(), ledger.rolled
        for volume in rolled.volumes:
            if any(least <= alert_id <= greatest for least, greatest, _ in volume.ids.values()):
                mine = pc.field("alert_id") == alert_id
                found = pq.read_table(rolled.path(volume, "ids"), columns=["batch"], filters=mine)["batch"]
                yield from ((stream, batch) for batch in sorted(found.to_pylist()))
        for batch in numbers:
            ids = ledger.ids(batch) if batch >= rolled.until else None
            if ids is not None and pc.any(pc.equal(ids["alert_id"], alert_id)).as_py():
                yield stream, batch


def _read_batch(path: Path, survey: str) -> pa.Table:
    return pq.read_table(path, columns=["alert_id", "content_hash"], filters=pc.field("survey") == survey)


def _read_group(path: Path, group: int) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group, columns=["alert_id", "content_hash"])


def _sorted(table: pa.Table) -> tuple[Ints, Ints]:
    ids = np.asarray(table["alert_id"].to_numpy())
    order = np.argsort(ids, kind="stable")
    return ids[order], np.asarray(table["content_hash"].to_numpy())[order]


def span(ids: pa.Table) -> dict[str, list[int]]:
    """Per survey: least id, greatest id, count; what the ledger keeps of a batch's ids.

    Parameters
    ----------
    ids : pyarrow.Table
        With survey and alert_id.
    """
    spans = {}
    for survey in pc.unique(ids["survey"]).to_pylist():
        own = ids.filter(pc.equal(ids["survey"], survey))["alert_id"]
        least = pc.min_max(own).as_py()
        spans[survey] = [least["min"], least["max"], len(own)]
    return spans
