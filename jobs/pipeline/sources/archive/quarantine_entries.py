"""Quarantine entries as a source: what was refused is read again, each entry once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.ledger.quarantine import Entry, read_entries, replayed
from jobs.ledger.records import Record
from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.archive.kept_files import KeptFiles
from jobs.pipeline.sources.files.units import count_in
from jobs.pipeline.sources.tasks import LEAST_PER_TASK
from jobs.storage.layout import Layout


class QuarantineSource(KeptFiles):
    """Entries to replay.

    What the ledger says was replayed is left out when the first batch is planned, under the output's lock: two replays
    that were started together do not read an entry twice.

    Parameters
    ----------
    layout : Layout
        The output whose quarantine holds the entries.
    chosen : sequence of Entry
        Those to replay; one that is named twice is read once.
    tasks : int
        Tasks per batch, at most.
    """

    def __init__(self, layout: Layout, chosen: Sequence[Entry], tasks: int = 4) -> None:
        self.layout = layout
        self.tasks = tasks
        self._chosen = len(chosen)
        self._files: dict[str, list[str]] = {}
        self._rows = {each.file: each.file_rows for each in chosen}
        for entry in {each.id: each for each in chosen}.values():
            self._files.setdefault(entry.file, []).append(entry.id)
        self._fresh = False

    def check(self) -> None:
        """Nothing can be wrong: the entries were found in the output."""

    def note(self, record: Record) -> None:
        """Nothing to remember: the ledger is asked when planning begins.

        Parameters
        ----------
        record : Record
            Not used.
        """

    def share(self) -> float | None:
        """Share of the entries that have been planned."""
        left = sum(len(names) for names in self._files.values())
        return 1 - left / self._chosen if self._chosen else None

    def plan(self, limit: int) -> list[Range]:
        """The next entries, about `limit` packets; empty if all were planned.

        Parameters
        ----------
        limit : int
            Packets; an entry that is a container may hold several.

        Returns
        -------
        list of Range
            About LEAST_PER_TASK entries of one quarantine file each; empty if all were planned.
        """
        if not self._fresh:
            self._leave_out(set(replayed(self.layout)))
            self._fresh = True
        ranges: list[Range] = []
        while self._files and total(ranges) < limit:
            name, own = next(iter(self._files.items()))
            taken = own[: max(1, limit - total(ranges))]
            ranges.extend(self._ranges(self.layout.root / name, taken))
            self._files = {**self._files, name: own[len(taken) :]}
            self._files = {each: left for each, left in self._files.items() if left}
        return ranges

    def _needs(self, each: Range) -> tuple[int, int, str]:
        return 0, each.end, f"it holds {each.end} entries"  # they are found by their ids, among all of them

    def _leave_out(self, known: set[str]) -> None:
        left = {name: [each for each in own if each not in known] for name, own in self._files.items()}
        self._files = {name: own for name, own in left.items() if own}

    def _ranges(self, path: Path, names: Sequence[str]) -> Iterator[Range]:
        """Ranges of about LEAST_PER_TASK entries of one quarantine file; `end` is the number of entries in it."""
        rows = self._rows[str(path.relative_to(self.layout.root))]
        for first in range(0, len(names), LEAST_PER_TASK):
            own = tuple(names[first : first + LEAST_PER_TASK])
            yield Range("quarantine", str(path), 0, _packets(path, rows, own), end=rows, entries=own)


def _packets(path: Path, rows: int, names: Sequence[str]) -> int:
    """Packets that the decoder makes of some entries: one each, but for those that are containers as received."""
    there = read_entries(path, rows, names, ["value", "schema"])
    return sum(1 if row["schema"] is not None else count_in(row["value"] or b"") for row in there)
