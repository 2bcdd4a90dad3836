"""What maintenance did to an output: one file per change under `ledger/compactions/`.

A change replaces files of one table and night by others. Its file is written before the swap (`prepared`) and replaced
after it (`done`): after a kill the next holder of the lock finishes or undoes it. The batches' records are never
rewritten; who looks for a file of theirs asks a `History` where its rows are now.
"""

import json
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from jobs.common import faults
from jobs.ledger.changes import Change
from jobs.ledger.history import History
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_file, replace_json, sync_directory

# Changes of a night in one file each, and in one file together once there are many: `rolled/<table>-<night>.jsonl`.
ROLLED = "rolled"
MOST_FILES, MOST_OF_NIGHT = 200, 20
_IN_HAND = 32


class Journal:
    """The changes of an output."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.directory = layout.ledger / "compactions"

    def changes(self, table: str, night: str) -> list[Change]:
        """Changes of a table and night in the order in which they were made.

        Parameters
        ----------
        table, night : str
        """
        own = self._own_files(table, night)  # first: what is rolled meanwhile is in the rolled file then
        found = {change.number: change for change in (*own, *self._rolled(table, night))}
        return [found[number] for number in sorted(found)]

    def unfinished(self) -> list[Change]:
        """Changes that were announced and are not done: none of them is rolled."""
        found = [change for change in self._own_files("*", "*") if change.state != "done"]
        return sorted(found, key=lambda change: (change.table, change.night, change.number))

    def changed(self) -> list[tuple[str, str]]:
        """Table and night of all that was changed, ascending; no change is read for it."""
        own = (path.stem.rpartition("-")[0] for path in self.directory.glob("*-[0-9]*.json"))
        rolled = (path.stem for path in (self.directory / ROLLED).glob("*.jsonl"))
        return sorted({(name.partition("-")[0], name.partition("-")[2]) for name in (*own, *rolled)})

    def roll(self, most: int = MOST_FILES, of_night: int = MOST_OF_NIGHT) -> None:
        """Put the changes of a night in one file where it has more than `of_night`; of all nights where `most` are there.

        The rolled file is replaced in one step and the others removed then: a change that is in both is the same.

        Parameters
        ----------
        most : int
            How many files of single changes may be there in all.
        of_night : int
            How many of them a table's night may have.
        """
        numbers: dict[tuple[str, str], int] = {}
        for path in self.directory.glob("*-[0-9]*.json"):
            table, night, _ = path.stem.split("-")
            numbers[(table, night)] = numbers.get((table, night), 0) + 1
        least = 1 if sum(numbers.values()) > most else of_night + 1
        for (table, night), count in numbers.items():
            if count >= least:
                self._roll(table, night)

    def _roll(self, table: str, night: str) -> None:
        changes = [change for change in self.changes(table, night) if change.state == "done"]
        lines = [json.dumps(change.to_json(), sort_keys=True, separators=(",", ":")) + "\n" for change in changes]
        replace_file(self._rolled_path(table, night), "".join(lines), durable=True)
        faults.maintenance("journal_rolled")
        for change in changes:
            self._path(change).unlink(missing_ok=True)

    def _own_files(self, table: str, night: str) -> list[Change]:
        found = []
        for path in self.directory.glob(f"{table}-{night}-[0-9]*.json"):
            try:
                found.append(Change.from_json(json.loads(path.read_text(encoding="utf-8"))))
            except FileNotFoundError:  # undone, or rolled, since it was listed
                continue
        return found

    def _rolled(self, table: str, night: str) -> list[Change]:
        try:
            text = self._rolled_path(table, night).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [Change.from_json(json.loads(line)) for line in text.splitlines()]

    def _rolled_path(self, table: str, night: str) -> Path:
        return self.directory / ROLLED / f"{table}-{night}.jsonl"

    def next_number(self, table: str, night: str) -> int:
        """The number of the next change of a table and night.

        Parameters
        ----------
        table, night : str
        """
        there = self.changes(table, night)
        return there[-1].number + 1 if there else 0

    def write(self, change: Change, durable: bool = False) -> None:
        """Announce a change, or say that it is done.

        Parameters
        ----------
        change : Change
            Its `state` says which of the two.
        durable : bool
            Sync against power loss.
        """
        replace_json(self._path(change), change.to_json(), durable)

    def remove(self, change: Change) -> None:
        """Forget a change that was announced and not made.

        Parameters
        ----------
        change : Change
        """
        self._path(change).unlink(missing_ok=True)
        sync_directory(self.directory)

    def history(self, table: str, night: str) -> "History":
        """What became of the files of a table and night.

        Parameters
        ----------
        table, night : str
        """
        return History(change for change in self.changes(table, night) if is_made(self.layout, change))

    def histories(self) -> "Histories":
        """The same for every table and night, read when it is asked for."""
        return Histories(self)

    def _path(self, change: Change) -> Path:
        return self.directory / f"{change.id}.json"


def is_made(layout: Layout, change: Change) -> bool:
    """Whether readers see a change: one that a kill left between swap and note is made, too.

    Parameters
    ----------
    layout : Layout
    change : Change
    """
    if change.state == "done":
        return True
    if change.new:
        return (layout.root / change.new[0].name).exists()
    return not (layout.root / change.old[0].name).exists()


class Histories:
    """Histories by table and night, read when they are asked for; the last few stay in hand."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.keys = journal.changed()
        self._known = set(self.keys)
        self._in_hand: OrderedDict[tuple[str, str], History] = OrderedDict()

    def get(self, key: tuple[str, str]) -> "History | None":
        """What became of the files of a table and night; None if nothing was changed there.

        Parameters
        ----------
        key : tuple of str
            Table and night.
        """
        if key not in self._known:
            return None
        if key not in self._in_hand:
            self.again(key)
        self._in_hand.move_to_end(key)
        return self._in_hand[key]

    def again(self, key: tuple[str, str]) -> "History":
        """What became of the files of a table and night as the journal says it now, read again.

        Parameters
        ----------
        key : tuple of str
            Table and night.
        """
        self._known.add(key)
        self._in_hand[key] = self.journal.history(*key)
        if len(self._in_hand) > _IN_HAND:
            self._in_hand.popitem(last=False)
        return self._in_hand[key]

    def each(self) -> "Iterator[History]":
        """Those of all tables and nights, one after the other."""
        return (history for key in self.keys if (history := self.get(key)) is not None)
