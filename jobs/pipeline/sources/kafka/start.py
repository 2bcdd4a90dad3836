"""Where to begin in a partition: earliest, latest, a time, or offsets that are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jobs.kafka.cluster import Cluster, ClusterSnapshot
from jobs.kafka.topic_partition import TopicPartition


@dataclass(frozen=True)
class Start:
    """A place to begin.

    Attributes
    ----------
    word : str
        earliest, latest, time or offsets.
    unix_ms : int
        For time: records that are not older.
    offsets : dict
        For offsets: by topic and partition; the others begin at their earliest.
    """

    word: str
    unix_ms: int = 0
    offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Start":
        """`earliest`, `latest`, an ISO time (UTC unless it says otherwise), or `topic:partition=offset;...`.

        Parameters
        ----------
        text : str
            As configured.

        Raises
        ------
        ValueError
            If it is nothing of this.
        """
        if text in ("earliest", "latest"):
            return cls(text)
        try:
            if "=" in text:
                return cls("offsets", offsets=dict(_offset(part) for part in text.split(";") if part.strip()))
            moment = datetime.fromisoformat(text)
        except ValueError:
            wanted = "earliest, latest, an ISO time such as 2026-11-21T04:00:00, or topic:partition=offset;..."
            raise ValueError(f"start is {text!r}, it should be {wanted}") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return cls("time", unix_ms=round(moment.timestamp() * 1000))

    def resolve(self, cluster: Cluster, snapshot: ClusterSnapshot) -> dict[TopicPartition, int]:
        """The first offset to read of each partition.

        Parameters
        ----------
        cluster : Cluster
            Asked for the offsets of a time.
        snapshot : ClusterSnapshot
            Of the topics that are read.

        Returns
        -------
        dict of TopicPartition to int
            For a time that no record has reached, the partition's end.

        Raises
        ------
        ValueError
            For an offset that the partition does not have, or of a partition that is not there.
        """
        if self.word == "earliest":
            return dict(snapshot.low)
        if self.word == "latest":
            return dict(snapshot.end)
        if self.word == "time":
            found = cluster.at_time(list(snapshot.end), self.unix_ms)
            return {part: found[part] if found.get(part, -1) >= 0 else end for part, end in snapshot.end.items()}
        return self._given(snapshot)

    def _given(self, snapshot: ClusterSnapshot) -> dict[TopicPartition, int]:
        left = dict(self.offsets)
        chosen = {part: left.pop((part.topic, part.partition), low) for part, low in snapshot.low.items()}
        if left:
            (topic, partition), _ = next(iter(left.items()))
            there = ", ".join(map(str, sorted(snapshot.low))) or "none"
            raise ValueError(f"start names {topic}:{partition}, the partitions that are read are {there}")
        for part, offset in chosen.items():
            if not snapshot.low[part] <= offset <= snapshot.end[part]:
                raise ValueError(
                    f"start of {part} is offset {offset}, it has {snapshot.low[part]} to {snapshot.end[part]}"
                )
        return chosen


def _offset(part: str) -> tuple[tuple[str, int], int]:
    place, _, offset = part.strip().rpartition("=")
    topic, _, partition = place.rpartition(":")
    if not topic:
        raise ValueError(part)
    return (topic, int(partition)), int(offset)
