"""What maintenance did to an output: one file per change under `ledger/compactions/`.

A change replaces files of one table and night by others. Its file is written before the swap (`prepared`) and replaced
after it (`done`): after a kill the next holder of the lock finishes or undoes it. The batches' records are never
rewritten; who looks for a file of theirs asks a `History` where its rows are now.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from jobs.common import faults
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_file, replace_json, sync_directory

FORMAT = 1
# Changes of a night in one file each, and in one file together once there are many: `rolled/<table>-<night>.jsonl`.
ROLLED = "rolled"
MOST_FILES, MOST_OF_NIGHT = 200, 20
_IN_HAND = 32
COMPACTION, PRUNING, RESCORING = "compaction", "pruning", "rescoring"
# Files that a change makes are named like a batch's, with this for the stream.
PRODUCT, RESCORED = "compact", "again"


@dataclass(frozen=True)
class StoredFile:
    """A data file: its name relative to the output, rows and bytes, and the CRC-32 of one that maintenance wrote."""

    name: str
    rows: int
    bytes: int
    crc: int | None = None


@dataclass(frozen=True)
class Span:
    """Rows start:stop of a data file."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Change:
    """Files of one table and night, and what took their place.

    Attributes
    ----------
    number : int
        Counts the changes of this table and night, from 0.
    kind : str
        `compaction`, `rescoring`, or `pruning`: then nothing took their place.
    why : str
        What was asked for, in words.
    in_order : bool
        Whether the new files hold the old ones one behind the other; otherwise their rows are mixed by a sort.
    old, new : tuple of StoredFile
        In order.
    state : str
        `prepared` before the swap, `done` after it.
    kept : str
        Folder, relative to the output, in which the old files are kept; empty if they are not.
    answers : dict
        Of a rescoring, per module: version, fingerprint, source and artefacts of what was run; `before` and `now`: rows
        by version and counts. Empty for the other kinds.
    """

    table: str
    night: str
    number: int
    kind: str
    at: str
    why: str
    in_order: bool
    old: tuple[StoredFile, ...]
    new: tuple[StoredFile, ...]
    state: str = "prepared"
    kept: str = ""
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names the change in the output."""
        return f"{self.table}-{self.night}-{self.number:09d}"

    def done(self) -> "Change":
        """The change after its swap."""
        return replace(self, state="done")

    def to_json(self) -> dict[str, Any]:
        """As its file keeps it."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Change":
        """The change that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        known = {key: value for key, value in content.items() if key != "format"}
        known["old"] = tuple(StoredFile(**each) for each in content["old"])
        known["new"] = tuple(StoredFile(**each) for each in content["new"])
        return cls(**known)


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


class History:
    """Where the rows of a table's night went, through any number of changes.

    Parameters
    ----------
    changes : iterable of Change
        Those that were made, in order.
    """

    def __init__(self, changes: Iterable[Change]) -> None:
        self.changes = list(changes)
        self._left_by = {part.name: change for change in self.changes for part in change.old}
        self._made_by = {part.name: change for change in self.changes for part in change.new}
        self._old = {part.name: part for change in self.changes for part in change.old}
        self._new = {part.name: part for change in self.changes for part in change.new}
        self._offsets: dict[str, dict[str, int]] = {}

    def moved(self, name: str) -> bool:
        """Whether a file was replaced or removed.

        Parameters
        ----------
        name : str
            Relative to the output, as everywhere here.
        """
        return name in self._left_by

    def product(self, name: str) -> StoredFile | None:
        """What the journal says of a file that a change made.

        Parameters
        ----------
        name : str

        Returns
        -------
        StoredFile or None
            None if no change made it.
        """
        return self._new.get(name)

    def told(self, name: str) -> StoredFile:
        """What the journal says of a file that was replaced or removed.

        Parameters
        ----------
        name : str

        Raises
        ------
        KeyError
            If it was neither.
        """
        return self._old[name]

    def live(self) -> list[StoredFile]:
        """The files that changes made and that are still in use."""
        return [part for change in self.changes for part in change.new if not self.moved(part.name)]

    def successors(self, name: str) -> list[str]:
        """The files that hold the rows of a file now: itself if it was not moved, none if it was pruned.

        Parameters
        ----------
        name : str
        """
        return [each for each in self._later(name) if not self.moved(each)]

    def rescorings(self, name: str) -> list[Change]:
        """The changes that scored the rows of a file again, oldest first.

        Parameters
        ----------
        name : str
        """
        through = {self._left_by[each].number: self._left_by[each] for each in self._later(name) if self.moved(each)}
        return [through[number] for number in sorted(through) if through[number].kind == RESCORING]

    def _later(self, name: str) -> list[str]:
        """A file and all that its rows were in after it, each once: a change may make many files of many."""
        found = {name: None}
        waiting = [name]
        while waiting:
            change = self._left_by.get(waiting.pop(0))
            new = [part.name for part in change.new if part.name not in found] if change else []
            found |= dict.fromkeys(new)
            waiting.extend(new)
        return list(found)

    def spans(self, name: str, start: int, stop: int) -> list[Span]:
        """Where rows start:stop of a file are now.

        Raises
        ------
        ValueError
            If a change on the way sorted them.

        Parameters
        ----------
        name : str
        start, stop : int
            First row, and the row behind the last.

        Returns
        -------
        list of Span
            Empty if the rows were pruned.
        """
        if not self.moved(name):
            return [Span(name, start, stop)]
        change = self._left_by[name]
        if not change.in_order:
            raise ValueError(f"the rows of {name} were sorted among others by {change.id}")
        if change.id not in self._offsets:
            self._offsets[change.id] = _offsets(change.old)
        first = self._offsets[change.id][name]
        return [
            span
            for part, after, until in _cut(change.new, first + start, first + stop)
            for span in self.spans(part.name, after, until)
        ]

    def covered(self, name: str, read: Callable[[str], bool]) -> bool:
        """Whether a file was read, or is made of files that all were.

        Parameters
        ----------
        name : str
        read : callable
            Whether a file was read, by its name.
        """
        change = self._made_by.get(name)
        return read(name) or (change is not None and all(self.covered(part.name, read) for part in change.old))

    def originals(self, name: str) -> list[str]:
        """The files of batches that a file was made of: itself if a batch wrote it.

        Parameters
        ----------
        name : str
        """
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            each = waiting.pop(0)
            change = self._made_by.get(each)
            if each not in found and change is not None:
                waiting.extend(part.name for part in change.old)
            found[each] = None
        return [each for each in found if each not in self._made_by]


def _offsets(parts: Sequence[StoredFile]) -> dict[str, int]:
    """The rows before each file."""
    offsets, offset = {}, 0
    for part in parts:
        offsets[part.name] = offset
        offset += part.rows
    return offsets


def _cut(parts: Sequence[StoredFile], start: int, stop: int) -> Iterable[tuple[StoredFile, int, int]]:
    """The files that rows start:stop of all together are in, with the rows of each."""
    offset = 0
    for part in parts:
        after, until = max(start - offset, 0), min(stop - offset, part.rows)
        if after < until:
            yield part, after, until
        offset += part.rows
