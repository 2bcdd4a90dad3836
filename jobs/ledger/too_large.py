"""`<batch>.too_large.parquet`: matches that no topic takes, noted before the others are sent.

A match that is too large even without its cutouts and its light curve would stop everything behind it at each start. It
is left out and kept here with its alert's origin; the packet itself is where it was read from, and in the raw table.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_table
from science_modules.common.view import PROVENANCE

ENDING = "too_large.parquet"
REASON = "match_too_large"


@dataclass(frozen=True)
class TooLarge:
    """A match that is not sent.

    Attributes
    ----------
    night : int
    topic : str
        That it was for.
    size, limit : int
        Bytes of the message without cutouts and light curve, and what the topic takes.
    provenance : dict
        Where its alert's packet was read.
    """

    filter: str
    filter_version: str
    survey: str
    alert_id: int
    object_id: str
    night: int
    topic: str
    size: int
    limit: int
    provenance: dict[str, Any]

    @property
    def message(self) -> str:
        """What happened, and what to do."""
        return (
            f"the match of filter {self.filter} has {self.size:,} bytes without stamps and light curve, topic"
            f" {self.topic} takes {self.limit:,}; raise max_message_mb and the topic's max.message.bytes for the next"
        )


_TYPES = {str: pa.string(), int: pa.int64()}
SCHEMA = pa.schema(
    [
        pa.field(each.name, pa.struct(list(PROVENANCE)) if each.name == "provenance" else _TYPES[each.type])  # type: ignore[index]
        for each in fields(TooLarge)
    ]
)


def too_large_path(layout: Layout, stream: str, batch: int) -> Path:
    """Where a batch's file of matches that were too large is, until the batch is rolled.

    Parameters
    ----------
    layout : Layout
    stream : str
    batch : int
    """
    return layout.stream_ledger(stream) / f"{batch:09d}.{ENDING}"


def note_too_large(path: Path, found: Sequence[TooLarge], durable: bool = False) -> None:
    """Keep what a batch does not send, in one step; no file where all is sent.

    Parameters
    ----------
    path : pathlib.Path
        As `too_large_path` gives it.
    found : sequence of TooLarge
        Empty where all is sent.
    durable : bool
        Sync against power loss.
    """
    if not found:
        path.unlink(missing_ok=True)
        return
    replace_table(path, pa.Table.from_pylist([asdict(each) for each in found], SCHEMA), durable)


def read_too_large(layout: Layout, record: Record) -> Iterator[TooLarge]:
    """What a batch did not send.

    Parameters
    ----------
    layout : Layout
    record : Record
        Of the batch.

    Yields
    ------
    TooLarge
    """
    held = StreamLedger(layout, record.stream).kept(record.batch, ENDING)
    if held is not None:
        yield from (TooLarge(**row) for row in pq.read_table(pa.BufferReader(held)).to_pylist())


def by_filter(found: Sequence[TooLarge]) -> dict[str, int]:
    """How many matches were too large, by filter.

    Parameters
    ----------
    found : sequence of TooLarge
    """
    return dict(sorted(Counter(each.filter for each in found).items()))
