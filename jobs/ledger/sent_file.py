"""`<batch>.sent.parquet`: what the filters of a batch send, fixed before anything is sent.

One row per match that is sent, in the order in which it is sent, with the place of its alert in the sealed files; in
the file's metadata, what became of all matches, by filter. A batch that is resumed sends exactly this again, whatever
its filters have become.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.streams import StreamLedger
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_table

ENDING = "sent.parquet"
_COUNTS = b"strix.filters"
ORDER = ("object_id", "mjd", "alert_id", "filter")


@dataclass(frozen=True)
class Sent:
    """What a batch sends.

    Attributes
    ----------
    matches : pyarrow.Table
        survey, alert_id, object_id, mjd, filter, annotations, file (relative to the output) and row.
    filters : dict
        By filter: version, cutouts, matched, sent and what was held back, by reason.
    """

    matches: pa.Table
    filters: dict[str, dict[str, Any]]


def sent_path(layout: Layout, stream: str, batch: int) -> Path:
    """Where a batch's file of what is sent is, until the batch is rolled.

    Parameters
    ----------
    layout : Layout
    stream : str
    batch : int
    """
    return layout.stream_ledger(stream) / f"{batch:09d}.{ENDING}"


def write_sent(path: Path, sent: Sent, durable: bool = False) -> None:
    """Fix what is sent, in one step.

    Parameters
    ----------
    path : pathlib.Path
        As `sent_path` gives it.
    sent : Sent
    durable : bool
        Sync against power loss.
    """
    table = sent.matches.sort_by([(name, "ascending") for name in ORDER])
    table = table.replace_schema_metadata({_COUNTS: json.dumps(sent.filters, sort_keys=True).encode()})
    replace_table(path, table, durable)


def read_sent(layout: Layout, stream: str, batch: int) -> Sent | None:
    """What a batch sends, or None if its filters have not run.

    Parameters
    ----------
    layout : Layout
    stream : str
    batch : int
    """
    held = StreamLedger(layout, stream).kept(batch, ENDING)
    if held is None:
        return None
    table = pq.read_table(pa.BufferReader(held))
    filters = json.loads(table.schema.metadata[_COUNTS])
    return Sent(table.replace_schema_metadata(None), filters)
