"""From data files of a night to the store: a science file, what its alerts matched, and their cutouts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.store.rows import AlertRows, Rows
from jobs.store.writing import StoreWriter

ROWS = 500
Matches = Mapping[tuple[str, int], Sequence[str]]


@dataclass(frozen=True)
class ScienceFile:
    """A science file and what goes with it.

    Attributes
    ----------
    science : pathlib.Path
    cutouts : tuple of pathlib.Path
        Files of the cutouts table among which its alerts' cutouts are; none to leave cutouts out.
    matches : mapping of (str, int) to sequence of str
        By survey and alert id, the filters that sent it.
    """

    science: Path
    cutouts: tuple[Path, ...] = ()
    matches: Matches = field(default_factory=dict)

    def write(self, writer: StoreWriter) -> dict[str, int]:
        """Write its alerts; a few hundred in memory at a time, with their cutouts.

        Parameters
        ----------
        writer : StoreWriter

        Returns
        -------
        dict of str to int
            Rows by table.

        Raises
        ------
        ServiceUnavailable, StoreRefused
            As `StoreWriter.write` does.
        """
        written: Counter[str] = Counter()
        for alerts, cutouts in self.alerts():
            written.update(writer.write(alerts, cutouts))
        return dict(written)

    def alerts(self) -> Iterator[tuple[AlertRows, Rows | None]]:
        """Its alerts, some hundred at a time, and their rows of `cutouts`."""
        for batch in pq.ParquetFile(self.science).iter_batches(ROWS):
            alerts = AlertRows(batch, self.matches)
            yield alerts, alerts.of_cutouts(_cutouts_of(self.cutouts, batch)) if self.cutouts else None


def by_alert(matches: pa.Table) -> dict[tuple[str, int], list[str]]:
    """The filters of each alert, by name.

    Parameters
    ----------
    matches : pyarrow.Table
        With `survey`, `alert_id` and `filter`, as `sent_file.Sent` has it.
    """
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    columns = (matches.column(name).to_pylist() for name in ("survey", "alert_id", "filter"))
    for survey, alert, name in sorted(zip(*columns, strict=True)):
        found[survey, alert].append(name)
    return dict(found)


def _cutouts_of(files: Iterable[Path], science: pa.RecordBatch) -> pa.Table:
    """The cutouts of some alerts, from files that hold those of others, too: row groups are looked through by their ids."""
    wanted = science.column("alert_id")
    found = []
    for path in files:
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            ids = file.read_row_group(group, ["alert_id"]).column("alert_id")
            chosen = pc.is_in(ids, value_set=wanted)
            if pc.any(chosen).as_py():
                found.append(file.read_row_group(group).filter(chosen))
    return pa.concat_tables(found) if found else pq.read_schema(next(iter(files))).empty_table()
