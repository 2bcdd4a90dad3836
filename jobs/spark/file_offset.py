"""How far a stream over files has come, as Spark's checkpoint keeps it: twelve characters for each file read."""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.packets.problems import InputChanged
from jobs.packets.ranges import Range

_NAME_BYTES, _STATE_BYTES = 6, 3
_ROW = _NAME_BYTES + _STATE_BYTES
_WAY_OUT = "a stream reads each file once, so this one would give alerts twice: start a query with a new checkpoint"


@dataclass(frozen=True)
class FileOffset:
    """Files that were read.

    Attributes
    ----------
    read : dict
        Files that were read to their end: a hash of the path, and one of size and time.
    begun : dict
        The last range that was planned of each other file, by path.
    planned_at : float
        Unix seconds at which the last of it was planned.
    """

    read: Mapping[bytes, bytes] = field(default_factory=dict)
    begun: Mapping[str, Range] = field(default_factory=dict)
    planned_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As Spark's checkpoint keeps it."""
        rows = b"".join(name + state for name, state in sorted(self.read.items()))
        return {
            "source": "files",
            "read": base64.b64encode(rows).decode(),
            "begun": [self.begun[path].to_json() for path in sorted(self.begun)],
            "planned_at": self.planned_at,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "FileOffset":
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
        if content.get("source") != "files":
            raise ValueError(f"the checkpoint is of a query over {content.get('source')}, this one reads files")
        rows = base64.b64decode(content["read"])
        cut = [rows[at : at + _ROW] for at in range(0, len(rows), _ROW)]
        begun = [Range.from_json(each) for each in content["begun"]]
        read = {row[:_NAME_BYTES]: row[_NAME_BYTES:] for row in cut}
        return cls(read, {each.path: each for each in begun}, content["planned_at"])

    def is_read(self, path: str, status: os.stat_result) -> bool:
        """Whether a file was read to its end.

        Parameters
        ----------
        path : str
            Of the file.
        status : os.stat_result
            What it is now.

        Raises
        ------
        InputChanged
            If it was read, whole or in part, and is another file now.
        """
        if path in self.begun:
            known = self.begun[path]
            same = (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns)
        else:
            state = self.read.get(name_of(path))
            same = state in (None, state_of(status.st_size, status.st_mtime_ns))
        if not same:
            raise InputChanged(f"{path} was read and has changed since; {_WAY_OUT}")
        return path not in self.begun and name_of(path) in self.read

    def with_range(self, planned: Range) -> "FileOffset":
        """The offset behind a range that is planned next.

        Parameters
        ----------
        planned : Range
            Goes on where the last one of its file ended.
        """
        begun = {path: each for path, each in self.begun.items() if path != planned.path}
        if not planned.last:
            return FileOffset(self.read, {**begun, planned.path: planned}, self.planned_at)
        state = state_of(planned.size, planned.mtime_ns)
        return FileOffset({**self.read, name_of(planned.path): state}, begun, self.planned_at)


def name_of(path: str) -> bytes:
    """A hash of a path; two of 100,000 files share one with a probability of 2e-5.

    Parameters
    ----------
    path : str
        Absolute.

    Returns
    -------
    bytes
        6 of them.
    """
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()[:_NAME_BYTES]


def state_of(size: int, mtime_ns: int) -> bytes:
    """A hash of what a file was when it was planned.

    Parameters
    ----------
    size : int
        Of the file [bytes].
    mtime_ns : int
        When it was written, since 1970 [ns].

    Returns
    -------
    bytes
        3 of them.
    """
    return hashlib.sha256(f"{size} {mtime_ns}".encode()).digest()[:_STATE_BYTES]
