"""Topics between two offsets: which records are read, and what is said of those that are gone."""

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kafka.cluster import Cluster, ClusterSnapshot
from jobs.kafka.topic_partition import TopicPartition
from jobs.packets.ranges import Range
from jobs.packets.reading import OffsetCounts, ReaderEvent, SourceMessage, messages_of
from jobs.pipeline.sources.kafka.reading import KafkaReader
from jobs.pipeline.sources.kafka.source import shared_out
from jobs.pipeline.sources.kafka.start import Start
from jobs.spark.options import OptionProblem, ReadOptions

_LOG = logging.getLogger("strix.spark")
# Records of a range, so that a large partition is read by several tasks.
GRAIN = 500
# Words of Spark's JSON of offsets.
_EARLIEST, _LATEST = -2, -1


class DataLoss(RuntimeError):
    """Records that were to be read are not there any more."""


@dataclass(frozen=True)
class TopicOffset:
    """The next offset of each partition, in one cluster.

    Attributes
    ----------
    cluster : str
        The cluster's own id.
    positions : mapping of TopicPartition to int
        The next offset.
    planned_at : float
        When that was planned, Unix seconds [s].
    begins : dict or None
        In the end of a query's first micro-batch: where that begins. After a restart Spark asks for it again, and what
        is the latest offset then is not what it was.
    """

    cluster: str
    positions: Mapping[TopicPartition, int]
    planned_at: float
    begins: Mapping[TopicPartition, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """As Spark's checkpoint keeps it."""
        first = {} if self.begins is None else {"begins": _positions_to_json(self.begins)}
        topics = _positions_to_json(self.positions)
        return {"source": "topics", "cluster": self.cluster, "topics": topics, "planned_at": self.planned_at, **first}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TopicOffset":
        """The offset that `to_json` wrote.

        Parameters
        ----------
        content : mapping
            As Spark's checkpoint holds it.

        Raises
        ------
        ValueError
            If it is of another source.
        """
        if content.get("source") != "topics":
            raise ValueError(f"the checkpoint is of a query over {content.get('source')}, this one reads topics")
        first = _positions(content["begins"]) if "begins" in content else None
        return cls(content["cluster"], _positions(content["topics"]), content["planned_at"], first)

    def moved(self, positions: Mapping[TopicPartition, int]) -> "TopicOffset":
        """The offset of the next positions.

        Parameters
        ----------
        positions : mapping of TopicPartition to int
            Of all partitions that are there.
        """
        first = self.positions if self.positions == self.begins else None
        return TopicOffset(self.cluster, positions, time.time(), first)


def _positions_to_json(positions: Mapping[TopicPartition, int]) -> dict[str, Any]:
    topics: dict[str, Any] = {}
    for part, offset in sorted(positions.items()):
        topic = topics.setdefault(part.topic, {"id": part.topic_id, "offsets": {}})
        topic["offsets"][str(part.partition)] = offset
    return topics


def _positions(topics: Mapping[str, Any]) -> dict[TopicPartition, int]:
    return {
        TopicPartition(name, topic["id"], int(partition)): offset
        for name, topic in topics.items()
        for partition, offset in topic["offsets"].items()
    }


class Topics:
    """The topics of some options.

    Parameters
    ----------
    options : ReadOptions
        With topics and a connection.
    """

    def __init__(self, options: ReadOptions) -> None:
        assert options.connection is not None
        self.options = options
        self.cluster = Cluster(options.connection)
        self._ends: Mapping[TopicPartition, int] | None = None
        self._seen: ClusterSnapshot | None = None

    def until_now(self) -> None:
        """Plan only the records that are there at this moment."""
        self._ends = self._snapshot().end

    def newest(self) -> TopicOffset | None:
        """Behind the newest record of each partition, when that was last looked at."""
        return TopicOffset(self._seen.cluster, self._seen.end, time.time()) if self._seen else None

    def begin(self, default: str) -> TopicOffset:
        """Where a new query begins: startingOffsets, or a default.

        Parameters
        ----------
        default : str
            As Start.parse reads it, where the options say nothing.

        Raises
        ------
        OptionProblem
            If a topic is not there, or startingOffsets cannot be.
        ServiceUnavailable
            If the broker does not answer.
        AccessDenied
            If authentication failed or access is denied.
        """
        found = self._snapshot()
        positions = _started(self.options.start or default, self.cluster, found)
        return TopicOffset(found.cluster, positions, time.time(), begins=positions)

    def offset(self, content: Mapping[str, Any]) -> TopicOffset:
        """The offset that a checkpoint keeps.

        Parameters
        ----------
        content : mapping
            As `TopicOffset.to_json` gives it.

        Raises
        ------
        ValueError
            If it is of another source.
        """
        return TopicOffset.from_json(content)

    def plan(self, start: TopicOffset, limit: int | None = None) -> tuple[TopicOffset, list[Range]]:
        """What is read next, fairly shared among partitions, and the offset behind it; `start` itself if there is none.

        Partitions that are new are read from their beginning.

        Parameters
        ----------
        start : TopicOffset
            What was read.
        limit : int, optional
            Offsets in all ranges together; None for all there are.

        Returns
        -------
        end : TopicOffset
        ranges : list of Range
            Of GRAIN offsets at most.

        Raises
        ------
        DataLoss
            If a topic was deleted or made again, unless the query goes on at a loss.
        OptionProblem
            If a topic that the options name is not there.
        ValueError
            If the checkpoint is of another cluster.
        ServiceUnavailable
            If the broker does not answer.
        AccessDenied
            If authentication failed or access is denied.
        """
        found = self._snapshot()
        if found.cluster != start.cluster:
            raise ValueError(f"the checkpoint is of Kafka cluster {start.cluster}, the broker is of {found.cluster}")
        positions = self._kept(start, found)
        backlog = {part: self._end(part, end) - positions.get(part, 0) for part, end in found.end.items()}
        waiting = {part: count for part, count in backlog.items() if count > 0}
        taken = waiting if limit is None else shared_out(waiting, limit)
        if not taken and positions == start.positions:
            return start, []
        positions |= {part: positions.get(part, 0) + count for part, count in taken.items()}
        end = start.moved(positions)
        return end, self.between(start, end)

    def between(self, start: TopicOffset, end: TopicOffset) -> list[Range]:
        """The ranges between two offsets.

        Parameters
        ----------
        start, end : TopicOffset
            As `plan` took and gave them.

        Raises
        ------
        ValueError
            If a partition goes back: Spark takes such offsets without a word.
        """
        ranges: list[Range] = []
        first = start.positions if end.begins is None else end.begins
        for part, stop in sorted(end.positions.items()):
            begin = first.get(part, 0)
            if stop < begin:
                raise ValueError(f"the micro-batch ends before it begins: {part} from {begin} to {stop}")
            ranges += [_range(part, at, min(at + GRAIN, stop), stop) for at in range(begin, stop, GRAIN)]
        return ranges

    def _snapshot(self) -> ClusterSnapshot:
        found = self.cluster.snapshot(self.options.topics)
        wanted = [name for name in self.options.topics if not name.startswith("^")]
        lacking = [name for name in wanted if name not in found.names]
        if lacking or not found.end:
            there = ", ".join(name for name in found.names if not name.startswith("__")) or "none"
            told = ", ".join(lacking or self.options.topics)
            raise OptionProblem(f"wants topic {told}, the topics at {self.cluster.connection.bootstrap} are {there}")
        self._seen = found
        return found

    def _end(self, part: TopicPartition, end: int) -> int:
        """The end of a partition, or the one that it had when the query was told to end."""
        return end if self._ends is None else min(end, self._ends.get(part, 0))

    def _kept(self, start: TopicOffset, found: ClusterSnapshot) -> dict[TopicPartition, int]:
        """The positions of partitions that are still there."""
        gone = sorted(part for part in start.positions if part not in found.end)
        if gone:
            told = f"{', '.join(map(str, gone))} were deleted or made again; what was not read of them is lost"
            _lost(told, self.options.fail_on_loss)
        return {part: offset for part, offset in start.positions.items() if part in found.end}


def messages(options: ReadOptions, ranges: Sequence[Range]) -> Iterator[SourceMessage]:
    """The records of planned ranges, in a task.

    Parameters
    ----------
    options : ReadOptions
        With a connection.
    ranges : sequence of Range
        Of one task.

    Yields
    ------
    SourceMessage

    Raises
    ------
    DataLoss
        If some are not there any more, unless the query goes on at a loss.
    ServiceUnavailable
        If the broker does not answer: Spark tries the task again.
    """
    assert options.connection is not None
    yield from messages_of(_watched(KafkaReader(options.connection)(ranges), options.fail_on_loss))


def _watched(said: Iterator[ReaderEvent], fail: bool) -> Iterator[ReaderEvent]:
    for each in said:
        if isinstance(each, OffsetCounts) and each.lost:
            gaps = ", ".join(f"{first} to {stop - 1}" for first, stop in each.gaps)
            _lost(f"{each.topic}/{each.partition}: offsets {gaps} are gone: {each.why}", fail)
        yield each


def _lost(told: str, fail: bool) -> None:
    if fail:
        raise DataLoss(f"{told}; option failOnDataLoss=false goes on without")
    _LOG.warning("strix: %s", told)


def _range(part: TopicPartition, start: int, stop: int, end: int) -> Range:
    return Range(
        "kafka", part.topic, start, stop, size=end, last=stop == end, partition=part.partition, topic_id=part.topic_id
    )


def _started(text: str, cluster: Cluster, found: ClusterSnapshot) -> dict[TopicPartition, int]:
    """The first offsets; Spark's JSON, {"topic": {"0": 23, "1": -2}}, is one of the ways to say them."""
    try:
        start = Start("offsets", offsets=_spark_offsets(text, found)) if text.startswith("{") else Start.parse(text)
        return start.resolve(cluster, found)
    except ValueError as error:
        raise OptionProblem(f"startingOffsets: {error}") from None


def _spark_offsets(text: str, found: ClusterSnapshot) -> dict[tuple[str, int], int]:
    words = {_EARLIEST: found.low, _LATEST: found.end}
    offsets: dict[tuple[str, int], int] = {}
    for topic, partitions in json.loads(text).items():
        for partition, offset in partitions.items():
            known = {(part.topic, part.partition): at for part, at in words.get(offset, {}).items()}
            place = (topic, int(partition))
            offsets[place] = known.get(place, offset)
    return offsets
