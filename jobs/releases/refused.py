"""What of a release could not be read, with the reason; the rest goes on."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# Reasons for files.
UNREADABLE, MISSING_COLUMNS, WRONG_UNIT = "unreadable", "missing_columns", "wrong_unit"
# Reasons for rows: those of files, and these.
LENGTHS, NO_POINTS, NO_POSITION, DUPLICATE_ID = "lengths_differ", "no_points", "no_position", "duplicate_id"

REFUSED = pa.schema(
    [
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
        pa.field("file", pa.string()),
        pa.field("object_id", pa.string()),
    ]
)


class FileRefused(ValueError):
    """A file that cannot be used at all.

    Parameters
    ----------
    reason : str
        A code.
    message : str
        What was wanted and what was found.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def refused(reason: str, file: str, names: Iterable[str | None], messages: Sequence[str]) -> pa.Table:
    """Refusals of one reason.

    Parameters
    ----------
    reason : str
        A code.
    file : str
        Where they are.
    names : iterable of str or None
        The objects, one each.
    messages : sequence of str
        What was wanted and what was found, one each.
    """
    n = len(messages)
    return pa.table([pa.repeat(reason, n), list(messages), pa.repeat(file, n), list(names)], schema=REFUSED)


def missing_columns(wanted: Iterable[str], found: Sequence[str]) -> None:
    """Raise FileRefused if columns lack.

    Parameters
    ----------
    wanted : iterable of str
        Columns that the format needs.
    found : sequence of str
        Columns of the file.

    Raises
    ------
    FileRefused
    """
    lacking = [name for name in wanted if name not in found]
    if lacking:
        raise FileRefused(MISSING_COLUMNS, f"wants columns {', '.join(wanted)}; lacks {', '.join(lacking)}")


class RowChecks:
    """Marks rows of a file as refused, each for the first reason that applies.

    Parameters
    ----------
    file : str
        Their file.
    names : pyarrow.Array, length n
        Of the rows' objects.
    """

    def __init__(self, file: str, names: pa.Array) -> None:
        self._file, self._names = file, names
        self.good = np.ones(len(names), dtype=bool)
        self._found: list[pa.Table] = []

    def refuse(self, wrong: NDArray[np.bool_], reason: str, told: Callable[[int], str] | str) -> None:
        """Refuse rows that are good so far.

        Parameters
        ----------
        wrong : numpy.ndarray of bool, shape (n,)
            True for those that are refused.
        reason : str
            A code.
        told : str or callable
            The message, or what gives it for a row.
        """
        rows = np.flatnonzero(wrong & self.good)
        if len(rows):
            messages = [told if isinstance(told, str) else told(row) for row in rows.tolist()]
            names = self._names.take(pa.array(rows)).to_pylist()
            self._found.append(refused(reason, self._file, names, messages))
        self.good[rows] = False

    @property
    def refused(self) -> pa.Table:
        """The refusals."""
        return pa.concat_tables([REFUSED.empty_table(), *self._found])
