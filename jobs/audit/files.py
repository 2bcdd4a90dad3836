"""What the data files of a batch hold, counted again: the other side of what the ledger says of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.audit.recount import recount_science
from jobs.ledger.counts import Counts, add_counts
from jobs.ledger.records import DataFile
from jobs.ledger.spans import Rows
from jobs.packets.content import content_hash
from jobs.storage.layout import UNKNOWN_NIGHT

ROWS_AT_ONCE = 4096
_MEASUREMENT = ("mjd", "ra", "dec", "band", "flux", "flux_err")


@dataclass
class Found:
    """What the files of one batch hold.

    Attributes
    ----------
    rows : Counter
        Rows by (table, night).
    reasons : dict of str to Counter
        Per night the reasons in quarantine.
    science : dict of str to dict
        Per night the numbers of `recount_science`.
    versions : dict of str to set
        Per module the versions in its column.
    alerts : dict of str to list of pyarrow.Table
        Per table survey and alert_id (and content_hash, where the table has it) of its rows.
    problems : list of str
        Files that are not what they should be.
    pruned : Counter
        Rows by table that were removed on purpose; they are in `rows` as the journal tells them.
    """

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    science: dict[str, Counts] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)
    alerts: dict[str, list[pa.Table]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    pruned: Counter[str] = field(default_factory=Counter)

    def table_rows(self) -> dict[str, int]:
        """Rows by table."""
        sums: Counter[str] = Counter()
        for (table, _), rows in self.rows.items():
            sums[table] += rows
        return dict(sums)


def read_files(root: Path, files: tuple[DataFile, ...], modules: list[str]) -> Found:
    """Go through the files of a batch, a few thousand rows at a time.

    Parameters
    ----------
    root : pathlib.Path
        The output; names of files begin there.
    files : tuple of DataFile
        As the ledger lists them; one that is missing or cannot be read is a problem of what was found.
    modules : list of str
        Names of the batch's science modules: columns of its science files.
    """
    found = Found()
    for file in files:
        path = root / file.name
        if not path.exists():
            found.problems.append(f"{file.name} is missing ({file.rows} rows)")
            continue
        try:
            _read(found, path, file, modules)
        except (pa.ArrowException, KeyError, OSError) as error:
            found.problems.append(f"{file.name} cannot be read as a {file.table} table: {error}")
    return found


def _read(found: Found, path: Path, file: DataFile, modules: list[str]) -> None:
    parquet = pq.ParquetFile(path)
    rows = parquet.metadata.num_rows
    found.rows[(file.table, file.night)] += rows
    for what, told, there in (("bytes", file.bytes, path.stat().st_size), ("rows", file.rows, rows)):
        if told != there:
            found.problems.append(f"{file.name} {what} {there} is not {what} in the ledger ({told})")
    if [file.table, f"night={file.night}"] != list(Path(file.name).parts[:2]):
        found.problems.append(f"{file.name} is told to be of table {file.table}, night {file.night}")
    read_rows(found, parquet, file, modules)


def read_rows(found: Found, parquet: Rows, file: DataFile, modules: list[str]) -> None:
    """Note what the rows of a file say, wherever they are.

    Parameters
    ----------
    found : Found
        What the rows say is added to it.
    parquet : Rows
        A file, or the rows of it in merged ones.
    file : DataFile
        What the ledger says of it: table and night say what its rows should be.
    modules : list of str
        Names of the science modules that are counted.
    """
    wrong = {"quarantine": _read_quarantine, "science": _read_science}.get(file.table, _read_alerts)
    found.problems.extend(f"{file.name} {each}" for each in wrong(found, parquet, file, modules))


def _read_quarantine(found: Found, parquet: Rows, file: DataFile, modules: list[str]) -> Iterator[str]:
    del modules
    found.reasons.setdefault(file.night, Counter()).update(parquet.read(["reason"])["reason"].to_pylist())
    for batch in parquet.iter_batches(64, columns=["size", "value"]):
        held = pc.fill_null(pc.binary_length(batch["value"]), 0)
        wrong = pc.sum(pc.not_equal(held, batch["size"])).as_py() or 0
        if wrong:
            yield f"has {wrong} entries whose bytes are not as many as their size says"


def _read_alerts(found: Found, parquet: Rows, file: DataFile, modules: list[str]) -> Iterator[str]:
    """Alert ids of a raw or cutouts file."""
    del modules
    columns = [name for name in ("survey", "alert_id", "content_hash") if name in parquet.schema_arrow.names]
    table = parquet.read([*columns, "night"])
    found.alerts.setdefault(file.table, []).append(table.select(columns))
    yield from _other_nights(table, file)


def _read_science(found: Found, parquet: Rows, file: DataFile, modules: list[str]) -> Iterator[str]:
    columns = ["survey", "alert_id", "content_hash", "night", *_MEASUREMENT, "n_bad_history", *modules]
    changed = 0
    for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=columns):
        table = pa.Table.from_batches([batch])
        add_counts(found.science.setdefault(file.night, {}), recount_science(table, modules))
        for name in modules:
            versions = pc.struct_field(table[name], "version")
            found.versions.setdefault(name, set()).update(map(str, pc.unique(versions).to_pylist()))
        changed += int(np.count_nonzero(content_hash(table) != table["content_hash"].to_numpy()))
        found.alerts.setdefault("science", []).append(table.select(["survey", "alert_id", "content_hash"]))
        yield from _other_nights(table, file)
    if changed:
        yield f"has {changed} rows whose {', '.join(_MEASUREMENT)} do not give their content_hash"


def _other_nights(table: pa.Table, file: DataFile) -> Iterator[str]:
    nights = {str(night or UNKNOWN_NIGHT) for night in pc.unique(table["night"]).to_pylist()}
    if nights - {file.night}:
        yield f"holds alerts of night {', '.join(sorted(nights - {file.night}))}"


def same_alerts(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables hold the same alerts, in any order: by all columns that both have.

    Parameters
    ----------
    one, other : pyarrow.Table
        With survey and alert_id, perhaps content_hash; an alert that stands twice in one should do so in the other.
    """
    shared = [name for name in ("survey", "alert_id", "content_hash") if name in set(one.column_names)]
    shared = [name for name in shared if name in set(other.column_names)]
    return bool(_sorted(one, shared).equals(_sorted(other, shared)))


def _sorted(table: pa.Table, columns: list[str]) -> Any:
    return table.select(columns).sort_by([(name, "ascending") for name in columns]).combine_chunks()
