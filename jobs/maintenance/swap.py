"""One folder takes another's place.

Linux can exchange two names in one step (renameat2 with RENAME_EXCHANGE): a reader that lists the folder sees all old
files or all new ones. Where the file system cannot (some network ones), two renames do it, and for the time between
them (tens of microseconds) the folder is not there.
"""

import ctypes
import errno
import os
from pathlib import Path

from jobs.common import faults

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot.

    Parameters
    ----------
    one, other : pathlib.Path
        On the same file system.

    Raises
    ------
    OSError
        For what is wrong with the folders themselves.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


def take_place(place: Path, ready: Path, aside: Path) -> None:
    """Put a folder in a place; what was there is then `ready` (exchanged) or `aside`.

    Parameters
    ----------
    place : pathlib.Path
        A folder that is there.
    ready : pathlib.Path
        The folder that takes its place.
    aside : pathlib.Path
        Where the old folder goes if two cannot be exchanged.
    """
    if exchange(place, ready):
        return
    os.rename(place, aside)
    faults.maintenance("in_swap")
    os.rename(ready, place)
