"""Members of compressed archives on their way to the tasks: a gzip stream can only be read from its beginning.

The driver reads the archive once; members go to small files of records that tasks read. After a crash the members of
the planned batch are found again by reading the archive from its beginning, once.
"""

import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from jobs.packets.ranges import Range
from jobs.pipeline.sources.files.opened import checked
from jobs.pipeline.sources.files.tarballs import Member
from jobs.pipeline.sources.files.units import Unit


class Spooler:
    """Writes members to files, one file per range.

    Parameters
    ----------
    directory : Path
        On a file system that executors see; made when the first member is written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._handle: IO[bytes] | None = None
        self._path = ""
        self._number = 0

    def append(self, start: int, at: int, unit: Unit) -> str:
        """Add a member to the file of the current range, which is opened with its first member.

        Parameters
        ----------
        start : int
            Number of the range's first packet, part of the file's name.
        at : int
            Number of the member's first packet.
        unit : Unit
            With its member in `data`.

        Returns
        -------
        str
            Path of the file.
        """
        if self._handle is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._path = str(self.directory / f"{self._number:06d}-{start}.spool")
            self._number += 1
            self._handle = open(self._path, "wb")
        pickle.dump((at, unit.data), self._handle)
        return self._path

    def finish(self) -> None:
        """Close the file of the current range: the range is complete."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def forget(self, ranges: Sequence[Range]) -> None:
        """Remove the files of these ranges.

        Parameters
        ----------
        ranges : sequence of Range
            Those without a spool are left as they are.
        """
        for each in ranges:
            if each.spool and os.path.exists(each.spool):
                os.unlink(each.spool)


def read_spool(path: str) -> Iterator[tuple[int, Member]]:
    """Number and content of each spooled member.

    Parameters
    ----------
    path : str
        Of a file that a Spooler wrote.

    Yields
    ------
    index : int
        Number of the member's first packet in the archive.
    member : Member
    """
    with open(path, "rb") as handle:
        while True:
            try:
                yield pickle.load(handle)  # noqa: S301 - written by this job under _staging
            except EOFError:
                return


def spool_again(ranges: Sequence[Range], directory: Path) -> list[Range]:
    """The ranges with spool files for those of compressed archives that have none, as after a restart.

    Parameters
    ----------
    ranges : sequence of Range
        As planned, of any kind.
    directory : Path
        For the files; emptied if any has to be written.

    Returns
    -------
    list of Range
        In the same order.

    Raises
    ------
    InputChanged
        If an archive is gone, was written since, or does not hold the packets that were planned.
    InputUnreadable
        If one cannot be opened.
    """
    lost = [each for each in ranges if each.kind == "targz" and len(each) and not os.path.exists(each.spool or "-")]
    if not lost:
        return list(ranges)
    shutil.rmtree(directory, ignore_errors=True)
    spooler = Spooler(directory)
    found: dict[Range, Range] = {}
    for path in sorted({each.path for each in lost}):
        own = sorted((each for each in lost if each.path == path), key=lambda each: each.start)
        found.update(_spool_file(spooler, path, own))
    return [found.get(each, each) for each in ranges]


def _spool_file(spooler: Spooler, path: str, ranges: list[Range]) -> dict[Range, Range]:
    """Ranges of one archive with the members that begin in them, found by the unpacked bytes at which they lie."""
    found: dict[Range, Range] = {}
    with checked(ranges[0]) as file:
        walk = file.units(0)
        unit = next(walk, None)
        for each in ranges:
            name, number = "", each.start
            while unit is not None and unit.offset < each.end:
                if unit.offset >= each.offset:
                    name = spooler.append(each.start, number, unit)
                    number += unit.count
                unit = next(walk, None)
            spooler.finish()
            each.check_count(number)
            found[each] = replace(each, spool=name)
    return found
