"""Files as a source: a growing directory, a set of files, containers, tar archives, raw Parquet.

Order is path, then index. Nothing is skipped by age; what is younger than `settle_s`, hidden or `*.tmp` waits for the
next look. What was read is known from the ledger's ranges, by path, size, time and a checksum of what was read: a file
that has grown is read on, another one under the same name is read from its beginning. A raw file that was merged from
files that were read is not read again.
"""

import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jobs.common.plain_text import visible
from jobs.ledger.records import Record
from jobs.ledger.spans import was_read
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volumes import Rolled
from jobs.packets.problems import InputChanged, InputUnreadable, NoInput
from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.files import passed_over
from jobs.pipeline.sources.files.changes import change_of
from jobs.pipeline.sources.files.file_walk import FileWalk
from jobs.pipeline.sources.files.listing import InputListing, list_inputs
from jobs.pipeline.sources.files.names import PATTERNS, ending
from jobs.pipeline.sources.files.opened import OpenFile
from jobs.pipeline.sources.files.passed_over import PassedOver
from jobs.pipeline.sources.files.patterns import is_pattern, named
from jobs.pipeline.sources.files.progress import Progress
from jobs.pipeline.sources.files.spool import Spooler, spool_again
from jobs.pipeline.sources.files.taken import Taking
from jobs.pipeline.sources.files.units import NoRawTable
from jobs.pipeline.sources.readers import read_ranges
from jobs.pipeline.sources.source import Source
from jobs.pipeline.sources.tasks import Reader

# Files that changed are named in the log up to this many of a run; all are counted.
_NAMED = 20
_LOG = logging.getLogger(__name__)


class FileSource(Source):
    """Packets in files.

    Parameters
    ----------
    inputs : sequence of str
        Files, directories (searched recursively for `patterns`) and globs. What exists is a path, whatever its name.
    settle_s : float
        A file modified less than this long [s] ago waits.
    spool : Path
        Where members of compressed archives are put for the tasks, on a file system that executors see.
    patterns : sequence of str
        Names that are taken from a directory, upper or lower case. With the default ones, files of other names are
        taken, too, whose first bytes are those of an Avro container or a tar archive, compressed or not.
    tasks : int
        Tasks per batch, at most.
    waits : bool
        Whether an input that names nothing yet is waited for.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        settle_s: float,
        spool: Path,
        patterns: Sequence[str] = PATTERNS,
        tasks: int = 4,
        waits: bool = False,
    ) -> None:
        self.inputs = [os.path.abspath(each) for each in inputs]
        self.settle_s = settle_s
        self.tasks = tasks
        self.waits = waits
        self.spooler = Spooler(spool)
        self._taking = Taking(tuple(patterns))
        self.progress = Progress(Rolled(spool))
        self._walks: dict[str, FileWalk] = {}
        self._young = 0
        self._last_listing = InputListing()
        self._unreadable: dict[str, str] = {}
        self._shut: dict[str, str] = {}
        self._inside: dict[str, PassedOver] = {}
        self._changed: dict[str, set[str]] = {"grown": set(), "replaced": set()}

    def check(self) -> None:
        """Raise NoInput for an input that names nothing, so that a typing error does not look like a quiet night."""
        for each in self.inputs:
            if named(each):
                continue
            told = "matches nothing" if is_pattern(each) else "does not exist"
            if not self.waits:
                raise NoInput(f"input {visible(each)} {told}")
            _LOG.warning("input %s %s yet; waiting for it", visible(each), told)

    def begin(self, ledger: StreamLedger) -> None:
        """Take up where the stream's ledger ends: of what is rolled, files that are not finished are kept in mind.

        Parameters
        ----------
        ledger : StreamLedger
            Of this stream; asked later, too, for what is rolled while the job runs.
        """
        self.progress.begin(ledger)

    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read.

        Parameters
        ----------
        record : Record
            Its ranges say up to where each file was read.
        """
        self.progress.note(record.plan.ranges)

    def waiting_s(self) -> float | None:
        """Seconds until a file that was too young at the last look may be taken; None if there is none."""
        return self.settle_s if self._young else None

    def plan(self, limit: int) -> list[Range]:
        """The next unread packets, by path and then by index; empty if there are none.

        Parameters
        ----------
        limit : int
            Packets, about: a block or archive member is not cut.

        Returns
        -------
        list of Range
            Of about half a task's share each.
        """
        grain = max(1, -(-limit // (2 * self.tasks)))
        ranges: list[Range] = []
        self._unreadable = dict(self._shut)
        self.progress.take_rolled()
        for path in self._unread():
            wanted = limit - total(ranges)
            if wanted <= 0:
                break
            ranges.extend(self._taken(path, wanted, grain))
        self.progress.plan(ranges)
        return ranges

    def share(self) -> float | None:
        """Share of the bytes seen at the last look that have been planned."""
        sizes = {path: status.st_size for path, status in self._last_listing.files.items()}
        everything = sum(sizes.values()) + self._last_listing.known_bytes
        read = sum(min(self.progress.read_bytes(path, size), size) for path, size in sizes.items())
        read += self._last_listing.known_bytes
        return read / everything if everything else None

    def report(self) -> dict[str, Any]:
        """What was passed over, by reason or ending, and how many files had changed since they were read."""
        passed = self.passed_over()
        return {
            "passed_over": dict(sorted(passed.counts.items())),
            "passed_over_examples": dict(sorted(passed.examples.items())),
            "input_lost": passed.lost,
            "files_changed": {kind: len(paths) for kind, paths in self._changed.items()},
        }

    def passed_over(self) -> PassedOver:
        """What the last look, and the archives that were read in this run, did not take."""
        passed = self._last_listing.passed
        for each in self._inside.values():
            passed = passed.also(each)
        opened = PassedOver()
        for path, problem in self._unreadable.items():
            opened.add(passed_over.FILE, path, problem)
        for path in sorted(self.progress.begun - set(self._last_listing.files)):
            opened.add(passed_over.GONE, path, f"after packet {self.progress.planned[path].stop}")
        return passed.also(opened)

    def stale(self, ranges: Sequence[Range]) -> str | None:
        """Why a plan that was begun cannot be read as it is, because a file has changed since; None if it can.

        Parameters
        ----------
        ranges : sequence of Range
            As planned.
        """
        try:
            for each in ranges:
                self._check(each)
        except InputChanged as changed:
            return str(changed)
        return None

    def forget(self, ranges: Sequence[Range], unreadable: InputUnreadable | None = None) -> None:
        """A plan was given up: what was planned is unread. A file that tasks cannot read is left until the next start.

        Parameters
        ----------
        ranges : sequence of Range
            Of the plan; their spooled members are removed.
        unreadable : InputUnreadable, optional
            What a task said of the file that it cannot read.
        """
        for path in self.progress.give_up():
            self._drop(path)
        self.spooler.forget(ranges)
        if unreadable is not None:
            self._shut[unreadable.path] = unreadable.problem

    @property
    def reader(self) -> Reader:
        """What a task reads ranges with."""
        return read_ranges

    def ready(self, ranges: Sequence[Range], folder: Path) -> list[Range]:
        """The ranges as tasks can read them: members of compressed archives are in files below a folder.

        Parameters
        ----------
        ranges : sequence of Range
            As planned.
        folder : Path
            On a file system that executors see; emptied if members have to be unpacked again.

        Raises
        ------
        InputChanged
            If a planned file is another one now.
        """
        for each in ranges:
            if not each.spool:
                self._check(each)
        return spool_again(ranges, folder)

    def commit(self, ranges: Sequence[Range]) -> None:
        """The batch is closed: remove its spooled members.

        Parameters
        ----------
        ranges : sequence of Range
            What it read.
        """
        self.spooler.forget(ranges)
        self.progress.keep()

    def stop(self) -> None:
        """Remove the spool."""
        shutil.rmtree(self.spooler.directory, ignore_errors=True)

    def _check(self, planned: Range) -> None:
        """Raise InputChanged if a planned file is another one now."""
        planned.check_unchanged()

    def _unread(self) -> Iterator[str]:
        """Paths of settled files with packets that were not read, ascending."""
        self._young = 0
        self._last_listing = list_inputs(self.inputs, self._taking, self.progress.unchanged)
        for path, status in sorted(self._last_listing.files.items()):
            known = self.progress.last_range(path)
            same = known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns)
            if (same and known is not None and known.last) or path in self._shut:
                continue
            if known is None and was_read(Path(path), self.progress.is_read):
                continue
            if not same and self._is_young(status):
                self._young += 1
            else:
                yield path

    def _is_young(self, status: os.stat_result) -> bool:
        # A time in the future says nothing of the file's age: it is read at once.
        return 0 <= time.time() - status.st_mtime < self.settle_s

    def _taken(self, path: str, wanted: int, grain: int) -> list[Range]:
        """Ranges of one file; none of one that cannot be read, is gone, or is being written to."""
        try:
            return self._ranges(path, wanted, grain)
        except FileNotFoundError:
            self._drop(path)
        except (OSError, NoRawTable) as error:
            self._drop(path)
            self._unreadable[path] = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return []

    def _ranges(self, path: str, wanted: int, grain: int) -> list[Range]:
        walk = self._walk(path)
        if walk is None:
            return []
        ranges = list(walk.take(wanted, grain, self.spooler))
        if not walk.file.unchanged():
            self._drop(path)
            self.spooler.forget(ranges)
            self._young += 1
            return []
        if walk.next is None:
            self._drop(path)
        return ranges

    def _walk(self, path: str) -> FileWalk | None:
        """The walk through what is unread of a file; None if that is nothing."""
        walk = self._walks.get(path)
        if walk is not None and not walk.file.still_at_its_path():
            self._drop(path)
            walk = None
        if walk is None:
            walk = self._opened(path)
        return walk

    def _opened(self, path: str) -> FileWalk | None:
        file = OpenFile(path)
        try:
            begin = self._begin(file)
            if begin is None:
                file.close()
                return None
            inside = self._inside[path] = PassedOver()
            walk = FileWalk(file, begin, lambda _, name: inside.add(ending(name), f"{path}!{name}"))
        except (OSError, NoRawTable):
            file.close()
            raise
        self._walks[path] = walk
        return walk

    def _begin(self, file: OpenFile) -> Range | None:
        """Where to read on in a file; None if all of it was read."""
        known = self.progress.last_range(file.path)
        if known is None:
            return Range(file.kind, file.path, 0, 0)
        if (known.size, known.mtime_ns) == (file.size, file.status.st_mtime_ns):
            return known
        change = change_of(known, file)
        if change == "none" and known.last:
            self.progress.touched(known, file.size, file.status.st_mtime_ns)
            return None
        if change != "replaced":
            return self._grown(known, file)
        self._say("replaced", file.path, "is another file than the one that was read; it is read from its beginning")
        return Range(file.kind, file.path, 0, 0, generation=known.generation + 1)

    def _grown(self, known: Range, file: OpenFile) -> Range:
        told = f"has {file.size} bytes and had {known.size} when it was read; it is read on from packet {known.stop}"
        self._say("grown", file.path, told)
        mark = "" if file.kind == "targz" else known.mark
        return replace(known, start=known.stop, end=known.sound_end, rest=0, mark=mark, whole="", spool="")

    def _say(self, change: str, path: str, told: str) -> None:
        if path not in self._changed[change] and len(self._changed[change]) < _NAMED:
            _LOG.warning("%s has changed: it %s", visible(path), told)
        self._changed[change].add(path)

    def _drop(self, path: str) -> None:
        walk = self._walks.pop(path, None)
        if walk is not None:
            walk.file.close()
