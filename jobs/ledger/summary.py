"""What a start needs to know of the batches that are rolled: how far they have read, and what of it is not finished.

It grows with partitions, followed streams and files that are still being written to, not with batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs.ledger.numbers import Numbers
from jobs.packets.ranges import Range

if TYPE_CHECKING:
    from jobs.ledger.records import Record

# What a file source reads. Raw files of a ledger that is followed name their batch, and are counted by it.
_FILES = ("container", "tar", "targz", "raw")


@dataclass
class Summary:
    """The rolled batches of a stream together.

    Attributes
    ----------
    positions : dict
        By topic, topic id and partition: the last range that was planned of it, and its batch.
    followed : dict of str to Numbers
        By stream that this one follows: its batches that were read.
    unfinished : dict of str to Range
        By path: the last range of a file that was not read to its end.
    lost : list of dict
        Offsets that the brokers did not have any more: topic, partition, start, stop, why.
    """

    positions: dict[tuple[str, str, int], tuple[int, Range]] = field(default_factory=dict)
    followed: dict[str, Numbers] = field(default_factory=dict)
    unfinished: dict[str, Range] = field(default_factory=dict)
    lost: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: "Record") -> None:
        """Take note of the next batch.

        Parameters
        ----------
        record : Record
            Of the batch; batches are added in order.
        """
        for each in record.plan.ranges:
            if each.kind == "kafka":
                self.positions[(each.path, each.topic_id, each.partition)] = (record.batch, each)
            elif each.batch:
                self.followed.setdefault(each.batch.rpartition("/")[0], Numbers()).add(batch_number(each.batch))
        for path, last in files_of(record).items():
            self.unfinished.pop(path, None)
            if not last.last:
                self.unfinished[path] = last
        self.lost.extend(lost_of(record))

    def to_json(self) -> dict[str, Any]:
        """As `rolled.json` keeps it."""
        return {
            "positions": [{"batch": batch, **each.to_json()} for batch, each in self.positions.values()],
            "followed": {stream: numbers.runs for stream, numbers in sorted(self.followed.items())},
            "unfinished": [each.to_json() for each in self.unfinished.values()],
            "lost": self.lost,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Summary":
        """The summary that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        made = cls(lost=[dict(each) for each in content["lost"]])
        for each in content["positions"]:
            known = Range.from_json({key: value for key, value in each.items() if key != "batch"})
            made.positions[(known.path, known.topic_id, known.partition)] = (int(each["batch"]), known)
        made.followed = {stream: Numbers(runs) for stream, runs in content["followed"].items()}
        made.unfinished = {each["path"]: Range.from_json(each) for each in content["unfinished"]}
        return made


def batch_number(name: str) -> int:
    """The number in `<stream>/<batch>`.

    Parameters
    ----------
    name : str
    """
    return int(name.rpartition("/")[2])


def files_of(record: "Record") -> dict[str, Range]:
    """By path: the last range that a batch planned of each file of a file source.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    return {each.path: each for each in record.plan.ranges if each.kind in _FILES and not each.batch}


def lost_of(record: "Record") -> Iterator[dict[str, Any]]:
    """The offsets that a batch could not read, with the reason.

    Parameters
    ----------
    record : Record
        Of the batch.

    Yields
    ------
    dict
        topic, partition, start, stop, why.
    """
    for each in record.tallies:
        for start, stop in each.gaps:
            yield {"topic": each.topic, "partition": each.partition, "start": start, "stop": stop, "why": each.why}
