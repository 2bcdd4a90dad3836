"""What a batch is planned to read: ranges of packets, written to the ledger before anything is read."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from jobs.corridor.decode import Message
from jobs.corridor.refusals import Refusal


class InputChanged(RuntimeError):
    """A planned file is gone or is not what it was when the batch was planned."""


@dataclass(frozen=True)
class Range:
    """Packets start:stop of one file.

    Attributes
    ----------
    kind : str
        container, tar, targz, raw or quarantine: which reader takes it.
    path : str
        The file.
    start, stop : int
        Numbers of the first packet and of the one behind the last, counted from 0 in the file.
    offset, end : int
        Bytes of the file that hold them (uncompressed bytes for targz; unused for raw).
    size, mtime_ns : int
        The file as it was planned; another file under the name stops the batch.
    last : bool
        Whether the file ends here.
    batch : str
        For raw packets that follow a ledger: `<stream>/<batch>` that wrote them.
    entries : tuple of str
        For quarantine: the entries to replay.
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
    batch: str = ""
    entries: tuple[str, ...] = ()
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
        except FileNotFoundError:
            raise InputChanged(f"{self.path} was planned with {self.size} bytes and is gone; put it back") from None
        if (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns):
            raise InputChanged(f"{self.path} was planned with {self.size} bytes and has {now.st_size}; put it back")


@dataclass(frozen=True)
class Sourced:
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


def batched(messages: Iterator[Sourced], limit: int, limit_bytes: int) -> Iterator[list[Sourced]]:
    """Group messages into lists of at most `limit` messages and about `limit_bytes` bytes."""
    group: list[Sourced] = []
    size = 0
    for each in messages:
        group.append(each)
        size += len(each.message.value)
        if len(group) >= limit or size >= limit_bytes:
            yield group
            group, size = [], 0
    if group:
        yield group
