"""Moving a stream to other offsets: a decision of a person, kept in the stream's positions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jobs.common.times import now_utc
from jobs.kafka.cluster import Cluster
from jobs.kafka.topic_partition import TopicPartition
from jobs.ledger.records import LedgerError
from jobs.ledger.streams import StreamLedger
from jobs.packets.ranges import Range
from jobs.pipeline.sources.kafka.positions import Move, Positions, planned_to
from jobs.pipeline.sources.kafka.start import Start


@dataclass(frozen=True)
class Moved:
    """A partition that was moved: the offset that came next, and the one that comes next now."""

    part: TopicPartition
    before: int
    after: int

    def __str__(self) -> str:
        """What it means for the records in between."""
        if self.after >= self.before:
            return f"{self.part}: {self.before} to {self.after}, {self.after - self.before} records are never read"
        again = self.before - self.after
        return f"{self.part}: {self.before} to {self.after}, {again} records are read again (known alerts are dropped)"


def reset(ledger: StreamLedger, cluster: Cluster, topics: Sequence[str], to: str) -> list[Moved]:
    """Move every partition of a stream that `to` means; the output's lock must be held.

    Parameters
    ----------
    ledger : StreamLedger
        Of the stream.
    cluster : Cluster
        The one that the stream has read.
    topics : sequence of str
        As configured; empty: as the stream was last told.
    to : str
        As Start.parse reads it; offsets move only the partitions that they name.

    Returns
    -------
    list of Moved
        Those whose next offset is another one now.

    Raises
    ------
    LedgerError
        If the stream has not begun, or has read another cluster.
    """
    positions = Positions.read(ledger.directory)
    if positions is None:
        raise LedgerError(f"stream {ledger.stream} has not begun to read Kafka; there is nothing to move")
    snapshot = cluster.snapshot(topics or positions.topics)
    if snapshot.cluster != positions.cluster:
        bootstrap = cluster.connection.bootstrap
        raise LedgerError(
            f"stream {ledger.stream} has read cluster {positions.cluster}, {bootstrap} is {snapshot.cluster}"
        )
    start = Start.parse(to)
    offsets = start.resolve(cluster, snapshot)
    if start.offsets:
        offsets = {part: at for part, at in offsets.items() if (part.topic, part.partition) in start.offsets}
    reached = planned_to(positions, _planned(ledger))
    opened = ledger.open_plan()
    batch = opened.batch + 1 if opened else ledger.next_batch()
    moved = [Moved(part, reached[part], at) for part, at in sorted(offsets.items()) if reached.get(part, at) != at]
    at = now_utc()
    moves = [
        Move(each.part.topic, each.part.topic_id, each.part.partition, each.after, batch, "reset", at) for each in moved
    ]
    replace(positions.moved(moves), start=to).write(ledger)
    return moved


def _planned(ledger: StreamLedger) -> Iterator[tuple[int, Range]]:
    """The last ranges of what is rolled and all later ones, one that is not sealed too, each with its batch."""
    yield from ledger.rolled.summary.positions.values()
    opened = ledger.open_plan()
    plans = [*(record.plan for record in ledger.open_records()), *([opened] if opened else [])]
    yield from ((plan.batch, each) for plan in plans for each in plan.ranges)
