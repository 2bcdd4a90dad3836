"""The messages of a batch: what is sent, and what no topic takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent
from jobs.ledger.too_large import TooLarge
from jobs.pipeline.filters.public_points import public_points
from jobs.pipeline.sinks.kafka.message_encoding import Batch, Encoder, Match, without_light_curve
from jobs.pipeline.sinks.kafka.producer import Outgoing
from jobs.pipeline.sinks.kafka.sent_alerts import Alerts
from jobs.pipeline.sinks.kafka.topics import TopicSettings

CHUNK = 1024  # alerts encoded at a time: a call costs some 30 ms whatever their number; a thousand are some 10 MB


@dataclass(frozen=True)
class Making:
    """Makes the messages of a batch.

    Attributes
    ----------
    limits : mapping of str to int
        By topic, the largest message that it takes, where that is less than the settings say.
    """

    encoder: Encoder
    batch: Batch
    settings: TopicSettings
    limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record, encoder: Encoder, settings: TopicSettings, limits: Mapping[str, int]) -> "Making":
        """For a sealed batch.

        Parameters
        ----------
        record : Record
            Sealed; names the batch and its modules.
        encoder : Encoder
            Of the format in which messages are sent.
        settings : TopicSettings
            Names topics, and the largest message.
        limits : mapping of str to int
            By topic, bytes of the largest message that it takes, where that is less than the settings say.
        """
        modules = tuple(record.hashes.get("modules", {}))
        common = Batch(record.stream, record.batch, record.plan.planned_at, modules)
        return cls(encoder, common, settings, limits)

    def messages(self, alerts: Alerts, sent: Sent) -> Iterator[Outgoing | TooLarge]:
        """In the order of the sent file; an alert is encoded once for all its filters.

        Parameters
        ----------
        alerts : Alerts
            Of the matches, in their order.
        sent : Sent
            What the filters send.

        Yields
        ------
        Outgoing or TooLarge
            One per match.
        """
        rows = sent.matches.to_pylist()
        for first in range(0, len(rows), CHUNK):
            yield from self._chunk(alerts, sent, rows[first : first + CHUNK], first)

    def _chunk(
        self, alerts: Alerts, sent: Sent, rows: list[dict[str, Any]], first: int
    ) -> Iterator[Outgoing | TooLarge]:
        table, at = alerts.rows(first, len(rows))
        asking = {bool(sent.filters[row["filter"]].get("with_private")) for row in rows}
        tables = {private: table if private else public_points(table) for private in asking}
        shared = {private: self.encoder.alerts(own, self.batch) for private, own in tables.items()}
        for row, place in zip(rows, at.tolist(), strict=True):
            about = sent.filters[row["filter"]]
            stamps = alerts.stamps(row["survey"], row["alert_id"]) if about["cutouts"] else None
            match = Match(
                row["filter"], about["version"], (row.get("annotations") or {}).get(row["filter"]) or {}, stamps
            )
            private = bool(about.get("with_private"))
            topic = self.settings.topic(row["survey"], row["filter"])
            value = self._message(tables[private], place, shared[private][place], match, topic)
            yield Outgoing(topic, row["object_id"].encode(), value) if isinstance(value, bytes) else value

    def _message(self, table: pa.Table, place: int, shared: bytes, match: Match, topic: str) -> bytes | TooLarge:
        """A message that its topic takes: what would make it too large is left out, and named."""
        limit = min(self.settings.max_message_bytes, self.limits.get(topic, self.settings.max_message_bytes))
        value = self.encoder.message(shared, match)
        if len(value) > limit and match.cutouts:
            value = self.encoder.message(shared, match, ["cutouts"])
        if len(value) > limit:
            short = self.encoder.alerts(without_light_curve(table.slice(place, 1)), self.batch)[0]
            value = self.encoder.message(short, match, [*(["cutouts"] if match.cutouts else []), "light_curve"])
        if len(value) > limit:
            return _too_large(table.slice(place, 1), match, topic, len(value), limit)
        return value


def _too_large(alert: pa.Table, match: Match, topic: str, size: int, limit: int) -> TooLarge:
    names = ["survey", "alert_id", "object_id", "night", "provenance"]
    (about,) = alert.select(names).to_pylist()
    return TooLarge(
        filter=match.filter, filter_version=match.filter_version, topic=topic, size=size, limit=limit, **about
    )
