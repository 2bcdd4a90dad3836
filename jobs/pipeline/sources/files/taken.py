"""Which files of a directory are taken: by name, and where that says nothing by their first bytes."""

import fnmatch
import os
import re
from collections.abc import Sequence

from jobs.pipeline.sources.files.formats import holds_packets
from jobs.pipeline.sources.files.names import PATTERNS, is_companion

# Files of which it is remembered what their first bytes say.
MOST_KNOWN = 100_000


class Taking:
    """Decides for each file of a directory.

    Parameters
    ----------
    patterns : sequence of str
        Names that are taken, upper or lower case. With PATTERNS, files of other names are opened once, and again when
        they change, unless their names are those of companions; other patterns take nothing but what they match.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._names = re.compile("|".join(fnmatch.translate(each.lower()) for each in patterns) or "$^")
        self._by_name_only = tuple(patterns) != PATTERNS
        self._known: dict[str, tuple[tuple[int, int], bool]] = {}

    def __call__(self, path: str, status: os.stat_result) -> bool:
        """Whether the file is taken.

        Parameters
        ----------
        path : str
            Of a file in a directory.
        status : os.stat_result
            What it is now.

        Raises
        ------
        OSError
            If its name says nothing and it cannot be opened: it may hold packets, and is asked for again.
        """
        name = os.path.basename(path)
        if self._names.match(name.lower()):
            return True
        return not (self._by_name_only or is_companion(name)) and self._looked_into(path, status)

    def _looked_into(self, path: str, status: os.stat_result) -> bool:
        state = (status.st_size, status.st_mtime_ns)
        known = self._known.pop(path, None)
        if known is None or known[0] != state:
            with open(path, "rb") as file:
                known = (state, holds_packets(file))
        self._known[path] = known
        if len(self._known) > MOST_KNOWN:  # the one that was asked for least recently; it is opened again
            del self._known[next(iter(self._known))]
        return known[1]
