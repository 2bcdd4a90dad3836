"""Spark's checkpoint of a query: it only points at plans of the ledger, so it can be thrown away."""

import json
import shutil
from pathlib import Path


class Checkpoint:
    """The folder that Spark writes.

    Parameters
    ----------
    folder : Path
        Spark keeps `offsets/<n>` and `commits/<n>` of its micro-batches there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def plan_of(self, micro_batch: int) -> int:
        """Which plan a micro-batch is of.

        Parameters
        ----------
        micro_batch : int
            Spark's number.

        Returns
        -------
        int
            Number of the batch in the ledger.

        Raises
        ------
        OSError, ValueError, LookupError, TypeError
            If its offset is not there or is none.
        """
        return self._end(micro_batch) - 1

    def disagrees(self, first_open: int) -> str:
        """What it says that the ledger does not; empty if they agree.

        Parameters
        ----------
        first_open : int
            The ledger's first batch that is not closed.

        Returns
        -------
        str
            For a person.
        """
        try:
            last = self._last("offsets")
            if last is None:
                return (
                    ""
                    if not self.folder.exists() or self._last("commits") is None
                    else "it has commits without offsets"
                )
            end, committed = self._end(last), self._last("commits") == last
        except (OSError, ValueError, LookupError, TypeError) as problem:
            return f"it cannot be read ({type(problem).__name__}: {problem})"
        # What is under way is the open batch, or one that was closed just before Spark could note it.
        known = (end,) if committed else (end, end - 1)
        if first_open in known:
            return ""
        return f"it is at batch {end if committed else end - 1}, the ledger's first open batch is {first_open}"

    def remove(self) -> None:
        """Let the next query begin at the first open batch."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_halves(self) -> None:
        """Remove what a JVM that was killed was about to rename: Spark never does."""
        for half in self.folder.glob("*/.*.tmp"):
            half.unlink(missing_ok=True)

    def _last(self, log: str) -> int | None:
        numbers = [int(path.name) for path in (self.folder / log).glob("[0-9]*") if path.name.isdigit()]
        return max(numbers, default=None)

    def _end(self, micro_batch: int) -> int:
        """A line of version, one of metadata, one per source."""
        lines = (self.folder / "offsets" / str(micro_batch)).read_text(encoding="utf-8").splitlines()
        return int(json.loads(lines[2])["plan"])
