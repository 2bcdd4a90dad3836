"""What a batch is planned to read: ranges of packets, written to the ledger before anything is read."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from jobs.packets.problems import InputChanged

# Below this many packets a task's fixed cost outweighs what a second core gains.
LEAST_PER_TASK = 50
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
        """The range that `to_json` wrote.

        Parameters
        ----------
        content : dict
            As the ledger holds it.
        """
        return cls(**{**content, "entries": tuple(content.get("entries", ()))})

    def check_unchanged(self) -> None:
        """Raise InputChanged if the file is gone or has another size or time than when it was planned."""
        try:
            now = os.stat(self.path)
        except OSError as error:
            raise self.gone(error) from None
        self.check_status(now)

    def check_status(self, now: os.stat_result) -> None:
        """Check that the file has the size and time that it was planned with, if these are known.

        Parameters
        ----------
        now : os.stat_result
            Of the file.

        Raises
        ------
        InputChanged
            If it has another size or time.
        """
        if self.mtime_ns and (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns):
            found = f"has {now.st_size}" if now.st_size != self.size else "was written since"
            raise InputChanged(f"{self.path} was planned with {self.size} bytes and {found}; {_WAY_OUT}")

    def gone(self, error: OSError) -> InputChanged:
        """What to raise where the file cannot be found.

        Parameters
        ----------
        error : OSError
            What the system said.
        """
        return InputChanged(
            f"{self.path} was planned with {self.size} bytes and is gone ({error.strerror}); {_WAY_OUT}"
        )

    def check_count(self, stop: int) -> None:
        """Check that what was read ends at the packet that was planned.

        Parameters
        ----------
        stop : int
            Number of the packet behind the last that was read.

        Raises
        ------
        InputChanged
            If it ends at another.
        """
        if stop != self.stop:
            told = f"{len(self)} packets of {self.path} from packet {self.start} on were planned, {stop - self.start} found"
            raise InputChanged(f"{told}; {_WAY_OUT}")

    @property
    def sound_end(self) -> int:
        """The byte up to which the file could be read: where a grown one is read on."""
        return self.end - self.rest


def total(ranges: Sequence[Range]) -> int:
    """Packets in all ranges together.

    Parameters
    ----------
    ranges : sequence of Range
        For kafka offsets are counted.
    """
    return sum(len(each) for each in ranges)


def divide(ranges: Sequence[Range], parts: int) -> list[list[Range]]:
    """Split a list of ranges, in order, into lists of about equally many packets; no range is cut, no list is empty.

    Parameters
    ----------
    ranges : sequence of Range
        As planned.
    parts : int
        Most lists.
    """
    share = max(1, -(-total(ranges) // parts))
    lists: list[list[Range]] = [[]]
    taken = 0
    for each in ranges:
        if taken >= share * len(lists) and lists[-1]:
            lists.append([])
        lists[-1].append(each)
        taken += len(each)
    return [part for part in lists if part]
