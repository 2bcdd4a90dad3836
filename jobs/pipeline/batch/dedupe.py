"""Which alerts of a batch are duplicates, which conflict, and the rewriting of the few files that hold them.

The same (survey, alert_id) with the same content hash is a duplicate: kept once, counted; and so is one whose numbers
differ from what stays by their last bits (`content.same_measurement`). Another measurement under the same id goes to
quarantine. Each is compared with what stays, not with others like it, so that the order does not matter. Across batches
the first committed stays; within a batch the newest schema version, then the smallest hash, then the first by file and
index, or topic, partition and offset: never the order of arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.ledger.id_index import IdIndex
from jobs.packets.content import MEASUREMENT, same_measurement
from jobs.pipeline.batch.night_file import write_parquet_options
from jobs.pipeline.batch.staging import ID_ROWS
from jobs.storage.repeated_text import COLUMNS, parquet_writer, unified

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DedupResult:
    """What dedupe found in a batch's ids.

    Attributes
    ----------
    kept, duplicates, conflicts : pyarrow.Table
        Rows of staging.ID_ROWS; together they are all rows.
    """

    kept: pa.Table
    duplicates: pa.Table
    conflicts: pa.Table


def deduplicate(ids: pa.Table, index: IdIndex) -> DedupResult:
    """Sort a batch's alerts into kept, duplicates and conflicts.

    Parameters
    ----------
    ids : pyarrow.Table
        staging.ID_ROWS of all tasks.
    index : IdIndex
        Ids of the sealed batches before this one.
    """
    keep = np.zeros(ids.num_rows, dtype=bool)
    conflict = np.zeros(ids.num_rows, dtype=bool)
    surveys = np.asarray(ids["survey"].to_numpy(), dtype=object)
    for survey in sorted(set(surveys)):
        own = np.flatnonzero(surveys == survey)
        keep[own], conflict[own] = _judge_survey(survey, ids.take(pa.array(own)), index)
    return DedupResult(
        kept=ids.filter(pa.array(keep)),
        duplicates=ids.filter(pa.array(~keep & ~conflict)),
        conflicts=ids.filter(pa.array(conflict)),
    )


def _judge_survey(survey: str, ids: pa.Table, index: IdIndex) -> tuple[Bools, Bools]:
    alert_ids = ids["alert_id"].to_numpy()
    hashes = ids["content_hash"].to_numpy()
    order = _precedence(ids)
    _, first = np.unique(alert_ids[order], return_index=True)
    winners = order[first]
    stays = dict(zip(alert_ids[winners].tolist(), hashes[winners].tolist(), strict=True))
    committed = index.committed(survey, alert_ids)
    stays.update(committed)
    keep = np.zeros(len(alert_ids), dtype=bool)
    keep[winners] = True
    if committed:
        keep &= ~np.isin(alert_ids, np.fromiter(committed, dtype=np.int64, count=len(committed)))
    losers = np.flatnonzero(~keep)
    conflict = np.zeros(len(alert_ids), dtype=bool)
    for row in losers.tolist():
        conflict[row] = stays[int(alert_ids[row])] != int(hashes[row])
    if conflict.any():
        kept = ids.filter(pa.array(keep))
        conflict[conflict] = ~_nearly_same(survey, ids.filter(pa.array(conflict)), kept, index)
    return keep, conflict


def _nearly_same(survey: str, suspects: pa.Table, kept: pa.Table, index: IdIndex) -> Bools:
    """Whether rows whose hashes differ from what stays under their ids are that measurement all the same."""
    names = ["alert_id", *MEASUREMENT.names]
    committed = suspects.filter(pc.invert(pc.is_in(suspects["alert_id"], value_set=kept["alert_id"].combine_chunks())))
    stays = pa.concat_tables([kept.select(names), index.measured(survey, committed["alert_id"].to_numpy())])
    places = pc.index_in(suspects["alert_id"], value_set=stays["alert_id"].combine_chunks())
    return same_measurement(suspects, stays.take(places))


def _precedence(ids: pa.Table) -> NDArray[np.int64]:
    """Row numbers, best first: newest schema version, smallest hash, first by origin."""
    versions = [version_key(text) for text in ids["schema_version"].to_pylist()]
    columns = {
        "major": [-major for major, _ in versions],
        "minor": [-minor for _, minor in versions],
        "hash": ids["content_hash"],
        **{name: ids[name] for name in ("file", "topic", "partition", "offset", "index")},
    }
    keys = [(name, "ascending") for name in columns]
    return np.asarray(pc.sort_indices(pa.table(columns), sort_keys=keys).to_numpy(), dtype=np.int64)


def version_key(text: str | None) -> tuple[int, int]:
    """A schema version as numbers: 4.02 is (4, 2) and newer than 3.3; one that is not of this form is the oldest.

    Parameters
    ----------
    text : str or None
        As provenance has it.

    Returns
    -------
    major, minor : int
        (-1, -1) for one that is not of this form.
    """
    major, _, minor = (text or "").partition(".")
    return (int(major), int(minor or 0)) if major.isdigit() and (minor or "0").isdigit() else (-1, -1)


def dropped_rows(rows: Iterable[pa.Table]) -> dict[tuple[str, str], list[int]]:
    """Rows to leave out per (part, night), from the ID_ROWS of duplicates and conflicts.

    Parameters
    ----------
    rows : iterable of pyarrow.Table
        Of staging.ID_ROWS.

    Returns
    -------
    dict of (str, str) to list of int
        Numbers of rows in the files of that task and night.
    """
    dropped: dict[tuple[str, str], list[int]] = {}
    for row in pa.concat_tables([ID_ROWS.empty_table(), *rows]).select(["part", "night", "row"]).to_pylist():
        dropped.setdefault((row["part"], row["night"]), []).append(row["row"])
    return dropped


def rewrite_without(path: Path, rows: list[int]) -> tuple[Path, pa.Table] | None:
    """Write a staged file again without some rows, beside it; None if nothing is left.

    Parameters
    ----------
    path : Path
        A staged Parquet file; it stays.
    rows : list of int
        Numbers of those to leave out.

    Returns
    -------
    path, table : Path, pyarrow.Table
        The new file and what it holds.
    """
    schema = pq.read_schema(path)
    with pq.ParquetFile(path, read_dictionary=[name for name in COLUMNS if name in schema.names]) as file:
        table = file.read()
    keep = np.ones(table.num_rows, dtype=bool)
    keep[rows] = False
    if not keep.any():
        return None
    left = table.filter(pa.array(keep))
    new = path.with_name(path.name.replace(".parquet", "-deduped.parquet"))
    with parquet_writer(new, schema, write_parquet_options(schema)) as writer:
        writer.write_table(unified([left]))
    return new, left
