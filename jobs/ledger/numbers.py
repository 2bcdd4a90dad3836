"""A set of whole numbers that takes no room for what follows on another: a million batches in order are one run."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence


class Numbers:
    """Whole numbers, kept as runs.

    Parameters
    ----------
    runs : iterable of (int, int)
        First and last number of each run, ascending.
    """

    def __init__(self, runs: Iterable[Sequence[int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in runs:
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], int(last))
            else:
                self._firsts.append(int(first))
                self._lasts.append(int(last))

    @property
    def runs(self) -> list[list[int]]:
        """First and last number of each run, ascending."""
        return [list(pair) for pair in zip(self._firsts, self._lasts, strict=True)]

    def __contains__(self, number: int) -> bool:
        return self.covers(number, number)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in zip(self._firsts, self._lasts, strict=True))

    def __repr__(self) -> str:
        return f"Numbers({self.runs})"

    def covers(self, first: int, last: int) -> bool:
        """Whether all numbers from `first` to `last` are in.

        Parameters
        ----------
        first, last : int
        """
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and self._lasts[at] >= last

    def add(self, number: int) -> None:
        """Take one more in.

        Parameters
        ----------
        number : int
        """
        if number in self:
            return
        at = bisect_right(self._firsts, number)
        after = at < len(self._firsts) and self._firsts[at] == number + 1
        if at and self._lasts[at - 1] == number - 1:
            self._lasts[at - 1] = self._lasts[at] if after else number
            if after:
                del self._firsts[at], self._lasts[at]
        elif after:
            self._firsts[at] = number
        else:
            self._firsts.insert(at, number)
            self._lasts.insert(at, number)

    def update(self, other: "Numbers") -> None:
        """Take all of another set in.

        Parameters
        ----------
        other : Numbers
        """
        both = Numbers(sorted([*self.runs, *other.runs]))
        self._firsts, self._lasts = both._firsts, both._lasts

    def missing(self) -> Iterable[int]:
        """The numbers from 0 to the greatest that are not in."""
        expected = 0
        for first, last in zip(self._firsts, self._lasts, strict=True):
            yield from range(expected, first)
            expected = last + 1
