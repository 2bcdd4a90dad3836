"""What a batch is planned to read: ranges of packets, written to the ledger before anything is read."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from jobs.packets.rejections import Refusal
from jobs.pipeline.decode import Message


class ServiceUnavailable(RuntimeError):
    """A service (a broker) does not answer. Nothing was sealed that depends on it; the same can be tried again."""


class AccessDenied(RuntimeError):
    """A service does not let us in; trying again does not help."""


class InputChanged(RuntimeError):
    """A planned file is gone or is not what it was when the batch was planned. Nothing of the batch was sealed."""


class InputUnreadable(RuntimeError):
    """A planned file cannot be opened where it is to be read. Nothing of the batch was sealed.

    Attributes
    ----------
    path : str
        The file.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} cannot be read: {problem}")
        self.path = path
        self.problem = problem


_WAY_OUT = "nothing of its batch was sealed: start the job again, which plans anew with what is there"


@dataclass(frozen=True)
class Range:
    """Packets start:stop of one file, or records start:stop of one partition of a topic.

    Attributes
    ----------
    kind : str
        container, tar, targz (whatever is compressed), raw, quarantine or kafka: which reader takes it.
    path : str
        The file; for kafka the topic.
    start, stop : int
        Numbers of the first packet and of the one behind the last, counted from 0 in the file; for kafka offsets.
    offset, end : int
        Bytes of the file that hold them (uncompressed bytes for targz; row groups for raw; for quarantine `end` is the
        number of entries in the file).
    size, mtime_ns : int
        The file as it was planned; another file under the name stops the batch. For kafka `size` is the partition's
        end (its last stable offset) when the batch was planned.
    last : bool
        Whether the file ends here; for kafka whether the partition did when the batch was planned.
    rest : int
        Of its bytes, those at the end that are an unreadable rest: a file that grows is read on from there.
    mark : str
        What has been read of the file up to here: the CRC-32, in hexadecimal, of all its bytes before the rest; for
        compressed files of the whole file; for raw of its end. Empty in ledgers of older versions.
    whole : str
        For the last range of a container or tar with something behind what `mark` covers: the CRC-32 of the whole file.
    generation : int
        How often another file had been put under the path before: its packets are counted from 0 again.
    batch : str
        For raw packets that follow a ledger: `<stream>/<batch>` that wrote them.
    entries : tuple of str
        For quarantine: the entries to replay.
    partition : int
        For kafka.
    topic_id : str
        For kafka: the broker's own id of the topic; another topic under the same name has another one.
    spool : str
        For targz: where this run has put the unpacked members; not part of the plan.
    """

    kind: str
    path: str
    start: int
    stop: int
    offset: int = 0
    end: int = 0
    size: int = 0
    mtime_ns: int = 0
    last: bool = True
    rest: int = 0
    mark: str = ""
    whole: str = ""
    generation: int = 0
    batch: str = ""
    entries: tuple[str, ...] = ()
    partition: int = 0
    topic_id: str = ""
    spool: str = field(default="", compare=False)

    def __len__(self) -> int:
        return self.stop - self.start

    def to_json(self) -> dict[str, Any]:
        """As the ledger keeps it: without what only this run knows and without empty fields."""
        content = {key: value for key, value in asdict(self).items() if key != "spool"}
        return {key: value for key, value in content.items() if value or key in ("start", "stop", "last")}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Range":
        """The range that `to_json` wrote."""
        return cls(**{**content, "entries": tuple(content.get("entries", ()))})

    def check_unchanged(self) -> None:
        """Raise InputChanged if the file is gone or has another size or time than when it was planned."""
        try:
            now = os.stat(self.path)
        except OSError as error:
            raise self.gone(error) from None
        self.check_status(now)

    def check_status(self, now: os.stat_result) -> None:
        """Raise InputChanged if this is another size or time than when the file was planned, if that is known."""
        if self.mtime_ns and (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns):
            found = f"has {now.st_size}" if now.st_size != self.size else "was written since"
            raise InputChanged(f"{self.path} was planned with {self.size} bytes and {found}; {_WAY_OUT}")

    def gone(self, error: OSError) -> InputChanged:
        """What to raise where the file cannot be found."""
        return InputChanged(
            f"{self.path} was planned with {self.size} bytes and is gone ({error.strerror}); {_WAY_OUT}"
        )

    def check_count(self, stop: int) -> None:
        """Raise InputChanged if what was read ends at another packet than what was planned."""
        if stop != self.stop:
            told = f"{len(self)} packets of {self.path} from packet {self.start} on were planned, {stop - self.start} found"
            raise InputChanged(f"{told}; {_WAY_OUT}")

    @property
    def sound_end(self) -> int:
        """The byte up to which the file could be read: where a grown one is read on."""
        return self.end - self.rest


def problem_to_json(problem: InputChanged | InputUnreadable | None) -> list[str]:
    """What a task found wrong with its file, for the driver; empty if there is nothing."""
    if isinstance(problem, InputUnreadable):
        return [problem.path, problem.problem]
    return [str(problem)] if problem else []


def raise_problem(told: Sequence[str]) -> None:
    """Raise what `problem_to_json` told."""
    if len(told) == 2:
        raise InputUnreadable(*told)
    if told:
        raise InputChanged(told[0])


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
        """The tally that `to_json` wrote."""
        return cls(**{**content, "gaps": tuple((start, stop) for start, stop in content.get("gaps", ()))})


@dataclass(frozen=True)
class Unavailable:
    """What a reader says instead of going on when its service does not answer: the batch must be read again."""

    message: str


# What a reader may say.
ReaderEvent = SourceMessage | OffsetCounts | Unavailable


def messages_of(said: Iterable[ReaderEvent]) -> Iterator[SourceMessage]:
    """The messages alone.

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
    """One tally per partition, in order; gaps that touch are one."""
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


def total(ranges: Sequence[Range]) -> int:
    """Packets in all ranges together."""
    return sum(len(each) for each in ranges)


def divide(ranges: Sequence[Range], parts: int) -> list[list[Range]]:
    """Cut a list of ranges, in order, into at most `parts` lists of about equally many packets; none is empty."""
    share = max(1, -(-total(ranges) // parts))
    lists: list[list[Range]] = [[]]
    taken = 0
    for each in ranges:
        if taken >= share * len(lists) and lists[-1]:
            lists.append([])
        lists[-1].append(each)
        taken += len(each)
    return [part for part in lists if part]


def batched(messages: Iterator[SourceMessage], limit: int, limit_bytes: int) -> Iterator[list[SourceMessage]]:
    """Group messages into lists of at most `limit` messages and about `limit_bytes` bytes."""
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
