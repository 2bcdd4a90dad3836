"""The list of what was sent, a row a message, written while it goes on."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.load import Sending

SCHEMA = pa.schema(
    [
        pa.field("place", pa.int64(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("what", pa.string(), nullable=False),
        pa.field("alert_id", pa.int64(), nullable=False),
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
)
_ROWS = 10_000


class SentList:
    """Counts messages by what they are, and notes each in a Parquet file where one is wanted.

    Parameters
    ----------
    path : pathlib.Path, optional
        The file; overwritten.

    Attributes
    ----------
    counts : collections.Counter
        Messages by `Sending.what`.
    """

    def __init__(self, path: Path | None) -> None:
        self.counts: Counter[str] = Counter()
        self._writer = pq.ParquetWriter(path, SCHEMA) if path else None
        self._rows: list[dict[str, object]] = []

    def note(self, each: Sending) -> None:
        """Count a message that is about to be sent.

        Parameters
        ----------
        each : Sending
        """
        place = self.counts.total()
        self.counts[each.what] += 1
        if self._writer:
            told = {"what": each.what, "alert_id": each.alert_id, "object_id": each.object_id}
            self._rows.append({"place": place, "number": each.number, "bytes": len(each.value), **told})
            if len(self._rows) >= _ROWS:
                self._flush()

    def close(self) -> None:
        """Write what is left."""
        if self._writer:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        assert self._writer is not None
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows = []
