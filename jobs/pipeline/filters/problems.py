"""What is wrong with a filter, said at the word where it is wrong."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a word stands in a text: start and end, counted in characters from 0, the end not included."""

    start: int
    end: int


@dataclass(frozen=True)
class Lacking:
    """A module that the job has not: its name, the modules that the job has, and how to get it."""

    module: str
    job: str
    remedy: str

    @property
    def told(self) -> str:
        """As the end of `x needs`."""
        return f"the module {self.module}, the job has {self.job}; {self.remedy}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    where : str
        File and key: `conf/filters/fast.yaml: where`.
    message : str
        What was wanted and what was found.
    text : str
        The text that holds the word; empty if the problem is not in a text.
    place : Place or None
        The word.
    lacking : Lacking or None
        The module whose column is named and that the job has not.
    """

    where: str
    message: str
    text: str = ""
    place: Place | None = None
    lacking: "Lacking | None" = None

    def __str__(self) -> str:
        if self.place is None or not self.text:
            return f"{self.where}: {self.message}"
        line, column, marked = _marked(self.text, self.place)
        return f"{self.where}: line {line}, column {column}: {self.message}\n{marked}"


class FilterError(ValueError):
    """Filters that cannot be used, with everything that is wrong with them.

    Attributes
    ----------
    problems : tuple of Problem
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(_told(self.problems)))


class Refused(Exception):
    """An expression is not allowed; becomes a Problem where file and key are known.

    Parameters
    ----------
    message : str
        What was wanted and what was found.
    place : Place, optional
        The word that is wrong, in the author's text.
    lacking : Lacking, optional
        The module whose column is named and that the job has not.
    """

    def __init__(self, message: str, place: Place | None = None, lacking: Lacking | None = None) -> None:
        self.message = message
        self.place = place
        self.lacking = lacking
        super().__init__(message)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or nothing if no known word is near.

    Parameters
    ----------
    word : str
        What the author wrote.
    known : iterable of str
        What could be meant; of these, up to three are named.
    """
    names = list(known)
    same_end = [name for name in names if name.rpartition(".")[2] == word.rpartition(".")[2]]
    near = same_end or difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    folded = [name for name in names if name.lower() == word.lower()]
    found = (folded or near)[:3]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _told(problems: Sequence[Problem]) -> list[str]:
    """The problems as lines; all that come of one lacking module are one, unless there is but one."""
    groups: dict[Lacking, list[Problem]] = {}
    for problem in problems:
        if problem.lacking is not None:
            groups.setdefault(problem.lacking, []).append(problem)
    together = [_without(lacking, own) for lacking, own in groups.items()]
    return [*map(str, (problem for problem in problems if problem.lacking is None)), *together]


def _without(lacking: Lacking, problems: Sequence[Problem]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    files = sorted({problem.where.rpartition(": ")[0] or problem.where for problem in problems})
    if len(files) == 1:
        return f"{files[0]}: needs {lacking.told}"
    return f"{len(files)} filters need {lacking.told}, or give a directory without them: {', '.join(files)}"


def _marked(text: str, place: Place) -> tuple[int, int, str]:
    before = text[: place.start]
    line = before.count("\n") + 1
    column = place.start - (before.rfind("\n") + 1)
    shown = text.splitlines()[line - 1] if text.splitlines() else ""
    width = max(1, min(place.end - place.start, len(shown) - column))
    return line, column + 1, f"    {shown}\n    {' ' * column}{'^' * width}"
