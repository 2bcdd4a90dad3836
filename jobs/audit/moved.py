"""What the rows of a batch hold that are in merged files now: the same numbers as `files` counts of its own files."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from jobs.audit.files import Found, read_rows
from jobs.audit.maintenance import Moved, spans_of
from jobs.ledger.counts import add_counts
from jobs.ledger.history import History
from jobs.ledger.records import DataFile
from jobs.ledger.spans import SpanFile
from jobs.maintenance.compaction import ORDERS
from jobs.maintenance.rescored import Newest
from jobs.storage.layout import UNKNOWN_NIGHT


def read_moved(
    found: Found, moved: Moved, files: Iterable[DataFile], modules: list[str], ids: pa.Table, replaced: Newest
) -> None:
    """Add to what was found in a batch's own files what is found of it in merged ones.

    Parameters
    ----------
    found : Found
        Of the batch's own files; it is added to.
    moved : Moved
        Of the output.
    files : iterable of DataFile
        All of the batch; those that are in their place are passed over.
    modules : list of str
        Names of the batch's science modules.
    ids : pyarrow.Table
        survey, alert_id of the batch: how its rows are told from others where they were sorted among them.
    replaced : dict
        Modules whose answers a rescoring gave, per night; they are counted, too.
    """
    mixed: dict[str, list[DataFile]] = {}
    for file in files:
        history = moved.history(file)
        if history is None:
            continue
        _check_told(found, history, file)
        try:
            if not history.successors(file.name):
                _add_pruned(found, file)
            elif file.table in ORDERS:
                mixed.setdefault(file.night, []).append(file)
            else:
                _add_spans(found, moved, history, file, modules)
        except (pa.ArrowException, KeyError, OSError) as error:
            found.problems.append(f"the rows of {file.name} cannot be read from where they were merged: {error}")
    for night, gone in mixed.items():
        try:
            _add_mixed(found, moved, night, gone, sorted({*modules, *replaced.get(night, {})}), ids)
        except (pa.ArrowException, KeyError, OSError) as error:
            found.problems.append(f"the merged science of night {night} cannot be read: {error}")


def left_alerts(ids: pa.Table, held: pa.Table, pruned: int) -> bool:
    """Whether a batch's alerts are those that a table holds and as many more as were pruned.

    Parameters
    ----------
    ids : pyarrow.Table
        survey and alert_id of all alerts of the batch.
    held : pyarrow.Table
        survey and alert_id of its rows that the table still has.
    pruned : int
        How many of its rows the journal says were removed.
    """
    keys = ["survey", "alert_id"]
    if not held.num_rows:  # joining costs 1 ms, and all is pruned of most old batches
        return bool(pruned == ids.num_rows)
    strangers = held.select(keys).join(ids.select(keys), keys, join_type="left anti").num_rows
    return bool(strangers == 0 and held.num_rows + pruned == ids.num_rows)


def _check_told(found: Found, history: History, file: DataFile) -> None:
    part = history.told(file.name)
    for what, told, there in (("rows", file.rows, part.rows), ("bytes", file.bytes, part.bytes)):
        if told != there:
            found.problems.append(f"{file.name} had {there} {what} when it was merged, in the ledger it has {told}")


def _add_pruned(found: Found, file: DataFile) -> None:
    found.rows[(file.table, file.night)] += file.rows
    found.pruned[file.table] += file.rows


def _add_spans(found: Found, moved: Moved, history: History, file: DataFile, modules: list[str]) -> None:
    for path, start, stop in spans_of(moved.layout, history, file):
        found.rows[(file.table, file.night)] += stop - start
        read_rows(found, SpanFile(path, start, stop), file, modules)


def _add_mixed(
    found: Found, moved: Moved, night: str, files: Sequence[DataFile], modules: list[str], ids: pa.Table
) -> None:
    """The rows of a batch's science files of one night, found by their alert ids."""
    histories = [(history, file) for file in files if (history := moved.history(file)) is not None]
    parts = {id(science): science for science in (moved.science(history, file) for history, file in histories)}
    for science in parts.values():
        rows = science.rows_of(ids)
        alerts = science.alerts.take(pa.array(rows))
        found.rows[("science", night)] += len(rows)
        found.alerts.setdefault("science", []).append(alerts.select(["survey", "alert_id", "content_hash"]))
        add_counts(found.science.setdefault(night, {}), science.counts(rows, modules))
        for name in modules:
            found.versions.setdefault(name, set()).update(science.versions(rows, name))
        if changed := science.changed(rows):
            found.problems.append(f"night {night}: {changed} merged rows do not give their content_hash")
        others = {str(each or UNKNOWN_NIGHT) for each in pc.unique(alerts["night"]).to_pylist()} - {night}
        if others:
            found.problems.append(f"merged files of night {night} hold alerts of night {', '.join(sorted(others))}")
