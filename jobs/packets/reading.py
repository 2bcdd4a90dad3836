"""What a reader says while it reads the ranges of a task: messages, what became of offsets, that its service is gone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jobs.packets.messages import Message
from jobs.packets.problems import ServiceUnavailable
from jobs.packets.rejections import Refusal


@dataclass(frozen=True)
class SourceMessage:
    """One message with where it came from.

    Attributes
    ----------
    message : Message
        For the decoder.
    provenance : dict
        Fields of `view.PROVENANCE`; `index` is the number of the message's first packet in its file.
    start, stop : int
        Which packets of the message belong to the range, counted from 0 in the message.
    refusal : Refusal or None
        Set if the source itself could not read on: the message then holds the unreadable rest.
    """

    message: Message
    provenance: dict[str, Any]
    refusal: Refusal | None = None


@dataclass(frozen=True)
class OffsetCounts:
    """What became of the offsets that a task was to read of one partition: their sum is what was planned.

    Attributes
    ----------
    records : int
        Records that were read.
    packets : int
        Packets in them: a record that is an Avro container may hold several.
    control : int
        Offsets that hold no record for a reader of committed data: markers of transactions, records of aborted ones.
    gaps : tuple of (int, int)
        Offsets a:b that the broker does not have any more.
    why : str
        Why there are gaps.
    """

    topic: str
    partition: int
    records: int = 0
    packets: int = 0
    control: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    why: str = ""

    @property
    def lost(self) -> int:
        """Offsets in the gaps."""
        return sum(stop - start for start, stop in self.gaps)

    def to_json(self) -> dict[str, Any]:
        """As the ledger keeps it: without empty fields."""
        return {
            key: value for key, value in asdict(self).items() if value or key in ("partition", "records", "packets")
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "OffsetCounts":
        """The counts that `to_json` wrote.

        Parameters
        ----------
        content : dict
            As the ledger holds it.
        """
        return cls(**{**content, "gaps": tuple((start, stop) for start, stop in content.get("gaps", ()))})


@dataclass(frozen=True)
class Unavailable:
    """What a reader says instead of going on when its service does not answer: the batch must be read again.

    Attributes
    ----------
    message : str
        What did not answer, and how.
    """

    message: str


# What a reader may say.
ReaderEvent = SourceMessage | OffsetCounts | Unavailable


def messages_of(said: Iterable[ReaderEvent]) -> Iterator[SourceMessage]:
    """The messages alone.

    Parameters
    ----------
    said : iterable of ReaderEvent
        What a reader gives for a task.

    Yields
    ------
    SourceMessage

    Raises
    ------
    ServiceUnavailable
        Where the reader says so.
    """
    for each in said:
        if isinstance(each, Unavailable):
            raise ServiceUnavailable(each.message)
        if isinstance(each, SourceMessage):
            yield each


def add_tallies(tallies: Sequence[OffsetCounts]) -> tuple[OffsetCounts, ...]:
    """One count per partition, in order; gaps that touch are one.

    Parameters
    ----------
    tallies : sequence of OffsetCounts
        Of several tasks, several of one partition among them.
    """
    sums: dict[tuple[str, int], OffsetCounts] = {}
    for each in tallies:
        key = (each.topic, each.partition)
        known = sums.get(key, OffsetCounts(*key))
        sums[key] = OffsetCounts(
            *key,
            records=known.records + each.records,
            packets=known.packets + each.packets,
            control=known.control + each.control,
            gaps=_joined([*known.gaps, *each.gaps]),
            why=known.why or each.why,
        )
    return tuple(sums[key] for key in sorted(sums))


def _joined(gaps: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(gaps):
        if joined and joined[-1][1] >= start:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def batched(messages: Iterator[SourceMessage], limit: int, limit_bytes: int) -> Iterator[list[SourceMessage]]:
    """Group messages into lists.

    Parameters
    ----------
    messages : iterator of SourceMessage
    limit : int
        Most messages in a list.
    limit_bytes : int
        A list ends with the message by which it reaches so many [bytes].

    Yields
    ------
    list of SourceMessage
        Never empty.
    """
    group: list[SourceMessage] = []
    size = 0
    for each in messages:
        group.append(each)
        size += len(each.message.value)
        if len(group) >= limit or size >= limit_bytes:
            yield group
            group, size = [], 0
    if group:
        yield group
