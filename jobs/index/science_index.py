"""The index of an output as it is to be used now: segments that are of exactly the science files that are there.

What is missing is made when somebody asks. A night that grows gets a small segment for its new files; it takes in the
smaller ones beside it, so that a night has few, and each alert is written anew a few times only.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from jobs.index.checked_file import Damaged
from jobs.index.making import Making
from jobs.index.science_files import ScienceFile, science_files
from jobs.index.segment import ENDING, VERSION, Entries, Segment, read_segments
from jobs.storage.data_files import nights
from jobs.storage.layout import Layout

FOLDER = "_index"
# Alerts of a segment: a few hundred MB while it is made.
MOST_ROWS = 500_000
# A folder whose time is as near as this to that of a look may change without its time changing.
_SETTLED_NS = 2_000_000_000
_ATTEMPTS = 10
Answer = TypeVar("Answer")


@dataclass
class _Night:
    """What is known of a night's folder: its time, whether that can be relied on, and its segments."""

    mtime_ns: int
    settled: bool
    segments: list[Segment]


@dataclass
class ScienceIndex:
    """The index beside the science table of an output.

    Where the output cannot be written, what is missing lies in a temporary folder as long as this lives.

    Parameters
    ----------
    layout : Layout
    """

    layout: Layout
    _nights: dict[str, _Night] = field(default_factory=dict)
    _distrusted: set[Path] = field(default_factory=set)
    _own: tempfile.TemporaryDirectory[str] | None = None
    _making: Making = field(default_factory=lambda: Making(0))

    @property
    def table(self) -> Path:
        """The science table's folder."""
        return self.layout.table("science")

    def ask(self, question: Callable[["ScienceIndex"], Answer]) -> Answer:
        """Ask the index; again, if a file went while it was asked (merged into another), or was damaged.

        Parameters
        ----------
        question : callable
            Asks for `segments`, and may read science files.

        Raises
        ------
        FileNotFoundError, Damaged
            If that goes on.
        """
        gone, damaged = 0, set[Path]()
        while True:
            try:
                return question(self)
            except FileNotFoundError:
                gone += 1
                if gone == _ATTEMPTS:
                    raise
                self._nights.clear()
            except Damaged as problem:
                if problem.path in damaged:
                    raise
                damaged.add(problem.path)
                self.give_up(problem.path)

    def segments(self, night: str | None = None) -> list[Segment]:
        """Segments of all alerts that the science table holds now.

        Parameters
        ----------
        night : str, optional
            YYYYMMDD; only of this one.

        Returns
        -------
        list of Segment
            Nights ascending.
        """
        wanted = nights(self.table) if night is None else [night]
        self._making, found = Making(len(wanted)), []
        for number, each in enumerate(wanted, 1):
            self._making.night = number
            found += self._night(each)
        self._making.end()
        return found

    def folder(self, night: str) -> Path:
        """Where the index of a night lies.

        Parameters
        ----------
        night : str
        """
        return self.layout.root / FOLDER / f"night={night}"

    def _night(self, night: str) -> list[Segment]:
        try:
            mtime_ns = os.stat(self.table / f"night={night}").st_mtime_ns
        except FileNotFoundError:
            return []
        known = self._nights.get(night)
        if known is None or not known.settled or known.mtime_ns != mtime_ns:
            settled = time.time_ns() - mtime_ns > _SETTLED_NS
            files = science_files(self.table, night)
            before = known.segments if known else []
            if sorted(file for each in before for file in each.files) == sorted(files):
                self._nights[night] = _Night(mtime_ns, settled, before)
            else:
                self._nights[night] = _Night(mtime_ns, settled, self._brought_up(night, files))
        return self._nights[night].segments

    def _brought_up(self, night: str, files: frozenset[ScienceFile]) -> list[Segment]:
        """Segments of some files: those that are there, and new ones for the rest."""
        found = sorted(self._there(night), key=lambda each: -each.rows)
        used, left = [], set(files)
        for segment in found:
            if left.issuperset(segment.files):
                used.append(segment)
                left.difference_update(segment.files)
        for entries in self._read(sorted(left)):
            absorbed = list(_smaller(used, entries))
            used = [each for each in used if each not in absorbed]
            used.append(self._written(night, Entries.joined([entries, *(each.entries() for each in absorbed)])))
        if left:
            self._remove_old(night, {each.path for each in used})
        return used

    def _there(self, night: str) -> list[Segment]:
        """All segments of a night that can be read."""
        folders = [self.folder(night), *([Path(self._own.name) / night] if self._own else [])]
        paths = [path for folder in folders for path in sorted(folder.glob(f"*{ENDING}"))]
        segments, damaged = read_segments(path for path in paths if path not in self._distrusted)
        for path in damaged:
            self.give_up(path)
        return segments

    def _read(self, files: Iterable[ScienceFile]) -> Iterator[Entries]:
        """The alerts of some files, as many together as a segment may have."""
        held: list[Entries] = []
        for file in files:
            held.append(Entries.read(self.table, file))
            self._making.read()
            if sum(each.table.num_rows for each in held) >= MOST_ROWS:
                yield Entries.joined(held)
                held = []
        if held:
            yield Entries.joined(held)

    def _written(self, night: str, entries: Entries) -> Segment:
        told = repr((VERSION, sorted(entries.files))).encode()
        name = f"{sha256(told).hexdigest()[:24]}{ENDING}"
        path = self.folder(night) / name
        if path not in self._distrusted:
            with suppress(OSError):  # no place, or not ours to write
                entries.write(path)
                return Segment(path)
        self._own = self._own or tempfile.TemporaryDirectory(prefix="strix-index-")
        path = Path(self._own.name) / night / name
        entries.write(path)
        return Segment(path)

    def trusts(self, path: Path) -> bool:
        """Whether a file of the index is there and may be used.

        Parameters
        ----------
        path : pathlib.Path
        """
        return path not in self._distrusted and path.exists()

    def give_up(self, path: Path) -> None:
        """Do without a file of the index; it is made anew.

        Parameters
        ----------
        path : pathlib.Path
        """
        try:
            path.unlink(missing_ok=True)
        except OSError:
            self._distrusted.add(path)
        self._nights.clear()

    def _remove_old(self, night: str, used: set[Path]) -> None:
        """Remove what is of files that are gone, or is in another segment now."""
        with suppress(OSError):
            for path in self.folder(night).glob("*"):
                if path.suffix == ENDING and path not in used:
                    path.unlink(missing_ok=True)


def _smaller(segments: Iterable[Segment], entries: Entries) -> Iterator[Segment]:
    """The segments that new entries take in: as long as the next one is not much larger than all that come to it."""
    rows = entries.table.num_rows
    for segment in sorted(segments, key=lambda each: each.rows):
        if segment.rows > 2 * rows or segment.rows + rows > MOST_ROWS:
            return
        rows += segment.rows
        yield segment
