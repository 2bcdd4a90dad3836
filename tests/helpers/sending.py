"""Outputs with something to send, without running filters."""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.kafka.connection import Connection
from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent, read_sent, sent_path, write_sent
from jobs.ledger.streams import records
from jobs.ledger.too_large import TooLarge
from jobs.pipeline.sinks.kafka.message_encoding import encoder
from jobs.pipeline.sinks.kafka.outgoing import Making
from jobs.pipeline.sinks.kafka.sent_alerts import Alerts
from jobs.pipeline.sinks.kafka.sink import KafkaSink
from jobs.pipeline.sinks.kafka.topics import TopicSettings
from jobs.storage.layout import Layout

_NUMBERS = itertools.count()
Row = dict[str, Any]


@dataclass
class Output:
    """A copy of an output whose batches have matches to send; its topics have a prefix of their own."""

    layout: Layout
    batches: list[Record]
    settings: TopicSettings

    @classmethod
    def of(cls, source: Path, directory: Path, choose: dict[str, Callable[[Row], bool]], **settings: Any) -> "Output":
        """Match alerts by plain Python; a filter named with `stamps` asks for them."""
        shutil.copytree(source, directory)
        layout = Layout(directory)
        own = TopicSettings(prefix=f"t{next(_NUMBERS)}", **settings)
        output = cls(layout, list(records(layout)), own)
        for batch in output.batches:
            rows = [
                {**row, "filter": name, "annotations": {name: {"brightness": row["mag"]}}}
                for row in alerts(layout, batch)
                for name, match in choose.items()
                if match(row)
            ]
            about = {name: {"version": "v1", "cutouts": "stamps" in name} for name in choose}
            write_sent(sent_path(layout, batch.stream, batch.batch), Sent(pa.Table.from_pylist(rows, SCHEMA), about))
        return output

    def sink(self, bootstrap: str, **more: Any) -> KafkaSink:
        """A new sink, as a new process would make it."""
        connection = Connection.of({"bootstrap": bootstrap, **more.pop("kafka", {})})
        return KafkaSink(self.layout, self.batches[0].stream, connection, self.settings, **more)

    def matched(self) -> set[tuple[str, int]]:
        """Topic and alert of all that is to be sent."""
        tables = [pq.read_table(sent_path(self.layout, each.stream, each.batch)) for each in self.batches]
        return {
            (self.settings.topic(row["survey"], row["filter"]), row["alert_id"])
            for table in tables
            for row in table.to_pylist()
        }

    def matched_in(self, batch: Record) -> set[tuple[str, int]]:
        """Topic and alert of what one batch sends."""
        rows = pq.read_table(sent_path(self.layout, batch.stream, batch.batch)).to_pylist()
        return {(self.settings.topic(row["survey"], row["filter"]), row["alert_id"]) for row in rows}

    def counts(self, batch: Record) -> dict[str, Any]:
        """What the ledger would say of the filters: all that matched is sent. The sent file says the same."""
        path = sent_path(self.layout, batch.stream, batch.batch)
        sent = read_sent(self.layout, batch.stream, batch.batch)
        assert sent is not None
        names = sent.matches["filter"].to_pylist()
        nothing = {"per_object": 0, "over_max_per_night": 0, "over": [], "unknown": 0}
        told = {
            name: {**about, **nothing, "matched": names.count(name), "sent": names.count(name)}
            for name, about in sent.filters.items()
        }
        write_sent(path, Sent(sent.matches, told))
        return told

    def sizes_without_curve(self, batch: Record) -> list[int]:
        """Bytes of the messages of a batch, with neither stamps nor light curve."""
        sent = read_sent(self.layout, batch.stream, batch.batch)
        assert sent is not None
        settings = replace(self.settings, max_message_bytes=1)
        making = Making.of(batch, encoder("avro"), settings, {})
        made = list(making.messages(Alerts.of(self.layout, batch, sent), sent))
        return [each.size for each in made if isinstance(each, TooLarge)]

    @property
    def topics(self) -> str:
        """What the names of its topics of matches begin with."""
        return f"{self.settings.prefix}.ztf."


SCHEMA = pa.schema(
    [
        ("survey", pa.string()),
        ("alert_id", pa.int64()),
        ("object_id", pa.string()),
        ("mjd", pa.float64()),
        ("filter", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        (
            "annotations",
            pa.struct([(name, pa.struct([("brightness", pa.float64())])) for name in ("all", "even", "stamps")]),
        ),
    ]
)


def alerts(layout: Layout, batch: Record) -> list[Row]:
    """The alerts of a batch with their places."""
    names = ["survey", "alert_id", "object_id", "mjd", "mag", "night"]
    return [
        {**row, "file": file.name, "row": at}
        for file in batch.files
        if file.table == "science"
        for at, row in enumerate(pq.ParquetFile(layout.root / file.name).read(names).to_pylist())
    ]
