"""What an input names: a path that exists is that path, whatever brackets it has; anything else is a pattern."""

import glob
import os
from collections.abc import Iterator


def is_pattern(given: str) -> bool:
    """Whether an input is a pattern and not a path that exists.

    Parameters
    ----------
    given : str
        An input as configured.
    """
    return glob.has_magic(given) and not os.path.lexists(given)


def named(given: str) -> list[str]:
    """The paths that an input names: itself, or all that it matches as a pattern; empty if there is nothing.

    `**` stands for any folders, each of them once: Python's own glob follows links in circles until names grow too
    long.

    Parameters
    ----------
    given : str
        An input as configured.

    Returns
    -------
    list of str
        Ascending where it is a pattern.
    """
    if not is_pattern(given):
        return [given] if os.path.lexists(given) else []
    parts = given.split(os.sep)
    if "**" not in parts:
        return sorted(glob.glob(given))
    at = parts.index("**")
    above, below = os.sep.join(parts[:at]) or os.sep, os.sep.join(parts[at + 1 :]) or "*"
    found: set[str] = set()
    for folder in folders_below(named(above)):
        found.update(named(os.path.join(glob.escape(folder), below)))
    return sorted(found)


def folders_below(tops: list[str]) -> Iterator[str]:
    """These folders and all below them that are not hidden, each once; those that links lead to come last.

    Parameters
    ----------
    tops : list of str
        Folders to begin with.

    Yields
    ------
    str
        Path of a folder.
    """
    entered: set[tuple[int, int]] = set()
    folders = list(tops)
    while folders:
        links: list[str] = []
        while folders:
            folder = folders.pop()
            if _enters(folder, entered):
                yield folder
                for path, linked in _folders_in(folder):
                    (links if linked else folders).append(path)
        folders = sorted(links, reverse=True)


def _enters(folder: str, entered: set[tuple[int, int]]) -> bool:
    try:
        status = os.stat(folder)
    except OSError:
        return False
    place = (status.st_dev, status.st_ino)
    new = place not in entered and os.path.isdir(folder)
    entered.add(place)
    return new


def _folders_in(folder: str) -> list[tuple[str, bool]]:
    """Folders in a folder, and whether a link leads there; none if it cannot be listed, which the look says."""
    try:
        with os.scandir(folder) as entries:
            return [(each.path, each.is_symlink()) for each in entries if each.name[0] != "." and _is_folder(each)]
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
