"""Files between two offsets: what is on disk and was not read yet becomes ranges of packets, in order of the paths."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jobs.common.counting import counted
from jobs.packets.problems import InputChanged, InputUnreadable
from jobs.packets.ranges import Range, divide, total
from jobs.packets.reading import SourceMessage
from jobs.pipeline.sources.files.file_walk import FileWalk
from jobs.pipeline.sources.files.listing import list_inputs
from jobs.pipeline.sources.files.names import PATTERNS
from jobs.pipeline.sources.files.opened import OpenFile
from jobs.pipeline.sources.files.passed_over import LOSSES
from jobs.pipeline.sources.files.spool import Spooler, spool_again
from jobs.pipeline.sources.files.taken import Taking
from jobs.pipeline.sources.files.units import Unit
from jobs.pipeline.sources.readers import read_ranges
from jobs.pipeline.sources.tasks import LEAST_PER_TASK
from jobs.spark.file_offset import FileOffset, name_of
from jobs.spark.options import ReadOptions

# Packets of a range, and about how many a task of a large input has: a second of work.
GRAIN = 256
PER_TASK = 1000
# A small input is divided into this many tasks all the same.
FEW_TASKS = 8


class Files:
    """The files of some options.

    Parameters
    ----------
    options : ReadOptions
        With paths.
    settle_s : float
        A file that is younger [s] waits for the next look.
    """

    def __init__(self, options: ReadOptions, settle_s: float = 0.0) -> None:
        self.paths = options.paths
        self.settle_s = settle_s
        self._taking = Taking(PATTERNS)
        self._only: frozenset[str] | None = None

    def until_now(self) -> None:
        """Plan only the files that are there at this moment and are not young."""
        now = time.time()
        self._only = frozenset(path for path, status in self._there().items() if not self._is_young(status, now))

    def newest(self) -> None:
        """Not told: the packets of files that were not read are not counted."""

    def begin(self, default: str) -> FileOffset:
        """Where a new query begins: nothing was read.

        Parameters
        ----------
        default : str
            Not used: there is one beginning.
        """
        del default
        return FileOffset()

    def offset(self, content: Mapping[str, Any]) -> FileOffset:
        """The offset that a checkpoint keeps.

        Parameters
        ----------
        content : mapping
            As `FileOffset.to_json` gives it.

        Raises
        ------
        ValueError
            If it is of another source.
        """
        return FileOffset.from_json(content)

    def plan(self, start: FileOffset, limit: int | None = None) -> tuple[FileOffset, list[Range]]:
        """What is read next, and the offset behind it; `start` itself if there is nothing.

        A block of a container, a member of a tar archive and a compressed archive as a whole are not cut.

        Parameters
        ----------
        start : FileOffset
            What was read.
        limit : int, optional
            Packets, about; None for all there are.

        Returns
        -------
        end : FileOffset
        ranges : list of Range
            By path and then by index.

        Raises
        ------
        InputChanged
            If a file that was read is another one now.
        InputUnreadable
            If a file or folder cannot be read.
        """
        ranges: list[Range] = []
        most = sys.maxsize if limit is None else limit
        now = time.time()
        for path, status in sorted(self._there().items()):
            if start.is_read(path, status) or self._waits(path, status, now):
                continue
            if total(ranges) >= most:
                break
            ranges += self._walk(path, start.begun.get(path), most - total(ranges)) or []
        if not ranges:
            return start, []
        return _behind(replace(start, planned_at=now), ranges), ranges

    def between(self, start: FileOffset, end: FileOffset) -> list[Range]:
        """The ranges between two offsets, from what is on disk: those that `plan` has given.

        Parameters
        ----------
        start, end : FileOffset
            As `plan` took and gave them.

        Raises
        ------
        ValueError
            If `end` is before `start`: Spark takes such offsets without a word.
        InputChanged
            If a file of them is gone or is another one.
        InputUnreadable
            If a file or folder cannot be read.
        """
        if start == end:
            return []
        _check_order(start, end)
        new = {name for name in end.read if name not in start.read}
        there = self._there()
        paths = sorted(path for path in there if path in end.begun or name_of(path) in new)
        lacking = (new - {name_of(path) for path in paths}, set(end.begun) - set(paths))
        if any(lacking):
            told = ", ".join(sorted(lacking[1])) or counted(len(lacking[0]), "file")
            raise InputChanged(f"{told} of this micro-batch are gone from {', '.join(self.paths)}; put them back")
        return [each for path in paths for each in self._again(path, there[path], start, end)]

    def _again(self, path: str, status: os.stat_result, start: FileOffset, end: FileOffset) -> list[Range]:
        end.is_read(path, status)  # raises where the file is another one
        begin, stop = start.begun.get(path), end.begun.get(path)
        wanted = sys.maxsize if stop is None else stop.stop - (begin.stop if begin else 0)
        ranges = self._walk(path, begin, wanted) if wanted else []
        if ranges is None or (stop is not None and ranges and ranges[-1] != stop):
            raise InputChanged(f"{path} is written to while it is planned again")
        return ranges

    def _there(self) -> dict[str, os.stat_result]:
        found = list_inputs(self.paths, self._taking)
        for reason in LOSSES:
            if reason in found.passed.counts:
                raise InputUnreadable(found.passed.examples[reason][0], reason)
        return found.files

    def _waits(self, path: str, status: os.stat_result, now: float) -> bool:
        """Whether a file is for a later look, or for the next query."""
        return self._is_young(status, now) or (self._only is not None and path not in self._only)

    def _is_young(self, status: os.stat_result, now: float) -> bool:
        return 0 <= now - status.st_mtime < self.settle_s

    def _walk(self, path: str, begin: Range | None, wanted: int) -> list[Range] | None:
        """Ranges of a file from where it was begun; None if it is gone or somebody writes to it."""
        try:
            file = OpenFile(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputUnreadable(path, error.strerror or str(error)) from None
        with file:
            packed = file.kind == "targz"
            walk = FileWalk(file, begin or Range(file.kind, path, 0, 0))
            grain = sys.maxsize if packed else GRAIN
            ranges = list(walk.take(sys.maxsize if packed else wanted, grain, _NoSpool()))
            return ranges if file.unchanged() else None


def in_tasks(ranges: Sequence[Range]) -> list[list[Range]]:
    """The ranges in tasks of about a second each, or a few small ones.

    Parameters
    ----------
    ranges : sequence of Range
        As planned; none is cut.

    Returns
    -------
    list of list of Range
        Empty if there are no packets.
    """
    packets = total(ranges)
    parts = min(max(packets // LEAST_PER_TASK, 1), max(FEW_TASKS, packets // PER_TASK))
    return divide(ranges, parts) if packets else []


def messages(ranges: Sequence[Range]) -> Iterator[SourceMessage]:
    """The messages of planned ranges, in a task; a compressed archive is unpacked into a temporary folder of it.

    Parameters
    ----------
    ranges : sequence of Range
        Of one task.

    Yields
    ------
    SourceMessage

    Raises
    ------
    InputChanged
        If a file is not what it was when it was planned.
    InputUnreadable
        If one cannot be opened here.
    """
    for each in ranges:
        if each.kind != "targz":
            yield from read_ranges([each])
            continue
        with TemporaryDirectory(prefix="strix-") as folder:
            yield from read_ranges(spool_again([each], Path(folder) / "spool"))


class _NoSpool(Spooler):
    """Members of compressed archives are counted only: the task that reads them unpacks the archive."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def append(self, start: int, at: int, unit: Unit) -> str:
        del start, at, unit
        return ""


def _behind(start: FileOffset, ranges: Sequence[Range]) -> FileOffset:
    for each in ranges:
        start = start.with_range(each)
    return start


def _check_order(start: FileOffset, end: FileOffset) -> None:
    """Spark takes offsets that go back without a word."""
    back = not set(start.read) <= set(end.read) or any(
        end.begun[path].stop < each.stop if path in end.begun else name_of(path) not in end.read
        for path, each in start.begun.items()
    )
    if back:
        raise ValueError("the micro-batch ends before it begins: its checkpoint is not of this input")
