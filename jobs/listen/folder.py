"""The folder that a listener saves to, and what it holds: every offset once, whatever options are given again.

`DIR/<topic>/<partition>-<first offset>-<last offset>.<format>`: the names are the only memory. `DIR/.topics.json`
holds the brokers' own ids of the topics, by which another one of the same name (made again, or of other brokers) is
told apart.
"""

import bisect
import fcntl
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from jobs.storage.writing import remove_halves, replace_json

READY = ".ready"
_NAME = re.compile(r"(\d+)-(\d+)-(\d+)\.\w+(\.\w+)?")
_TOPICS = ".topics.json"

Spans = list[tuple[int, int]]


class SaveFolder:
    """A context manager: one listener at a time saves to a folder.

    Parameters
    ----------
    directory : pathlib.Path
        Made when it is entered; ValueError if another listener saves to it.
    topic_id : callable
        Gives the broker's own id of a topic; empty where brokers have none.
    """

    def __init__(self, directory: Path, topic_id: Callable[[str], str]) -> None:
        self.directory = directory
        self._topic_id = topic_id
        self._spans: dict[str, dict[int, Spans]] = {}
        self._lock = -1

    def __enter__(self) -> "SaveFolder":
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ValueError(f"another listener saves to {self.directory}; give this one a folder of its own") from None
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        os.close(self._lock)

    def behind(self, topic: str, partition: int) -> int | None:
        """The offset behind the last one that the folder holds of a partition; None where it holds nothing.

        Parameters
        ----------
        topic : str
            Its name.
        partition : int
            Its number in the topic.

        Raises
        ------
        ValueError
            If the folder holds messages of another topic of this name.
        """
        spans = self._of(topic).get(partition)
        return spans[-1][1] + 1 if spans else None

    def holds(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the folder holds this offset.

        Parameters
        ----------
        topic : str
            Its name.
        partition, offset : int
            Where the message stands in the topic.

        Raises
        ------
        ValueError
            If the folder holds messages of another topic of this name.
        """
        spans = self._of(topic).get(partition, [])
        at = bisect.bisect_right(spans, (offset, 2**63)) - 1
        return at >= 0 and spans[at][1] >= offset

    def note(self, topic: str, partition: int, first: int, last: int) -> None:
        """Record that a file was written.

        Parameters
        ----------
        topic : str
            Its name.
        partition : int
            Its number in the topic.
        first, last : int
            Offsets of the first and the last message that the file's name speaks for.
        """
        bisect.insort(self._of(topic).setdefault(partition, []), (first, last))

    def _of(self, topic: str) -> dict[int, Spans]:
        if topic not in self._spans:
            self._claim(topic)
            _finish(self.directory / topic)
            self._spans[topic] = _spans(self.directory / topic)
        return self._spans[topic]

    def _claim(self, topic: str) -> None:
        path, own = self.directory / _TOPICS, self._topic_id(topic)
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if own and known.get(topic, own) != own:
            raise ValueError(
                f"{self.directory} holds messages of another topic {topic}: it was {known[topic]}, it is {own} (made again,"
                " or of other brokers); save to another folder"
            )
        if own and topic not in known:
            replace_json(path, {**known, topic: own})


def _finish(directory: Path) -> None:
    """What a killed listener left: a file of foreign messages belongs to the file of its offsets; the rest is none."""
    for path in directory.glob(f".*{READY}"):
        whole = path.with_name(path.name[1:].removesuffix(READY))
        if any(each.name.split(".")[0] == whole.name.split(".")[0] for each in directory.glob("[0-9]*")):
            os.replace(path, whole)
        else:
            path.unlink()
    remove_halves(directory)


def _spans(directory: Path) -> dict[int, Spans]:
    """First and last offsets of what is there, in order and without overlaps, by partition."""
    found: dict[int, Spans] = {}
    names = (_NAME.fullmatch(path.name) for path in directory.glob("[0-9]*"))
    numbers = sorted(tuple(map(int, name.groups()[:3])) for name in names if name)
    for partition, first, last in numbers:
        spans = found.setdefault(partition, [])
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return found
