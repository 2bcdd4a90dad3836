"""Files as a source: a growing directory, a set of files, containers, tar archives, raw Parquet.

Order is path, then index. Nothing is skipped by age; what is younger than `settle_s`, hidden or `*.tmp` waits for the
next look. What was read is known from the ledger's ranges, by path; a raw file that was merged from files that were read
is not read again.
"""

import fnmatch
import glob
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from jobs.corridor.housekeeping.spans import was_read
from jobs.corridor.ledger import Record
from jobs.corridor.sources.ranges import Range, divide, total
from jobs.corridor.sources.readers import read_ranges
from jobs.corridor.sources.spool import Spooler, spool_again
from jobs.corridor.sources.units import Unit, kind_of, units
from jobs.corridor.stage import Read, from_closure

PATTERNS = ("*.avro", "*.tar", "*.tar.gz", "*.tgz")
# Below this many packets a task's fixed cost outweighs what a second core gains.
LEAST_PER_TASK = 50


class NoInput(ValueError):
    """An input names nothing that exists."""


class _Walk:
    """Units of a file, with a look at the next one."""

    def __init__(self, walk: Iterator[Unit]) -> None:
        self._rest = walk
        self.next = next(walk, None)

    def pop(self) -> Unit:
        """The next unit."""
        unit = self.next
        assert unit is not None
        self.next = next(self._rest, None)
        return unit


class FileSource:
    """Packets in files.

    Parameters
    ----------
    inputs : sequence of str
        Files, directories (searched recursively for `patterns`) and globs.
    settle_s : float
        A file modified less than this many seconds ago waits.
    spool : Path
        Where members of compressed archives are put for the tasks, on a file system that executors see.
    patterns : sequence of str
        Names that are taken from a directory.
    """

    def __init__(
        self, inputs: Sequence[str], settle_s: float, spool: Path, patterns: Sequence[str] = PATTERNS, tasks: int = 4
    ) -> None:
        self.inputs = [os.path.abspath(each) for each in inputs]
        self.settle_s = settle_s
        self.patterns = tuple(patterns)
        self.tasks = tasks
        self.spooler = Spooler(spool)
        self._progress: dict[str, Range] = {}
        self._begun: set[str] = set()
        self._walks: dict[str, _Walk] = {}
        self._young = 0

    def check(self) -> None:
        """Raise NoInput for an input that names nothing, so that a typing error does not look like a quiet night."""
        for each in self.inputs:
            if not glob.has_magic(each) and not os.path.exists(each):
                raise NoInput(f"input {each} does not exist")

    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read."""
        self._note(record.plan.ranges)

    def waiting_s(self) -> float | None:
        """Seconds until a file that was too young at the last look may be taken; None if there is none."""
        return self.settle_s if self._young else None

    def plan(self, limit: int) -> list[Range]:
        """The next unread packets, at most about `limit` (a block or archive member is not cut); empty if there are none."""
        grain = max(1, -(-limit // (2 * self.tasks)))
        ranges: list[Range] = []
        for path in self._unread():
            wanted = limit - total(ranges)
            if wanted <= 0:
                break
            ranges.extend(self._take(path, wanted, grain))
        self._note(ranges)
        return ranges

    def share(self) -> float | None:
        """Share of the bytes seen at the last look that have been planned."""
        sizes = {path: os.path.getsize(path) for path in self._look() if os.path.exists(path)}
        everything = sum(sizes.values())
        read = sum(min(self._read_bytes(path, size), size) for path, size in sizes.items())
        return read / everything if everything else None

    def _read_bytes(self, path: str, size: int) -> int:
        known = self._progress.get(path)
        if known is None:
            return 0
        return size if known.last else known.end

    def frame(self, spark: SparkSession, ranges: Sequence[Range], staging: Path) -> tuple[DataFrame, Read]:
        """One numbered row per task; the ranges travel with the function."""
        for each in ranges:
            if not each.spool:
                each.check_unchanged()
        ready = spool_again(ranges, staging / "spool")
        most = max(spark.sparkContext.defaultParallelism, total(ready) // LEAST_PER_TASK)
        works = divide(ready, min(self.tasks, most))
        numbers = spark.range(0, len(works), 1, len(works))
        return numbers, from_closure(works, read_ranges)

    def done(self, ranges: Sequence[Range]) -> None:
        """The batch is closed: its spooled members are not needed any more."""
        self.spooler.forget(ranges)

    def close(self) -> None:
        """Remove the spool."""
        shutil.rmtree(self.spooler.directory, ignore_errors=True)

    def _note(self, ranges: Sequence[Range]) -> None:
        for each in ranges:
            self._progress[each.path] = each
            (self._begun.discard if each.last else self._begun.add)(each.path)

    def _unread(self) -> Iterator[str]:
        self._young = 0
        found = self._look()
        for path in sorted(self._begun - set(found)):
            self._progress[path].check_unchanged()
        for path in found:
            known = self._progress.get(path)
            if (known is None or not known.last) and not was_read(Path(path), self._read_whole):
                yield path

    def _read_whole(self, path: str) -> bool:
        known = self._progress.get(path)
        return known is not None and known.last

    def _look(self) -> list[str]:
        """Paths of all settled files, ascending."""
        found: set[str] = set()
        for each in self.inputs:
            for path in glob.glob(each, recursive=True) if glob.has_magic(each) else [each]:
                found.update(self._below(path) if os.path.isdir(path) else self._settled(path))
        return sorted(found)

    def _below(self, directory: str) -> Iterator[str]:
        for parent, folders, names in os.walk(directory):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
            for name in names:
                if any(fnmatch.fnmatch(name, pattern) for pattern in self.patterns):
                    yield from self._settled(os.path.join(parent, name))

    def _settled(self, path: str) -> Iterator[str]:
        name = os.path.basename(path)
        if name.startswith((".", "_")) or name.endswith(".tmp"):
            return
        status = _regular(path)
        if status is None:
            return
        # A time in the future says nothing of the file's age: it is read at once.
        if path not in self._progress and 0 <= time.time() - status.st_mtime < self.settle_s:
            self._young += 1
            return
        yield path

    def _take(self, path: str, wanted: int, grain: int) -> Iterator[Range]:
        """Ranges of at most about `grain` packets of one file, `wanted` in all."""
        kind = kind_of(path)
        status = os.stat(path)
        known = self._progress.get(path)
        if known:
            known.check_unchanged()
        start, offset = (known.stop, known.end) if known else (0, 0)
        walk = self._walks.pop(path, None) or _Walk(units(kind, path, start, offset))
        current = Range(kind, path, start, start, offset, offset, status.st_size, status.st_mtime_ns, last=False)
        taken = 0
        while walk.next is not None and taken < wanted:
            if len(current) >= grain:
                yield self._closed(current, last=False)
                current = replace(current, start=current.stop, offset=current.end, spool="")
            unit = walk.pop()
            if unit.data is not None:
                current = replace(current, spool=self.spooler.append(current.start, current.stop, unit))
            current = replace(current, stop=current.stop + unit.count, end=unit.end)
            taken += unit.count
        if walk.next is not None:
            self._walks[path] = walk
        yield self._closed(current, last=walk.next is None)

    def _closed(self, current: Range, *, last: bool) -> Range:
        self.spooler.finish()
        return replace(current, last=last)


def _regular(path: str) -> os.stat_result | None:
    """What is known of a file; None for what went away since it was listed, a dangling link, a pipe."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
