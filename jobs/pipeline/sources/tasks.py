"""How the ranges of a batch are shared out among tasks, and how a task reads its share."""

from collections.abc import Callable, Iterator, Sequence

from jobs.packets.ranges import Range, divide, total
from jobs.packets.reading import ReaderEvent

# A task of fewer packets costs more to start than to do.
LEAST_PER_TASK = 50

# Turns the ranges of a task into messages.
Reader = Callable[[Sequence[Range]], Iterator[ReaderEvent]]


def in_tasks(ranges: Sequence[Range], most: int, slots: int) -> list[list[Range]]:
    """The ranges of a batch, split among tasks; more than run at once only if each has enough to do.

    Parameters
    ----------
    ranges : sequence of Range
        As planned; none is cut.
    most : int
        Tasks.
    slots : int
        Tasks that run at once.

    Returns
    -------
    list of list of Range
        Of about equally many packets.
    """
    return divide(ranges, min(most, max(slots, total(ranges) // LEAST_PER_TASK)))
