"""Sources whose ranges are rows of an output's own Parquet files, which maintenance may have merged since they were planned."""

import os
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from jobs.ledger.spans import spans_now
from jobs.packets.problems import InputChanged
from jobs.packets.ranges import Range
from jobs.pipeline.sources.readers import read_ranges
from jobs.pipeline.sources.source import Source
from jobs.pipeline.sources.tasks import Reader


class KeptFiles(Source):
    """A file that is gone is read from where its rows were merged into; one that went otherwise ends the batch."""

    @property
    def reader(self) -> Reader:
        """What a task reads ranges with."""
        return read_ranges

    def ready(self, ranges: Sequence[Range], folder: Path) -> list[Range]:
        """The ranges as tasks can read them.

        Parameters
        ----------
        ranges : sequence of Range
            As planned.
        folder : pathlib.Path
            Not used: nothing has to be prepared.

        Returns
        -------
        list of Range
            The same ones.

        Raises
        ------
        InputChanged
            If a file is gone that was not merged into another.
        """
        del folder
        for each in ranges:
            start, stop, told = self._needs(each)
            if not os.path.exists(each.path) and not spans_now(Path(each.path), start, stop):
                raise InputChanged(f"{each.path} is gone, the ledger says that {told}; put it back")
        return list(ranges)

    @abstractmethod
    def _needs(self, each: Range) -> tuple[int, int, str]:
        """First row that a range needs of its file, the row behind the last, and what the ledger says of the file."""
