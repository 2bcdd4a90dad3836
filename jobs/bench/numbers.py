"""Repeated measurements: median and range."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SHOWN = 4  # numbers of a repeat in its line


@dataclass(frozen=True)
class Number:
    """What was measured, several times.

    Attributes
    ----------
    what, unit : str
    values : tuple of float
        One per repeat.
    """

    what: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return statistics.median(self.values)

    def line(self) -> str:
        """For people: what, median, unit, range."""
        low, high = (f"{value:,.{_digits(self.median)}f}" for value in (min(self.values), max(self.values)))
        value = f"{self.median:,.{_digits(self.median)}f}"
        spread = f"({low} to {high})" if len(self.values) > 1 else ""
        return f"  {self.what:<44}{value:>10} {self.unit:<12}{spread}".rstrip()


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def timed(work: Callable[[], object]) -> float:
    """How long some work takes [s].

    Parameters
    ----------
    work : callable
        Done once.
    """
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def repeated(measure: Callable[[], dict[tuple[str, str], float]], repeats: int) -> list[Number]:
    """Measure several times, and once before that without counting: it warms caches and loads what is loaded once.

    A line of stderr says what each measurement gave as it ends, and how long the rest takes.

    Parameters
    ----------
    measure : callable
        Gives values by what they are and their unit.
    repeats : int
        How often it counts.
    """
    rows, began = [], time.perf_counter()
    for number in range(repeats + 1):
        rows.append(measure())
        _tell(number, repeats, rows[-1], time.perf_counter() - began)
    del rows[0]
    return [Number(what, unit, tuple(row.get((what, unit), 0.0) for row in rows)) for what, unit in rows[0]]


def _tell(number: int, repeats: int, row: dict[tuple[str, str], float], seconds: float) -> None:
    which = f"repeat {number} of {repeats}" if number else "first, not counted"
    shown = [f"{what.strip()} {value:,.{_digits(value)}f} {unit}" for (what, unit), value in row.items()]
    more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    left = seconds / (number + 1) * (repeats - number)
    rest = f"; about {left:,.0f} s left" if number < repeats else ""
    print(f"{which}: {', '.join(shown[:_SHOWN] + more)}{rest}", file=sys.stderr, flush=True)


def total(what: str, numbers: Sequence[Number]) -> Number:
    """The sum, repeat by repeat.

    Parameters
    ----------
    what : str
        Its name.
    numbers : sequence of Number
        Of one unit, with equally many repeats.
    """
    sums = tuple(sum(values) for values in zip(*(number.values for number in numbers), strict=True))
    return Number(what, numbers[0].unit, sums)
