"""Planning one file: its pieces in order become ranges, each with the mark of what has been read up to its end."""

from collections.abc import Iterator

from jobs.packets.ranges import Range
from jobs.pipeline.sources.files.archives import PassedOver
from jobs.pipeline.sources.files.changes import mark_of, whole_mark
from jobs.pipeline.sources.files.opened import OpenFile
from jobs.pipeline.sources.files.spool import Spooler
from jobs.pipeline.sources.files.units import Unit


class FileWalk:
    """The pieces of an open file that were not planned yet, with a look at the next one.

    Parameters
    ----------
    file : OpenFile
        Stays open; closed by whoever opened it.
    begin : Range
        An empty range where the walk begins: its `stop` and `end` are the next packet's number and byte, its `mark`
        that of the bytes before.
    passed_over : callable, optional
        Told the place and name of each archive member that is not a packet.
    """

    def __init__(self, file: OpenFile, begin: Range, passed_over: PassedOver | None = None) -> None:
        self.file = file
        self._before = begin
        self._units = file.units(begin.end, passed_over)
        self.next: Unit | None = next(self._units, None)

    def take(self, wanted: int, grain: int, spooler: Spooler) -> Iterator[Range]:
        """Ranges of at most about `grain` packets each, `wanted` in all.

        Parameters
        ----------
        wanted : int
            Packets in all ranges together; the last block or archive member may exceed it.
        grain : int
            Packets per range; a block or archive member is not cut.
        spooler : Spooler
            Takes the members of compressed archives.

        Yields
        ------
        Range
            One at least; those behind it go on where it ends.
        """
        taken = 0
        while True:
            planned = self._range(min(grain, max(wanted - taken, 0)), spooler)
            yield planned
            taken += len(planned)
            if self.next is None or taken >= wanted:
                return

    def _range(self, most: int, spooler: Spooler) -> Range:
        before = self._before
        stop, end, rest, spool = before.stop, before.end, 0, ""
        while self.next is not None and stop - before.stop < most:
            unit = self.next
            if unit.data is not None:
                spool = spooler.append(before.stop, stop, unit)
            stop, end, rest = stop + unit.count, unit.end, 0 if unit.sound else unit.end - unit.offset
            self.next = next(self._units, None)
        spooler.finish()
        mark = mark_of(self.file, end - rest, before.mark, before.sound_end)
        last = self.next is None
        self._before = Range(
            self.file.kind,
            self.file.path,
            before.stop,
            stop,
            before.end,
            end,
            self.file.size,
            self.file.status.st_mtime_ns,
            last,
            rest,
            mark,
            whole_mark(self.file, end - rest, mark) if last else "",
            before.generation,
            spool=spool,
        )
        return self._before
