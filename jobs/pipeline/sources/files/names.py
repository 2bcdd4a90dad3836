"""Names of files and of members of archives: which are packets, which lie beside them, which are not finished."""

import fnmatch
import os
from collections.abc import Sequence

# What is taken from a directory by its name, upper or lower case.
PATTERNS = (
    "*.avro",
    "*.avro.gz",
    "*.tar",
    "*.tar.gz",
    "*.tgz",
    "*.tar.bz2",
    "*.tar.xz",
    "*.tar.zst",
)

HIDDEN = "hidden or temporary"

# What people and mirrors put beside packets.
_COMPANIONS = (
    *(".asc", ".avsc", ".cfg", ".csv", ".html", ".htm", ".ini", ".json", ".log", ".md", ".py", ".rst", ".sh", ".text"),
    *(".txt", ".xml", ".yaml", ".yml", ".jpg", ".pdf", ".png", ".sig"),
    *(".md5", ".md5sum", ".sha1", ".sha1sum", ".sha256", ".sha256sum", ".sha512", ".sha512sum", ".sum"),
)
_COMPANION_NAMES = ("readme", "license", "licence", "changelog", "manifest", "checksum", "md5sum", "sha256sum")


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns takes a name; case does not matter.

    Parameters
    ----------
    name : str
        Without its folders.
    patterns : sequence of str
        As `fnmatch` takes them.
    """
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is not finished or not meant for readers: it waits until it is renamed.

    Parameters
    ----------
    name : str
        Without its folders.
    """
    return name.startswith((".", "_")) or name.endswith(".tmp")


def is_companion(name: str) -> bool:
    """Whether a file belongs beside packets and is none: a README, a checksum, a list, what macOS adds to archives.

    Parameters
    ----------
    name : str
        With its folders or without.
    """
    base = os.path.basename(name)
    suffix = os.path.splitext(base)[1].lower()
    return is_hidden(base) or base.lower().startswith(_COMPANION_NAMES) or suffix in _COMPANIONS


def ending(name: str) -> str:
    """How files are counted that are not taken: `.md5`, `no ending`, or HIDDEN.

    Parameters
    ----------
    name : str
        With its folders or without.
    """
    base = os.path.basename(name)
    if is_hidden(base):
        return HIDDEN
    return os.path.splitext(base)[1].lower() or "no ending"
