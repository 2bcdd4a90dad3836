"""How far each file was read: what the ledger says, and what was planned since."""

import os
from collections.abc import Sequence
from dataclasses import replace

from jobs.ledger.known_files import KnownFiles
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volumes import Rolled
from jobs.packets.ranges import Range


class Progress:
    """The last range that was planned of each file. Files that rolled batches finished are not kept in mind.

    Parameters
    ----------
    rolled : Rolled
        Where nothing is rolled: a stream is known from `begin` on.

    Attributes
    ----------
    finished : KnownFiles
        Of the rolled batches.
    planned : dict of str to Range
        By path, of the other files.
    begun : set of str
        Paths of files that were not planned to their end.
    """

    def __init__(self, rolled: Rolled) -> None:
        self.finished = KnownFiles(rolled)
        self.planned: dict[str, Range] = {}
        self.begun: set[str] = set()
        self._ledger: StreamLedger | None = None
        self._before: dict[str, Range | None] = {}

    def begin(self, ledger: StreamLedger) -> None:
        """Take up where a stream's ledger ends: of what is rolled, files that are not finished are kept in mind.

        Parameters
        ----------
        ledger : StreamLedger
            Asked later, too, for what is rolled while the job runs.
        """
        self._ledger = ledger
        self.note(list(ledger.rolled.summary.unfinished.values()))

    def note(self, ranges: Sequence[Range]) -> None:
        """Keep in mind what was read, or planned.

        Parameters
        ----------
        ranges : sequence of Range
            In order: of each file the last one counts.
        """
        for each in ranges:
            self.planned[each.path] = each
            (self.begun.discard if each.last else self.begun.add)(each.path)

    def plan(self, ranges: Sequence[Range]) -> None:
        """Note a plan that may be given up.

        Parameters
        ----------
        ranges : sequence of Range
            Of the plan.
        """
        self._before = {each.path: self.planned.get(each.path) for each in ranges}
        self.note(ranges)

    def give_up(self) -> list[str]:
        """Forget the last plan; the paths of its files, which are as far as they were before it."""
        before, self._before = self._before, {}
        for path, known in before.items():
            self.planned.pop(path, None)
            self.begun.discard(path)
            self.note([known] if known else [])
        return list(before)

    def keep(self) -> None:
        """The last plan was read: it will not be given up."""
        self._before = {}

    def take_rolled(self) -> None:
        """What was rolled since the last time is not kept in mind any more: the ledger finds it by the file's hash."""
        if self._ledger is None or self._ledger.rolled.until == self.finished.rolled.until:
            return
        self.finished = KnownFiles(self._ledger.rolled)
        known = [(path, each) for path, each in self.planned.items() if each.last]
        same = self.finished.holds([(path, each.size, each.mtime_ns) for path, each in known])
        for (path, _), rolled in zip(known, same, strict=True):
            if rolled:
                del self.planned[path]

    def last_range(self, path: str) -> Range | None:
        """The last range that was planned of a file; None if none was.

        Parameters
        ----------
        path : str
            Absolute.
        """
        known = self.planned.get(path)
        return known if known is not None else self.finished.last_range(path)

    def is_read(self, path: str) -> bool:
        """Whether a file was planned to its end, whatever it is now.

        Parameters
        ----------
        path : str
            Absolute.
        """
        known = self.last_range(path)
        return known is not None and known.last

    def read_bytes(self, path: str, size: int) -> int:
        """Bytes of a file that were planned.

        Parameters
        ----------
        path : str
            Absolute.
        size : int
            What it has now [byte].
        """
        known = self.last_range(path)
        if known is None:
            return 0
        return size if known.last else known.end

    def unchanged(self, files: Sequence[tuple[str, os.stat_result]]) -> Sequence[bool]:
        """Which files were read to their end in rolled batches; one that was planned since is looked at by its path.

        Parameters
        ----------
        files : sequence of (str, os.stat_result)
            Absolute paths, and what is there now.
        """
        known = self.finished.holds([(path, status.st_size, status.st_mtime_ns) for path, status in files])
        return [same and path not in self.planned for (path, _), same in zip(files, known, strict=True)]

    def touched(self, known: Range, size: int, mtime_ns: int) -> None:
        """A file that was read to its end holds the same under another time.

        Parameters
        ----------
        known : Range
            Its last one.
        size, mtime_ns : int
            What the file has now [byte, ns].
        """
        self.planned[known.path] = replace(known, size=size, mtime_ns=mtime_ns)
