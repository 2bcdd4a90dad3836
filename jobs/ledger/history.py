"""Where the rows of a night's files are now, as its changes tell."""

from collections.abc import Callable, Iterable, Sequence

from jobs.ledger.changes import RESCORING, Change, Span, StoredFile


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

        Parameters
        ----------
        name : str
        start, stop : int
            First row, and the row behind the last.

        Returns
        -------
        list of Span
            Empty if the rows were pruned.

        Raises
        ------
        ValueError
            If a change on the way sorted them.
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
