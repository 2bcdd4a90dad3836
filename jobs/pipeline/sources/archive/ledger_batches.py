"""The raw packets that another stream ingested, followed batch by batch through its ledger, not by listing directories.

A batch is taken once it is closed, so a compacted raw file is never taken for new packets. A plan names the files that
the batch wrote; if they were merged since, their rows are read from where they are now. Pruned ones are passed over.
"""

from typing import Any

from jobs.ledger.numbers import Numbers
from jobs.ledger.records import DataFile, Record
from jobs.ledger.spans import spans_now
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.summary import batch_number
from jobs.ledger.volumes import Wanted
from jobs.packets.problems import NoInput
from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.archive.kept_files import KeptFiles
from jobs.storage.layout import Layout


class LedgerSource(KeptFiles):
    """Closed batches of every stream that wrote raw packets to an output.

    Parameters
    ----------
    upstream : Layout
        The output whose `ledger/` and `raw/` are read.
    tasks : int
        Tasks per batch, at most.
    """

    def __init__(self, upstream: Layout, tasks: int = 4) -> None:
        self.upstream = upstream
        self.tasks = tasks
        self._done: dict[str, Numbers] = {}

    def check(self) -> None:
        """Raise NoInput if there is no ledger to follow."""
        if not self.upstream.ledger.is_dir():
            raise NoInput(f"{self.upstream.root} has no ledger to follow; it should be the output of `strix ingest`")

    def begin(self, ledger: StreamLedger) -> None:
        """Take up where the stream's ledger ends.

        Parameters
        ----------
        ledger : StreamLedger
            Of this stream; its summary says which upstream batches the rolled ones have read.
        """
        self._done = {stream: Numbers(done.runs) for stream, done in ledger.rolled.summary.followed.items()}

    def report(self) -> dict[str, Any]:
        """Nothing more than what was read."""
        return {}

    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read.

        Parameters
        ----------
        record : Record
            Its ranges name the upstream batches, which are not planned again.
        """
        for each in record.plan.ranges:
            if each.batch:
                self._of(each.batch.rpartition("/")[0]).add(batch_number(each.batch))

    def plan(self, limit: int) -> list[Range]:
        """Raw files of the next batches that were not read: whole batches, until there are `limit` packets.

        Parameters
        ----------
        limit : int
            Packets; the batch that reaches it is planned whole.

        Returns
        -------
        list of Range
            One per raw file, those pruned since left out; empty if no upstream batch is new.
        """
        ranges: list[Range] = []
        for stream in streams(self.upstream):
            for record in StreamLedger(self.upstream, stream).records(Wanted(table="raw", without=self._of(stream))):
                if total(ranges) >= limit:
                    return ranges
                ranges.extend(self._batch(record))
        return ranges

    def share(self) -> float | None:
        """Share of the other stream's batches that have been planned."""
        there = sum(len(StreamLedger(self.upstream, stream).numbers()) for stream in streams(self.upstream))
        return min(sum(map(len, self._done.values())) / there, 1.0) if there else None

    def _needs(self, each: Range) -> tuple[int, int, str]:
        return each.start, each.stop, f"batch {each.batch} wrote it"

    def _of(self, stream: str) -> Numbers:
        """The batches of a stream that were planned."""
        return self._done.setdefault(stream, Numbers())

    def _batch(self, record: Record) -> list[Range]:
        if record.state != "closed":
            return []
        self._of(record.stream).add(record.batch)
        name = f"{record.stream}/{record.batch}"
        files = [file for file in record.files if file.table == "raw" and not self._pruned(file)]
        return [self._range(file, name) for file in files]

    def _pruned(self, file: DataFile) -> bool:
        path = self.upstream.root / file.name
        return not path.exists() and spans_now(path, 0, file.rows) == []

    def _range(self, file: DataFile, name: str) -> Range:
        return Range("raw", str(self.upstream.root / file.name), 0, file.rows, batch=name)
