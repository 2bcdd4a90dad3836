"""What an expression may cost for one alert, counted before anything runs.

An ordinary alert is taken as one with texts of 64 characters and light curves of 1,000 points; what is far beyond
(`leaves.MOST_TEXT`, `leaves.MOST_POINTS`) is NULL to filters, so that the cost of an alert is bounded, whatever came in.
"""

from collections.abc import Sequence
from typing import Protocol

from jobs.pipeline.filters.kinds import STRING, Kind
from jobs.pipeline.filters.problems import Place, Refused

TEXT = 64  # characters
POINTS = 1000
MOST_BYTES = 262_144  # of one value
MOST_ANNOTATIONS = 1_048_576  # of all annotations of a filter
MOST_WORK = 2_000_000  # steps; a step takes some 10 ns
_VALUE = 8
_BYTES_PER_STEP = 16  # that are copied or compared
_MATCHED_PER_STEP = 4  # characters of a text with those of a pattern
_ORDINARY = f"for an alert with a light curve of {POINTS:,} points and texts of {TEXT} characters"


class Sized(Protocol):
    """An expression, as far as its cost goes."""

    @property
    def kind(self) -> Kind:
        """What it gives."""

    @property
    def size(self) -> int:
        """Bytes of its value."""

    @property
    def work(self) -> int:
        """Steps that it takes."""


def size_of(kind: Kind, parts: Sequence[Sized] = ()) -> int:
    """Bytes of a value: a text is as long as the longest of the texts that it may be, a list as long as a light curve.

    Parameters
    ----------
    kind : Kind
        Of the value.
    parts : sequence of Sized
        The expressions that it is made of.
    """
    if kind.element is not None:
        return max([POINTS * size_of(kind.element), *(part.size for part in parts if part.kind == kind)])
    if kind != STRING:
        return _VALUE
    return max([text_of(part) for part in parts], default=0) or TEXT


def text_of(part: Sized) -> int:
    """Characters of a text, or of a list's elements; 0 for anything else.

    Parameters
    ----------
    part : Sized
        The expression that gives the text or list.
    """
    if part.kind == STRING:
        return part.size
    return part.size // POINTS if part.kind.element == STRING else 0


def work_of(parts: Sequence[Sized], size: int) -> int:
    """Steps: those of the parts, one more, and what copying the value takes.

    Parameters
    ----------
    parts : sequence of Sized
        The expressions that are evaluated for it; one that is evaluated twice is given twice.
    size : int
        Of the value [bytes].
    """
    return 1 + sum(part.work for part in parts) + size // _BYTES_PER_STEP


def search_work(text: int, wanted: int) -> int:
    """Steps of looking for one text in another, starting at each of its characters.

    Parameters
    ----------
    text, wanted : int
        Lengths of the text that is searched and of the one that is looked for [characters].
    """
    return text * wanted // _BYTES_PER_STEP


def match_work(text: int, pattern: int) -> int:
    """Steps of matching a text with a pattern that does not backtrack.

    Parameters
    ----------
    text, pattern : int
        Lengths [characters].
    """
    return text * pattern // _MATCHED_PER_STEP


def check(size: int, work: int, place: Place | None) -> None:
    """Refuse a value that is too large or takes too long.

    Parameters
    ----------
    size : int
        Of the value [bytes].
    work : int
        Steps that it takes.
    place : Place or None
        Where the refusal points in the author's text.

    Raises
    ------
    Refused
        Says how much it is, and the limit.
    """
    if size > MOST_BYTES:
        raise Refused(f"this gives {size:,} bytes {_ORDINARY}; a value may have {MOST_BYTES:,}", place)
    if work > MOST_WORK:
        raise Refused(f"this takes {work:,} steps {_ORDINARY}; an expression may take {MOST_WORK:,}", place)


def check_together(parts: Sequence[Sized]) -> None:
    """Refuse annotations that are too large, or take too long, all together.

    Parameters
    ----------
    parts : sequence of Sized
        All annotations of one filter.

    Raises
    ------
    Refused
        Says how much they are, and the limit.
    """
    size, work = sum(part.size for part in parts), sum(part.work for part in parts)
    if size > MOST_ANNOTATIONS:
        raise Refused(f"they have {size:,} bytes {_ORDINARY}; those of a filter may have {MOST_ANNOTATIONS:,}")
    if work > MOST_WORK:
        raise Refused(f"they take {work:,} steps {_ORDINARY}; those of a filter may take {MOST_WORK:,}")
