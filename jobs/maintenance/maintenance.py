"""Making changes to the nights of an output so that a reader sees a night before or after, and a kill does no harm.

A change is made ready in `_compaction/<id>/ready`, a whole folder that will be the night; announced in the journal; put
in place in one step; noted as done. What was there before is removed a little later.
"""

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from jobs.common import faults
from jobs.ledger.changes import Change, StoredFile
from jobs.ledger.journal import Journal, is_made
from jobs.ledger.records import LedgerError
from jobs.ledger.rolling import roll_all
from jobs.ledger.rolling import sweep as sweep_rolled
from jobs.maintenance.swap import take_place
from jobs.storage.layout import Layout
from jobs.storage.writing import remove_halves, sync_directory, sync_file

# Who opened a night's folder just before the swap gets this long to read its list of files.
GRACE_S = 1.0
# How long a job may roll closed batches of all streams when it ends.
AT_END_S = 5.0


class NightMaintenance:
    """Changes an output; its lock must be held.

    Parameters
    ----------
    durable : bool
        Sync files and directories before each rename, against power loss.
    """

    def __init__(self, layout: Layout, durable: bool = False) -> None:
        self.layout = layout
        self.durable = durable
        self.journal = Journal(layout)
        self.works = layout.root / "_compaction"
        self._replaced: list[tuple[float, Path]] = []

    def recover(self) -> None:
        """Finish or undo the change that a kill left, and remove what it had made ready or had rolled."""
        for change in self.journal.unfinished():
            self._finish_or_undo(change)
        remove_halves(self.journal.directory)
        # A task of a killed driver, on an executor that does not know yet, may write while this is removed.
        shutil.rmtree(self.works, ignore_errors=True)
        sweep_rolled(self.layout)

    def roll(self, seconds: float = float("inf")) -> int:
        """Roll closed batches of all streams, for about so many seconds; how many batches were rolled.

        Parameters
        ----------
        seconds : float
            Begin no volume after so long [s].
        """
        return roll_all(self.layout, self.durable, seconds)

    def begin(self, table: str, night: str, number: int) -> Path:
        """The empty folder in which a change is made ready.

        Parameters
        ----------
        table, night : str
        number : int
            Of the change, as `Journal.next_number` gives it.
        """
        work = self.works / f"{table}-{night}-{number:09d}"
        if work.exists():
            shutil.rmtree(work)
        (work / "ready").mkdir(parents=True)
        faults.maintenance("house_begun")
        return work

    def keep(self, change: Change, work: Path) -> None:
        """Take the files of the night that the change does not replace into the folder that is made ready.

        Parameters
        ----------
        change : Change
        work : pathlib.Path
            The folder that `begin` gave.
        """
        replaced = {Path(part.name).name for part in change.old}
        for path in sorted(self._place(change).iterdir()):
            if path.name not in replaced:
                _link(path, work / "ready" / path.name)
        faults.maintenance("after_link")

    def set_aside(self, change: Change, work: Path) -> None:
        """Take the files that the change replaces into a folder that becomes `change.kept` with the change.

        Parameters
        ----------
        change : Change
        work : pathlib.Path
            The folder that `begin` gave.
        """
        (work / "kept").mkdir()
        for part in change.old:
            _link(self.layout.root / part.name, work / "kept" / Path(part.name).name)

    def commit(self, change: Change, work: Path) -> None:
        """Announce the change, put the folder in place, note that it is done.

        Parameters
        ----------
        change : Change
        work : pathlib.Path
            The folder that `begin` gave, with all files of the night in `ready`.
        """
        faults.maintenance("before_journal")
        if self.durable:
            self._sync(work)
        self.journal.write(change, self.durable)
        faults.maintenance("after_journal")
        self._swap(change, work)
        faults.maintenance("after_swap")
        self._show_kept(change, work)
        self.journal.write(change.done(), self.durable)
        faults.maintenance("after_done")
        self.journal.roll()
        self._replaced.append((time.monotonic(), work))

    def sweep(self, wait: bool = False) -> None:
        """Remove what was replaced at least GRACE_S ago.

        Parameters
        ----------
        wait : bool
            Wait until all can be removed, and roll closed batches for AT_END_S: at the end of a job.
        """
        while self._replaced and (wait or self._replaced[0][0] + GRACE_S <= time.monotonic()):
            at, work = self._replaced.pop(0)
            time.sleep(max(at + GRACE_S - time.monotonic(), 0))
            for path in sorted(work.rglob("*.parquet")):
                path.unlink()
                faults.maintenance("in_sweep")
            shutil.rmtree(work)
            faults.maintenance("after_sweep")
        if wait and self.works.exists():
            shutil.rmtree(self.works)
        if wait:
            self.roll(AT_END_S)

    def _place(self, change: Change) -> Path:
        return self.layout.table(change.table) / f"night={change.night}"

    def _swap(self, change: Change, work: Path) -> None:
        place = self._place(change)
        if change.new:
            take_place(place, work / "ready", work / "aside")
        else:
            os.rename(place, work / "aside")
        if self.durable:
            sync_directory(place.parent)
            sync_directory(work)

    def _show_kept(self, change: Change, work: Path) -> None:
        """Give the old files their name, where they are to be kept."""
        if change.kept and (work / "kept").exists():
            place = self.layout.root / change.kept
            place.parent.mkdir(parents=True, exist_ok=True)
            os.rename(work / "kept", place)
            if self.durable:
                sync_directory(place.parent)
            faults.maintenance("after_kept")

    def _finish_or_undo(self, change: Change) -> None:
        place, work = self._place(change), self.works / change.id
        if change.new and not place.exists() and (work / "aside").exists():
            os.rename(work / "ready", place)  # killed between the two renames
        if is_made(self.layout, change):
            self._show_kept(change, work)
            self.journal.write(change.done(), self.durable)
            return
        gone = [part.name for part in change.old if not (self.layout.root / part.name).exists()]
        if gone:
            raise LedgerError(f"{change.id} was begun: {change.new[0].name} is not there, and neither is {gone[0]}")
        self.journal.remove(change)

    def _sync(self, work: Path) -> None:
        for path in (work / "ready").iterdir():
            sync_file(path)
        sync_directory(work / "ready")


def total(parts: Iterable[StoredFile]) -> tuple[int, int]:
    """Rows and bytes of some files together.

    Parameters
    ----------
    parts : iterable of StoredFile

    Returns
    -------
    rows, bytes : int
    """
    parts = list(parts)
    return sum(part.rows for part in parts), sum(part.bytes for part in parts)


def _link(path: Path, other: Path) -> None:
    """The same file under a second name; a copy where the file system has no hard links."""
    try:
        os.link(path, other)
    except OSError:
        shutil.copy2(path, other)
