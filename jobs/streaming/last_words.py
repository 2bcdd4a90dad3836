"""`status.json` after a failure: whatever ended a job is told there, with the reason."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jobs.common.error_text import text_of
from jobs.storage.lock import OutputInUse, OutputLock
from jobs.streaming.status import Status

MOST_CHARACTERS = 2000
# The last line of a Python traceback inside an exception of Spark's: `jobs.packets.ranges.InputChanged: ...`.
_PYTHON = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*([A-Za-z_][\w.]*(?::.*)?)")


@contextmanager
def told_in_status(status: Status, lock_is_held: bool) -> Iterator[None]:
    """Let `status.json` say that the job failed, and why, whatever exception ends it.

    Parameters
    ----------
    status : Status
        Of the job.
    lock_is_held : bool
        By this job. Otherwise it is taken to write, and nothing is written where another process holds the output (it
        tells of itself), or where no job has ever written.
    """
    try:
        yield
    except BaseException as error:
        if status.state != "failed" and not isinstance(error, OutputInUse):
            status.fail(reason_of(error))
            tell(status, lock_is_held)
        raise


def tell(status: Status, lock_is_held: bool = False) -> None:
    """Write a status that is not told by a running job.

    Parameters
    ----------
    status : Status
        With the state to write.
    lock_is_held : bool
        See `told_in_status`.
    """
    there = status.layout.lock.exists() or status.layout.ledger.is_dir()
    with suppress(OutputInUse, OSError):  # a full disk is told on the terminal
        if lock_is_held:
            status.write(status.state)
        elif there:
            with OutputLock(status.layout.lock, status.job):
                status.write(status.state)


def reason_of(error: BaseException) -> str:
    """What ended a job, with the exception's name; of a failure in a worker the worker's own words, without Java's.

    Parameters
    ----------
    error : BaseException
        Spark's, or any other.

    Returns
    -------
    str
        At most MOST_CHARACTERS of them.
    """
    text = text_of(error)
    in_worker = _PYTHON.findall(text)
    if in_worker:
        name, colon, message = in_worker[-1].partition(":")
    else:
        name, colon, message = type(error).__name__, ":", " " + text.strip().partition("\n\tat ")[0]
    return f"{name.rpartition('.')[2]}{colon}{message}"[:MOST_CHARACTERS].rstrip(": ")
