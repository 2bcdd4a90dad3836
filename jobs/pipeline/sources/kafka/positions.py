"""Where a stream began in each partition, and every later move: `positions.json` beside the stream's ledger files.

What was read is in the ledger's plans; this file says from where. It is written before the first plan that needs it,
so that `latest` means the same after a crash.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from jobs.kafka.topic_partition import TopicPartition
from jobs.ledger.records import LedgerError, Plan
from jobs.ledger.streams import StreamLedger
from jobs.packets.ranges import Range
from jobs.storage.writing import replace_json

NAME = "positions.json"


@dataclass(frozen=True)
class Move:
    """From a batch on, a partition is read from an offset.

    Attributes
    ----------
    offset : int
        The next to read.
    batch : int
        The first batch that it holds for.
    why : str
        One of: start, new (topic or partition), topics changed, reset.
    at : str
        When, ISO 8601 in UTC.
    """

    topic: str
    topic_id: str
    partition: int
    offset: int
    batch: int
    why: str
    at: str

    @property
    def part(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.topic_id, self.partition)


@dataclass(frozen=True)
class Positions:
    """What a stream of Kafka was told, and where it began.

    Attributes
    ----------
    cluster : str
        The cluster's own id.
    topics, start : tuple of str, str
        The configuration that holds since the last change.
    moves : tuple of Move
        Oldest first.
    """

    cluster: str
    topics: tuple[str, ...]
    start: str
    moves: tuple[Move, ...] = ()

    @classmethod
    def read(cls, directory: Path) -> "Positions | None":
        """What `write` wrote; None if the stream has not begun.

        Parameters
        ----------
        directory : Path
            Of the stream's ledger files.

        Raises
        ------
        LedgerError
            If it is damaged.
        """
        path = directory / NAME
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            moves = tuple(Move(**each) for each in content["moves"])
            return cls(content["cluster"], tuple(content["topics"]), content["start"], moves)
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{path} cannot be read: {type(error).__name__} {error}") from None

    def write(self, ledger: StreamLedger) -> None:
        """Keep it beside the stream's ledger files.

        Parameters
        ----------
        ledger : StreamLedger
            Whose directory takes it.
        """
        replace_json(ledger.directory / NAME, asdict(self), ledger.durable)

    def moved(self, moves: Iterable[Move]) -> "Positions":
        """The positions with further moves.

        Parameters
        ----------
        moves : iterable of Move
            Later than those that are there.
        """
        return replace(self, moves=(*self.moves, *moves))

    def latest(self) -> dict[TopicPartition, Move]:
        """The last move of each partition."""
        return {each.part: each for each in self.moves}

    def topics_known(self) -> set[str]:
        """Names of all topics that the stream has begun to read."""
        return {each.topic for each in self.moves}


class Unplanned:
    """Partitions whose plans do not follow one another without a hole; a stream's plans are added by batch.

    Parameters
    ----------
    positions : Positions
        Of the stream.
    """

    def __init__(self, positions: Positions) -> None:
        self._moves: dict[TopicPartition, list[Move]] = {}
        self._expected: dict[TopicPartition, int] = {}
        for move in positions.moves:
            self._moves.setdefault(move.part, []).append(move)

    def add(self, plan: Plan) -> Iterator[tuple[TopicPartition, str]]:
        """What is wrong with the next plan.

        Parameters
        ----------
        plan : Plan
            Of the batch behind the one before.

        Yields
        ------
        partition : TopicPartition
        problem : str
            For a person.
        """
        moves, expected = self._moves, self._expected
        for each in plan.ranges:
            part = TopicPartition(each.path, each.topic_id, each.partition)
            while moves.get(part) and moves[part][0].batch <= plan.batch:
                expected[part] = moves[part].pop(0).offset
            if part not in expected:
                yield part, f"batch {plan.batch} reads offset {each.start}, {NAME} does not say where it began"
            elif expected[part] != each.start:
                yield (
                    part,
                    f"batch {plan.batch} begins at offset {each.start}, the one before ended at {expected[part]}",
                )
            expected[part] = each.stop


def planned_to(positions: Positions, planned: Iterable[tuple[int, Range]]) -> dict[TopicPartition, int]:
    """The next offset of each partition, after all plans and moves.

    Parameters
    ----------
    positions : Positions
        Of the stream.
    planned : iterable of (int, Range)
        All ranges of the stream with their batches, by batch; of what is rolled the last of each partition is enough.
    """
    moves = positions.latest()
    reached = {part: move.offset for part, move in moves.items()}
    for batch, each in planned:
        part = TopicPartition(each.path, each.topic_id, each.partition)
        if part in moves and batch >= moves[part].batch:
            reached[part] = each.stop
    return reached
