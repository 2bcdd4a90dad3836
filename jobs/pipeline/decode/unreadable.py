"""The last resort: whatever untrusted bytes make raise refuses those bytes, and does not end the job.

Every reader here says by Fault what it expects to find wrong. What nobody expected (a list for a logical type, a date
beyond the calendar, a schema deeper than Python's stack) comes out of `only_faults` as a Fault of its own reason, and
`bisected` finds the one row of a batch that is to blame. Behind it stands the guard, for what kills or hangs the
process.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from jobs.pipeline.decode.fault import Fault

Result = TypeVar("Result")


@contextmanager
def only_faults() -> Iterator[None]:
    """Work on untrusted bytes, as `with` or as a decorator: it raises Fault and nothing else.

    Raises
    ------
    Fault
        As the work says it; unreadable for any other Exception, MemoryError and RecursionError included. What ends a
        process (KeyboardInterrupt, SystemExit) passes.
    """
    try:
        yield
    except Fault:
        raise
    except Exception as error:  # noqa: BLE001 - the one place where an unforeseen failure to read becomes a refusal
        raise unreadable(error) from None


def unreadable(error: Exception) -> Fault:
    """The fault that an exception becomes, with the exception's name and the line that raised it.

    Parameters
    ----------
    error : Exception
        As caught, with its traceback.
    """
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    at = f" ({Path(frames[0].filename).name}:{frames[0].lineno})" if frames else ""
    return Fault("unreadable", f"unreadable: {type(error).__name__}: {_text(error)}{at}")


def _text(error: Exception) -> str:
    try:
        return str(error)[:500]
    except Exception:  # noqa: BLE001 - a message that cannot be made, of an exception from outside
        return "no message"


def bisected(work: Callable[[range], Result], rows: range) -> Iterator[tuple[range, Result | Fault]]:
    """What `work` makes of some rows, all at once; where it raises, of halves of them, down to the row at fault.

    Parameters
    ----------
    work : callable
        Takes consecutive rows. What it makes of one row must not depend on the others.
    rows : range
        Numbers of the rows, for `work`.

    Yields
    ------
    range, result or Fault
        Consecutive parts of the rows, in order; a Fault stands for one row (or for none, if there was none).
    """
    try:
        with only_faults():
            result = work(rows)
    except Fault as fault:
        if len(rows) < 2:
            yield rows, fault
            return
    else:
        yield rows, result
        return
    half = len(rows) // 2
    yield from bisected(work, rows[:half])
    yield from bisected(work, rows[half:])
