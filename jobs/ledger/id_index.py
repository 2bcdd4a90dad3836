"""The index of committed alert ids: which of a batch's alerts are already there, and with which measurement."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.ledger.records import KEPT_IDS, Record, StreamLedger
from jobs.packets.content import MEASUREMENT
from jobs.storage.layout import Layout

Ints = NDArray[np.int64]
CACHED_SEGMENTS = 256
_MEASURED = pa.schema([KEPT_IDS.field("alert_id"), *MEASUREMENT])


@dataclass(frozen=True)
class _Segment:
    stream: str
    batch: int
    least: int
    greatest: int


class IdIndex:
    """Ids and content hashes of every sealed batch, those that a resume finished included.

    Each batch is a sorted segment on disk with its least and greatest id in the ledger. Survey ids grow with time, so a
    batch overlaps few segments and only those are read: memory does not grow with the archive.
    """

    def __init__(self, layout: Layout, tables: Iterable[str], known: Iterable[Record] = ()) -> None:
        self.layout = layout
        self.tables = set(tables) - {"quarantine"}
        self._segments: dict[str, list[_Segment]] = {}
        self._cache: OrderedDict[tuple[str, int, str], tuple[Ints, Ints]] = OrderedDict()
        for record in known:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take note of a sealed batch, if it wrote one of the tables that this index guards."""
        if not self.tables & set(record.tables):
            return
        for survey, (least, greatest, _) in record.ids.items():
            segment = _Segment(record.stream, record.batch, least, greatest)
            self._segments.setdefault(survey, []).append(segment)

    def committed(self, survey: str, ids: Ints) -> Mapping[int, int]:
        """Content hashes of those ids that a sealed batch already holds, by id."""
        found: dict[int, int] = {}
        if not len(ids):
            return found
        wanted = np.unique(ids)
        for segment in self._segments.get(survey, ()):
            if segment.least > wanted[-1] or segment.greatest < wanted[0]:
                continue
            there, hashes = self._load(survey, segment)
            places = np.searchsorted(there, wanted).clip(max=len(there) - 1)
            hits = there[places] == wanted
            found.update(zip(wanted[hits].tolist(), hashes[places[hits]].tolist(), strict=True))
        return found

    def measured(self, survey: str, ids: Ints) -> pa.Table:
        """What sealed batches hold of those ids: alert_id and the columns of MEASUREMENT, one row per id that is there.

        Read from disk each time: it is asked for alerts that look like conflicts, which are few.
        """
        wanted = np.unique(ids)
        found = [_MEASURED.empty_table()]
        for segment in self._segments.get(survey, ()) if len(wanted) else ():
            if segment.least <= wanted[-1] and segment.greatest >= wanted[0]:
                path = StreamLedger(self.layout, segment.stream).ids_path(segment.batch)
                own = (pc.field("survey") == survey) & pc.field("alert_id").isin(pa.array(wanted))
                found.append(pq.read_table(path, schema=KEPT_IDS, filters=own).select(_MEASURED.names))
        return pa.concat_tables(found)

    def _load(self, survey: str, segment: _Segment) -> tuple[Ints, Ints]:
        key = (segment.stream, segment.batch, survey)
        if key not in self._cache:
            path = StreamLedger(self.layout, segment.stream).ids_path(segment.batch)
            of_survey = pc.field("survey") == survey
            table = pq.read_table(path, columns=["alert_id", "content_hash"], filters=of_survey)
            self._cache[key] = _sorted(table)
            if len(self._cache) > CACHED_SEGMENTS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]


def _sorted(table: pa.Table) -> tuple[Ints, Ints]:
    ids = np.asarray(table["alert_id"].to_numpy())
    order = np.argsort(ids, kind="stable")
    return ids[order], np.asarray(table["content_hash"].to_numpy())[order]


def span(ids: pa.Table) -> dict[str, list[int]]:
    """Per survey: least id, greatest id, count; what the ledger keeps of a batch's ids."""
    spans = {}
    for survey in pc.unique(ids["survey"]).to_pylist():
        own = ids.filter(pc.equal(ids["survey"], survey))["alert_id"]
        least = pc.min_max(own).as_py()
        spans[survey] = [least["min"], least["max"], len(own)]
    return spans
