"""Finding one alert or all alerts of an object in an output, without reading what cannot hold them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.archive.top_alerts import files_of
from jobs.index.holders import files_with_object
from jobs.ledger.id_index import holders_of
from jobs.ledger.streams import StreamLedger
from jobs.pipeline.surveys import SURVEYS
from jobs.pipeline.surveys.candidate import stored_names
from jobs.storage.footers import may_hold, ranges
from jobs.storage.layout import Layout
from jobs.storage.schema_union import joined
from science_modules.common.view import VIEW_NAMES

# Of the survey's own fields, those that say where a cutout lies.
CANDIDATE = tuple(
    dict.fromkeys(stored_names(survey)[name] for survey in SURVEYS for name in survey.cutouts.candidate_fields)
)


_STAR = ("survey", "object_id")


class NotFound(LookupError):
    """The output has no such alert or object; the message says where was looked."""


def find(layout: Layout, name: str, survey: str | None = None) -> pa.Table:
    """The alert of this id, else all alerts of the object of this id.

    Parameters
    ----------
    layout : Layout
        Of the output.
    name : str
        An alert id (digits, perhaps with a minus) or an object id. Rubin's objects have numbers for names too: the
        alert goes first.
    survey : str, optional
        Look at this survey's alerts only.

    Returns
    -------
    pyarrow.Table
        Science rows in order of time, with the CANDIDATE fields of `candidate`.

    Raises
    ------
    NotFound
        If there is neither.
    """
    digits = name.removeprefix("-").isdigit() and abs(int(name)) < 2**63
    if digits and (alert := find_alert(layout, int(name), survey)).num_rows:
        return alert
    found = find_object(layout, name, survey)
    if not found.num_rows:
        raise NotFound(f"{layout.root} has neither an alert nor an object {name!r}{_hint(layout)}")
    return found


def find_alert(layout: Layout, alert_id: int, survey: str | None = None) -> pa.Table:
    """The science rows of an alert id, by the ledger's index of ids: only the files of its batch are opened.

    Parameters
    ----------
    layout : Layout
    alert_id : int
    survey : str, optional
        Only of this survey; ids of two surveys may be the same.

    Returns
    -------
    pyarrow.Table
        The common view, modules and CANDIDATE; no rows if there is no such alert.
    """
    holders = [StreamLedger(layout, stream).read(batch) for stream, batch in holders_of(layout, alert_id)]
    return _rows(files_of(layout, holders), "alert_id", alert_id, survey)


def find_object(layout: Layout, object_id: str, survey: str | None = None) -> pa.Table:
    """The science rows of an object.

    Parameters
    ----------
    layout : Layout
    object_id : str
    survey : str, optional
        Only of this survey.

    Returns
    -------
    pyarrow.Table
        As of `find_alert`. Files that the index of look-ups knows are opened where they hold the object. Of others the
        footer is read, of row groups that may hold it the column object_id, and the rest only where it is found.
    """
    return _rows(files_with_object(layout, object_id, survey), "object_id", object_id, survey)


def by_key(layout: Layout, keys: Sequence[tuple[str, int, int]]) -> pa.Table:
    """The science rows of some alerts, in the order of their keys: survey, alert id, night.

    Parameters
    ----------
    layout : Layout
    keys : sequence of tuple of (str, int, int)
        Survey, alert id, night (YYYYMMDD).

    Returns
    -------
    pyarrow.Table
        As of `find_alert`; alerts that are not found are left out.
    """
    ids = pa.array(sorted({alert for _, alert, _ in keys}), type=pa.int64())
    nights = dict.fromkeys(night for _, _, night in keys)
    files = [path for night in nights for path in layout.files("science", night)]
    tables = [rows for path in files for rows in matching(path, "alert_id", ids)]
    if not tables:
        return _nothing()
    found = joined(tables)
    names = zip(found["survey"].to_pylist(), found["alert_id"].to_pylist(), strict=True)
    place = {key: row for row, key in enumerate(names)}
    return found.take([place[key[:2]] for key in keys if key[:2] in place])


def stars_by_name(layout: Layout, keys: Sequence[tuple[str, str]]) -> pa.Table:
    """The rows of some stars of a data release, in the order of their keys: survey, object id.

    Parameters
    ----------
    layout : Layout
    keys : sequence of tuple of (str, str)

    Returns
    -------
    pyarrow.Table
        As of `find_object`; stars that are not found are left out.
    """
    if not keys:
        return _nothing()
    names = pa.array(sorted({name for _, name in keys}))
    tables = [rows for path in layout.files("science") for rows in matching(path, "object_id", names)]
    if not tables:
        return _nothing()
    found = joined(tables)
    place = {key: row for row, key in enumerate(zip(*(found[each].to_pylist() for each in _STAR), strict=True))}
    return found.take([place[key] for key in keys if key in place])


def _rows(files: Sequence[Path], column: str, value: int | str, survey: str | None) -> pa.Table:
    values = pa.array([value])
    tables = [rows for path in files for rows in matching(path, column, values)]
    if not tables:
        return _nothing()
    found = joined(tables)
    if survey is not None:
        found = found.filter(pc.equal(found["survey"], survey))
    return found.sort_by([("survey", "ascending"), ("mjd", "ascending"), ("alert_id", "ascending")])


def _nothing() -> pa.Table:
    return pa.table({name: [] for name in VIEW_NAMES})


def matching(path: Path, column: str, values: pa.Array, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Rows of a Parquet file whose column has one of some values.
    CANDIDATE.

    Parameters
    ----------
    path : pathlib.Path
    column : str
    values : pyarrow.Array
        At least one.
    columns : sequence of str, optional
        Those to read; without it the common view, modules and CANDIDATE.

    Yields
    ------
    pyarrow.Table
        One per row group that holds such rows.
    """
    with pq.ParquetFile(path) as file:
        least, most = pc.min_max(values).values()
        there = ranges(file.metadata, column)
        for group in (at for at, each in enumerate(there) if may_hold(each, least.as_py(), most.as_py())):
            hit = pc.is_in(file.read_row_group(group, columns=[column])[column], value_set=values)
            if pc.any(hit).as_py():
                chosen = list(columns) if columns is not None else _columns(file.schema_arrow)
                yield file.read_row_group(group, columns=chosen).filter(hit)


def _columns(schema: pa.Schema) -> list[str]:
    whole = [name for name in schema.names if name not in ("candidate", "content_hash", "provenance")]
    return [*whole, *(f"candidate.{name}" for name in CANDIDATE)]


def _hint(layout: Layout) -> str:
    there = layout.nights_in_words("science")
    if not there:
        return "; it has no science table: `strix night` and `strix enrich` write one"
    return f"; its science table has {there}"
