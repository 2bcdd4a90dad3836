"""Which files of a directory are taken: by name, and where that says nothing by their first bytes."""

import fnmatch
import os
import re
from collections.abc import Sequence

from jobs.pipeline.sources.files.formats import holds_packets
from jobs.pipeline.sources.files.names import PATTERNS, is_companion


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
        """
        name = os.path.basename(path)
        if self._names.match(name.lower()):
            return True
        return not (self._by_name_only or is_companion(name)) and self._looked_into(path, status)

    def _looked_into(self, path: str, status: os.stat_result) -> bool:
        state = (status.st_size, status.st_mtime_ns)
        if path not in self._known or self._known[path][0] != state:
            self._known[path] = (state, _holds_packets(path))
        return self._known[path][1]


def _holds_packets(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return holds_packets(file)
    except OSError:
        return False
