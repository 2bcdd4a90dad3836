"""What the ledger check asks of files that maintenance moved: where their rows are, and whether the journal adds up."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from jobs.audit.merged_science import MergedScience
from jobs.ledger.changes import PRUNING, Change, StoredFile
from jobs.ledger.hashed import Hashed
from jobs.ledger.history import History
from jobs.ledger.journal import Histories, Journal
from jobs.ledger.records import DataFile, Record
from jobs.maintenance.maintenance import total
from jobs.maintenance.rescored import Newest, newest
from jobs.storage.data_files import night_of
from jobs.storage.layout import Layout

_NIGHTS_IN_HAND = 2


class Moved:
    """The files of an output that are not where their batches put them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.journal = Journal(layout)
        self._histories = self.journal.histories()
        self._now: Histories | None = None
        self._science = lru_cache(maxsize=_NIGHTS_IN_HAND)(MergedScience)

    def history(self, file: DataFile) -> History | None:
        """What became of a file; None if nothing did. Looks again for one that went since the check began.

        Parameters
        ----------
        file : DataFile
            As its batch's record lists it.
        """
        key = (file.table, file.night)
        known = self._histories.get(key)
        if (known is None or not known.moved(file.name)) and not (self.layout.root / file.name).exists():
            known = self._histories.again(key)
        return known if known is not None and known.moved(file.name) else None

    def replaced(self, record: Record) -> Newest:
        """Which of a batch's answers a rescoring replaced.

        Parameters
        ----------
        record : Record
            Of the batch.
        """
        return newest(self._histories, record)

    def science(self, history: History, file: DataFile) -> MergedScience:
        """The merged files that hold the rows of a science file.

        Parameters
        ----------
        history : History
            Of the file's table and night.
        file : DataFile
            One that was merged; the last few sets of merged files stay in memory.
        """
        return self._science(tuple(self.layout.root / name for name in history.successors(file.name)))

    def in_use(self, name: str, named: Hashed) -> bool:
        """Whether a file is one that a batch wrote and that is in its place, or one that a change made; as it is now.

        Parameters
        ----------
        name : str
            Path of the data file below the output.
        named : Hashed
            The files that batches list, by the same path.
        """
        if self._now is None:
            self._now = self.journal.histories()
        history = self._now.get((name.partition("/")[0], night_of(Path(name))))
        if history is not None and (history.moved(name) or history.product(name)):
            return not history.moved(name)
        return name in named

    def checksums(self, nights: Collection[str] | None = None) -> dict[str, int | None]:
        """The files that changes made, as it is now, and what the journal says of their content.

        Parameters
        ----------
        nights : collection of str, optional
            YYYYMMDD or `unknown`; all nights if not given.

        Returns
        -------
        dict of str to int or None
            CRC-32 by path below the output; None for changes of versions that kept none.
        """
        return {
            part.name: part.crc for history in self._each(self.journal.histories(), nights) for part in history.live()
        }

    def _each(self, histories: Histories, nights: Collection[str] | None) -> Iterator[History]:
        """Those of some nights, of all if none are named."""
        wanted = (key for key in histories.keys if nights is None or key[1] in nights)
        return (history for key in wanted if (history := histories.get(key)) is not None)

    def problems(self, nights: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
        """Where and what does not add up in the journal, of these nights or of all.

        Parameters
        ----------
        nights : collection of str, optional
            YYYYMMDD or `unknown`; all nights if not given.
        """
        for history in self._each(self._histories, nights):
            for change in history.changes:
                yield from ((f"change {change.id}", message) for message in _unbalanced(change))
            for part in history.live():
                yield from ((f"change of {part.name}", message) for message in self._file(part))

    def strangers(self, named: Hashed) -> Iterator[tuple[str, str]]:
        """Files that changes say they took and that no batch and no change wrote.

        Parameters
        ----------
        named : Hashed
            The files that batches list, by path below the output.
        """
        for history in self._each(self._histories, None):
            for change in history.changes:
                for part in change.old:
                    if part.name not in named and history.product(part.name) is None:
                        yield f"change {change.id}", f"it took {part.name}, which is in no ledger"

    def _file(self, part: StoredFile) -> Iterator[str]:
        path = self.layout.root / part.name
        if not path.exists():
            yield f"the file is missing ({part.rows} rows)"
            return
        there = (pq.read_metadata(path).num_rows, path.stat().st_size)
        for what, told, found in zip(("rows", "bytes"), (part.rows, part.bytes), there, strict=True):
            if told != found:
                yield f"{what} {found} is not {what} in the journal ({told})"


def _unbalanced(change: Change) -> Iterator[str]:
    old, new = total(change.old)[0], total(change.new)[0]
    if change.kind != PRUNING and old != new:
        yield f"rows of the old files {old} is not rows of the new files ({new})"


def spans_of(layout: Layout, history: History, file: DataFile) -> list[tuple[Path, int, int]]:
    """Where the rows of a file are that was merged in order: file, first row, row behind the last.

    Parameters
    ----------
    layout : Layout
        Of the output.
    history : History
        Of the file's table and night.
    file : DataFile
        As its batch's record lists it.
    """
    return [(layout.root / each.name, each.start, each.stop) for each in history.spans(file.name, 0, file.rows)]
