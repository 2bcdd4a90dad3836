"""Look-ups in an output's Parquet tables, where no HBase is.

Which alerts an answer has comes from the index beside the science table (`jobs.index`), summaries too; whole alerts come
from the rows that `strix compact` packed there, or from the science files. The index is made as far as it is missing: the
first question to an output that was never compacted takes some 35 ms per science file.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.archive.find import matching
from jobs.index.science_index import ScienceIndex
from jobs.index.summaries import BODY
from jobs.index.whole_rows import whole_rows
from jobs.lookup.archive_cones import nearest_alerts, nearest_objects
from jobs.lookup.archive_matches import newest_matches
from jobs.lookup.paging import after, question_of, read_token
from jobs.lookup.questions import (
    BY_TIME,
    NEAREST_ALERTS,
    NEAREST_OBJECTS,
    NEWEST_FIRST,
    alert_id_of,
    circle_of,
    list_of,
    of_survey,
    positive,
)  # fmt: skip
from jobs.lookup.store import NotThere, Page
from jobs.storage.layout import Layout
from jobs.storage.schema_union import joined
from jobs.store.arranging import arranged
from jobs.store.summary import summary_schema
from science_modules.common.view import CUTOUTS


class ArchiveStore:
    """Answers from the output of a job, as it is at each question.

    Parameters
    ----------
    directory : path
        The output.

    Raises
    ------
    NotThere
        If it has no science table.
    """

    def __init__(self, directory: str | Path) -> None:
        self._layout = Layout.of(directory)
        self._index = ScienceIndex(self._layout)
        if not self._layout.nights("science"):
            raise NotThere(f"{self._layout.root} has no science table: `strix night` and `strix enrich` write one")

    def object(self, object_id: str, survey: str | None = None) -> pa.Table:
        """All alerts of an object; as `LookupStore.object`.

        Parameters
        ----------
        object_id : str
        survey : str, optional
        """
        return self._index.ask(lambda index: self._object(index, object_id, survey))

    def _object(self, index: ScienceIndex, object_id: str, survey: str | None) -> pa.Table:
        rows = whole_rows(index, [(each, each.of_object(object_id, survey)) for each in index.segments()])
        if rows is not None:
            rows = rows.filter(pc.equal(rows["object_id"], object_id))
        if rows is None or not rows.num_rows:
            raise NotThere(f"{self._where()} no object {object_id!r}{of_survey(survey)}")
        return arranged(rows.sort_by(list(BY_TIME)))

    def alert(self, alert_id: int, survey: str | None = None, cutouts: bool = False) -> pa.Table:
        """An alert; as `LookupStore.alert`.

        Parameters
        ----------
        alert_id : int
        survey : str, optional
        cutouts : bool
        """
        rows = self._index.ask(lambda index: self._alert(index, alert_id_of(alert_id), survey))
        return self._with_cutouts(rows) if cutouts else rows

    def _alert(self, index: ScienceIndex, alert_id: int, survey: str | None) -> pa.Table:
        rows = whole_rows(index, [(each, each.of_alert(alert_id)) for each in index.segments()])
        if rows is not None:
            own = pc.equal(rows["alert_id"], alert_id)
            rows = rows.filter(own if survey is None else pc.and_(own, pc.equal(rows["survey"], survey)))
        if rows is None or not rows.num_rows:
            raise NotThere(f"{self._where()} no alert {alert_id}{of_survey(survey)}")
        return arranged(rows.sort_by(list(BY_TIME)))

    def _with_cutouts(self, rows: pa.Table) -> pa.Table:
        names = ["survey", "alert_id", *(column.name for column in CUTOUTS)]
        nights = dict.fromkeys(rows["night"].to_pylist())
        ids = pa.chunked_array(rows["alert_id"]).combine_chunks()
        files = [path for night in nights for path in self._layout.files("cutouts", night)]
        found = [piece for path in files for piece in matching(path, "alert_id", ids, names)]
        kept = {(row["survey"], row["alert_id"]): row for row in (joined(found).to_pylist() if found else ())}
        own = [kept.get(key, {}) for key in _keys(rows)]
        for column in CUTOUTS:
            rows = rows.append_column(column.field, pa.array([row.get(column.name) for row in own], column.type))
        return rows

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The alerts within a circle; as `LookupStore.cone`.

        Parameters
        ----------
        ra, dec, radius_deg : float
        limit : int
        token : str, optional
        """
        circle, question = circle_of(ra, dec, radius_deg), question_of("cone", ra, dec, radius_deg)
        begin = read_token(token, question)
        found = self._index.ask(lambda index: nearest_alerts(index.segments(), circle, begin, positive(limit)))
        return after(found, NEAREST_ALERTS, begin, limit, question)

    def cone_objects(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The objects within a circle; as `LookupStore.cone_objects`.

        Parameters
        ----------
        ra, dec, radius_deg : float
        limit : int
        token : str, optional
        """
        circle, question = circle_of(ra, dec, radius_deg), question_of("cone_objects", ra, dec, radius_deg)
        begin = read_token(token, question)
        found = self._index.ask(lambda index: nearest_objects(index.segments(), circle, begin, positive(limit)))
        return after(found, NEAREST_OBJECTS, begin, limit, question)

    def latest(self, kind: str, name: str, limit: int) -> pa.Table:
        """The newest alerts of a list; as `LookupStore.latest`.

        Parameters
        ----------
        kind : str
        name : str
        limit : int
        """
        called = list_of(kind, name)
        rows = self._index.ask(lambda index: getattr(self, f"_of_{kind}")(index, name, positive(limit)))
        if not rows.num_rows:
            raise NotThere(f"{self._where()} no {called}")
        return rows.sort_by(list(NEWEST_FIRST))[:limit].combine_chunks()

    def whole(self, summaries: pa.Table) -> pa.Table:
        """The whole alerts of summaries; as `LookupStore.whole`.

        Parameters
        ----------
        summaries : pyarrow.Table
        """
        return self._index.ask(lambda index: self._whole(index, summaries))

    def _whole(self, index: ScienceIndex, summaries: pa.Table) -> pa.Table:
        ids = summaries["alert_id"].to_numpy()
        rows = whole_rows(index, [(each, each.of_alerts(ids)) for each in index.segments()])
        if rows is None:
            return summaries[:0]
        places = {key: at for at, key in enumerate(_keys(rows))}
        order = [places[key] for key in _keys(summaries) if key in places]
        return arranged(rows.take(pa.array(order, pa.int64())))

    def _of_night(self, index: ScienceIndex, night: str, limit: int) -> pa.Table:
        return _together(segment.summaries(segment.newest(limit)) for segment in index.segments(night))

    def _of_sso(self, index: ScienceIndex, name: str, limit: int) -> pa.Table:
        del limit
        found = [segment.entries_at(rows) for segment in index.segments() if len(rows := segment.of_body(name))]
        own = (rows.filter(pc.equal(rows[BODY], name)) for rows in found)
        return _together(rows.select(summary_schema().names) for rows in own)

    def _of_filter(self, index: ScienceIndex, name: str, limit: int) -> pa.Table:
        wanted = newest_matches(self._layout, name, limit)
        segments = index.segments()
        found = []
        for alert_id in sorted({alert_id for _, alert_id in wanted}):
            found += [each.summaries(rows) for each in segments if len(rows := each.of_alert(alert_id))]
        table = _together(found)
        return table.filter(pa.array([key in wanted for key in _keys(table)], pa.bool_()))

    def _where(self) -> str:
        return f"{self._layout.root} ({self._layout.nights_in_words('science')}) has"


def _together(tables: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([summary_schema().empty_table(), *tables])


def _keys(rows: pa.Table) -> Iterator[tuple[str, int]]:
    return zip(rows["survey"].to_pylist(), rows["alert_id"].to_pylist(), strict=True)
