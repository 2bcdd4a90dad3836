"""Kafka as a source: the driver plans offsets, the executors read them, the ledger remembers them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.common.times import now_utc
from jobs.kafka.cluster import Cluster, ClusterSnapshot, matching
from jobs.kafka.connection import Connection
from jobs.kafka.topic_partition import TopicPartition
from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import NoInput
from jobs.packets.ranges import Range
from jobs.pipeline.sources.kafka.positions import Move, Positions
from jobs.pipeline.sources.kafka.reading import KafkaReader
from jobs.pipeline.sources.kafka.start import Start
from jobs.pipeline.sources.source import Source
from jobs.pipeline.sources.tasks import Reader

_LOG = logging.getLogger("strix.kafka")


@dataclass
class _Progress:
    """How far a partition is planned, how far it is committed, and its end when it was last seen."""

    planned: int
    committed: int
    end: int


class KafkaSource(Source):
    """Records of topics.

    Parameters
    ----------
    connection : Connection
        To the cluster.
    topics : sequence of str
        Names, or patterns that begin with `^`. Topics and partitions that appear later are read from their beginning.
    start : str
        Where a new stream begins, as Start.parse reads it.
    bounded : bool
        Read what is there at the first look, then there is nothing more.
    tasks : int
        Tasks per batch, at most.
    """

    def __init__(
        self, connection: Connection, topics: Sequence[str], start: str, bounded: bool, tasks: int = 4
    ) -> None:
        self.connection = connection
        self.topics = tuple(topics)
        self.start = start
        self.bounded = bounded
        self.tasks = tasks
        self.cluster = Cluster(connection)
        self.notices: list[str] = []
        self._ledger: StreamLedger | None = None
        self._positions: Positions | None = None
        self._progress: dict[TopicPartition, _Progress] = {}
        self._snapshot: ClusterSnapshot | None = None

    def check(self) -> None:
        """Raise ValueError for a start that cannot be or a secret that is not where it should be."""
        Start.parse(self.start)
        self.connection.client()

    def begin(self, ledger: StreamLedger) -> None:
        """Take up where the stream's ledger ends.

        Parameters
        ----------
        ledger : StreamLedger
            Of the stream; `positions.json` is read from its directory, and written there.

        Raises
        ------
        LedgerError
            If `positions.json` is damaged.
        """
        self._ledger = ledger
        self._positions = Positions.read(ledger.directory)
        for part, move in self._positions.latest().items() if self._positions else ():
            self._progress[part] = _Progress(move.offset, move.offset, move.offset)
        for batch, each in ledger.rolled.summary.positions.values():
            self._note(batch, each)

    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read.

        Parameters
        ----------
        record : Record
            One from before a partition's last move says nothing of that partition.
        """
        for each in record.plan.ranges:
            self._note(record.batch, each)

    def _note(self, batch: int, each: Range) -> None:
        moves = self._positions.latest() if self._positions else {}
        part = _part(each)
        if part in moves and moves[part].batch > batch:
            return
        known = self._progress.setdefault(part, _Progress(each.stop, each.stop, each.size))
        known.committed = each.stop
        known.planned, known.end = max(known.planned, each.stop), max(known.end, each.size)

    def share(self) -> float | None:
        """Share of the records seen at the last look, from where the stream began, that are planned."""
        moves = self._positions.latest() if self._positions else {}
        there = sum(known.end - moves[part].offset for part, known in self._progress.items() if part in moves)
        left = sum(known.end - known.planned for known in self._progress.values())
        return 1.0 - left / there if there > 0 else None

    def plan(self, limit: int) -> list[Range]:
        """The next unread records of all partitions, fairly shared; empty if there are none now.

        Parameters
        ----------
        limit : int
            Offsets in all ranges together.

        Raises
        ------
        ServiceUnavailable
            If the broker does not answer.
        AccessDenied
            If authentication failed or access is denied.
        NoInput
            If a topic that a bounded read names does not exist.
        ValueError
            If the stream cannot begin: no such offset, or its ledger is of another cluster.
        """
        snapshot = self._refreshed()
        backlog = {
            part: known.end - known.planned for part, known in self._progress.items() if self._wanted(part, snapshot)
        }
        shares = shared_out({part: count for part, count in sorted(backlog.items()) if count > 0}, limit)
        grain = max(1, -(-limit // (2 * self.tasks)))
        return [each for part, count in shares.items() for each in self._take(part, count, grain)]

    @property
    def reader(self) -> Reader:
        """What a task reads ranges with; secrets do not travel with it."""
        return KafkaReader(self.connection)

    def report(self) -> dict[str, Any]:
        """Position, end and lag of each partition, for status.json."""
        partitions = [
            {
                "topic": part.topic,
                "partition": part.partition,
                "position": known.committed,
                "end": known.end,
                "lag": known.end - known.committed,
            }
            for part, known in sorted(self._progress.items())
        ]
        lag = sum(known.end - known.committed for known in self._progress.values())
        report = {"bootstrap": self.connection.bootstrap, "partitions": partitions, "lag": lag}
        return {"kafka": report, "notices": self.notices}

    def _refreshed(self) -> ClusterSnapshot:
        """The newest ends, or the first look's if that is all that is wanted; begins partitions that are new."""
        if self.bounded and self._snapshot is not None:
            return self._snapshot
        snapshot = self.cluster.snapshot(self.topics)
        first = self._snapshot is None
        self._positions = (
            self._begun(snapshot) if self._positions is None else self._gone_on(snapshot, self._positions, first)
        )
        for part, move in self._positions.latest().items():
            self._progress.setdefault(part, _Progress(move.offset, move.offset, move.offset))
        for part, end in snapshot.end.items():
            self._progress[part].end = max(end, self._progress[part].planned)
        self._snapshot = snapshot
        return snapshot

    def _begun(self, snapshot: ClusterSnapshot) -> Positions:
        """The stream begins: where, is written down before anything is planned."""
        self._check_named(snapshot, set())
        offsets = Start.parse(self.start).resolve(self.cluster, snapshot)
        made = Positions(snapshot.cluster, self.topics, self.start, tuple(self._moves(offsets, "start")))
        made.write(self._own_ledger())
        return made

    def _gone_on(self, snapshot: ClusterSnapshot, positions: Positions, first: bool) -> Positions:
        """What is new since the last look: topics, partitions, or what the stream is told to read."""
        if snapshot.cluster != positions.cluster:
            raise ValueError(
                f"this stream has read Kafka cluster {positions.cluster}, {self.connection.bootstrap} leads to cluster"
                f" {snapshot.cluster}, where the same offsets are other records; give a new --checkpoint and --append"
            )
        changed = positions.topics != self.topics
        self._check_named(snapshot, positions.topics_known())
        if first:
            self._say_changes(snapshot, positions)
        latest = positions.latest()
        new = {part: 0 for part in snapshot.end if part not in latest}
        if changed:
            # A topic that we could have read before and did not begins where it begins today.
            new = {part: snapshot.low[part] if part.topic not in positions.topics_known() else 0 for part in new}
        if not new and not changed:
            return positions
        moved = Positions(positions.cluster, self.topics, positions.start, positions.moves)
        moved = moved.moved(self._moves(new, "topics changed" if changed else "new"))
        moved.write(self._own_ledger())
        return moved

    def _check_named(self, snapshot: ClusterSnapshot, known: set[str]) -> None:
        for name in self.topics:
            if name.startswith("^"):
                self._check_pattern(name, snapshot)
                continue
            if name in known or name in snapshot.names:
                continue
            message = f"there is no topic {name!r} at {self.connection.bootstrap}"
            if self.bounded:
                raise NoInput(f"{message}; the topics are {', '.join(matching(['^'], snapshot.names)) or 'none'}")
            if not any(notice.startswith(message) for notice in self.notices):
                self._say(f"{message} yet; it is read from its beginning when it comes")

    def _check_pattern(self, pattern: str, snapshot: ClusterSnapshot) -> None:
        """Say once that a pattern matches nothing: it may be mistyped, or what it is for comes later."""
        message = f"no topic at {self.connection.bootstrap} matches {pattern!r}"
        if not matching([pattern], snapshot.names) and not any(notice.startswith(message) for notice in self.notices):
            there = ", ".join(matching(["^"], snapshot.names)) or "none"
            self._say(f"{message} yet; the topics are {there}")

    def _say_changes(self, snapshot: ClusterSnapshot, positions: Positions) -> None:
        if self.start != positions.start:
            self._say(
                f"start is {self.start!r} and this stream began at {positions.start!r}: it goes on where it was, start"
                f" is for new streams; `strix stream reset --to {self.start}` moves it"
            )
        if self.topics == positions.topics:
            return
        dropped = {part: known for part, known in self._progress.items() if part not in snapshot.end}
        unread = sum(known.end - known.committed for known in dropped.values())
        added = sorted({part.topic for part in snapshot.end} - positions.topics_known())
        self._say(
            f"topics are {', '.join(self.topics)} and were {', '.join(positions.topics)}: new ones"
            f" ({', '.join(added) or 'none'}) are read from their earliest record; not read any more:"
            f" {', '.join(sorted({part.topic for part in dropped})) or 'none'} ({unread} records unread)"
        )

    def _say(self, notice: str) -> None:
        self.notices.append(notice)
        _LOG.warning("%s", notice)

    def _moves(self, offsets: dict[TopicPartition, int], why: str) -> Iterator[Move]:
        batch = self._own_ledger().next_batch()
        at = now_utc()
        for part, offset in sorted(offsets.items()):
            yield Move(part.topic, part.topic_id, part.partition, offset, batch, why, at)

    def _wanted(self, part: TopicPartition, snapshot: ClusterSnapshot) -> bool:
        """Whether to read a partition; one that is gone is read up to its last known end, which will be a gap."""
        return part in snapshot.end or bool(matching(self.topics, [part.topic]))

    def _take(self, part: TopicPartition, count: int, grain: int) -> Iterator[Range]:
        known = self._progress[part]
        start, stop = known.planned, known.planned + count
        known.planned = stop
        for first in range(start, stop, grain):
            end = min(first + grain, stop)
            yield Range(
                "kafka",
                part.topic,
                first,
                end,
                size=known.end,
                last=end == known.end,
                partition=part.partition,
                topic_id=part.topic_id,
            )

    def _own_ledger(self) -> StreamLedger:
        assert self._ledger is not None
        return self._ledger


def shared_out(backlog: dict[TopicPartition, int], limit: int) -> dict[TopicPartition, int]:
    """How many records to take of each partition: equal shares, and what one does not need goes to the others.

    Parameters
    ----------
    backlog : dict of TopicPartition to int
        Unread records of each partition.
    limit : int
        Records in all.

    Returns
    -------
    dict of TopicPartition to int
        Sorted, without partitions of which nothing is taken.
    """
    shares: dict[TopicPartition, int] = {}
    left = limit
    for number, (part, count) in enumerate(sorted(backlog.items(), key=lambda each: (each[1], each[0]))):
        shares[part] = min(count, -(-left // (len(backlog) - number)))
        left -= shares[part]
    return {part: shares[part] for part in sorted(shares) if shares[part] > 0}


def _part(planned: Range) -> TopicPartition:
    return TopicPartition(planned.path, planned.topic_id, planned.partition)
