"""Answers of a store without the alerts that do not pass a condition: the same whichever store it is."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from jobs.lookup.circle import objects_of
from jobs.lookup.paging import Key, after, question_of, read_token, token_of
from jobs.lookup.questions import NEAREST_ALERTS, NEAREST_OBJECTS, NEWEST_FIRST, circle_of, positive
from jobs.lookup.store import LookupStore, NotThere, Page
from jobs.pipeline.filters.condition import Condition
from jobs.store.summary import SCORES, summary_schema

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Alerts that are looked at first, and how many times more each time that they do not do.
_FIRST, _MORE = 256, 4
_IDS = ("survey", "alert_id")
_IN_SUMMARIES = {f"{module}.{output}": f"{module}_{output}" for module, output in SCORES}


@dataclass(frozen=True)
class NarrowedStore:
    """A `LookupStore` whose limits and pages count the alerts that pass.

    Parameters
    ----------
    store : LookupStore
        Whose alerts they are.
    condition : Condition
    """

    store: LookupStore
    condition: Condition

    def object(self, object_id: str, survey: str | None = None) -> pa.Table:
        """The alerts of an object that pass.

        Parameters
        ----------
        object_id : str
        survey : str, optional
        """
        rows = self.store.object(object_id, survey)
        return self._some(self._whole_passing(rows), f"the {rows.num_rows} alerts of object {object_id!r}")

    def alert(self, alert_id: int, survey: str | None = None, cutouts: bool = False) -> pa.Table:
        """An alert, if it passes.

        Parameters
        ----------
        alert_id : int
        survey : str, optional
        cutouts : bool
        """
        return self._some(self._whole_passing(self.store.alert(alert_id, survey, cutouts)), f"alert {alert_id}")

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The alerts within a circle that pass.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            As of `LookupStore.cone`.
        """
        circle_of(ra, dec, radius_deg)
        question = f"{question_of('cone', ra, dec, radius_deg)} where {self.condition.text}"
        begin, found, enough = read_token(token, question), [], positive(limit) + 1
        for rows in self._nearest(ra, dec, radius_deg, begin):
            found.append(self._passing(rows))
            if sum(each.num_rows for each in found) >= enough:
                break
        return after(pa.concat_tables(found), NEAREST_ALERTS, begin, limit, question)

    def cone_objects(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The objects within a circle with alerts that pass; the others of their alerts do not count.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            As of `LookupStore.cone_objects`.
        """
        circle_of(ra, dec, radius_deg)
        question = f"{question_of('cone_objects', ra, dec, radius_deg)} where {self.condition.text}"
        begin = read_token(token, question)
        alerts = pa.concat_tables([self._passing(rows) for rows in self._nearest(ra, dec, radius_deg, None)])
        return after(objects_of(alerts), NEAREST_OBJECTS, begin, positive(limit), question)

    def latest(self, kind: str, name: str, limit: int) -> pa.Table:
        """The newest alerts of a list that pass.

        Parameters
        ----------
        kind, name, limit
            As of `LookupStore.latest`.
        """
        many, seen, found = max(positive(limit), _FIRST), summary_schema().empty_table(), []
        while True:
            rows = self.store.latest(kind, name, many)
            # Others may have come in front of these since.
            found.append(self._passing(rows.filter(pc.invert(_same(rows, seen)))))
            seen = rows
            if sum(each.num_rows for each in found) >= limit or rows.num_rows < many:
                break
            many *= _MORE
        passed = pa.concat_tables(found).sort_by(list(NEWEST_FIRST))[:limit].combine_chunks()
        return self._some(passed, f"the {seen.num_rows} alerts of {kind} {name!r}")

    def whole(self, summaries: pa.Table) -> pa.Table:
        """The whole alerts of summaries, which have passed.

        Parameters
        ----------
        summaries : pyarrow.Table
        """
        return self.store.whole(summaries)

    def _nearest(self, ra: float, dec: float, radius_deg: float, begin: Key | None) -> Iterator[pa.Table]:
        """The alerts of a circle behind a row, nearest first, in parts."""
        asked, many = question_of("cone", ra, dec, radius_deg), _FIRST
        token = None if begin is None else token_of(begin, asked)
        while True:
            page = self.store.cone(ra, dec, radius_deg, many, token)
            yield page.rows
            if page.token is None:
                return
            token, many = page.token, many * _MORE

    def _passing(self, summaries: pa.Table) -> pa.Table:
        """Summaries of alerts that pass; whole alerts are read where the condition names what summaries lack."""
        if not summaries.num_rows:
            return summaries
        rows = _as_science(summaries) if self._in_summaries() else self.store.whole(summaries)
        return summaries.filter(_same(summaries, self._whole_passing(rows)))

    def _in_summaries(self) -> bool:
        return set(self.condition.kinds) <= {*summary_schema().names, *_IN_SUMMARIES}

    def _whole_passing(self, rows: pa.Table) -> pa.Table:
        return self.condition.passing(rows, _session)

    def _some(self, rows: pa.Table, of: str) -> pa.Table:
        if not rows.num_rows:
            raise NotThere(f"of {of} none is where {self.condition.text}")
        return rows


def _session() -> AbstractContextManager["SparkSession"]:
    from jobs.spark.session import session_for

    return session_for("get", "local[1]")


def _as_science(summaries: pa.Table) -> pa.Table:
    """Summaries with the scores where the science table has them."""
    modules: dict[str, dict[str, pa.Array]] = {}
    for module, output in SCORES:
        modules.setdefault(module, {})[output] = summaries[f"{module}_{output}"].combine_chunks()
    table = summaries.drop_columns(list(_IN_SUMMARIES.values()))
    for module, outputs in modules.items():
        table = table.append_column(module, pa.StructArray.from_arrays(list(outputs.values()), list(outputs)))
    return table


def _same(summaries: pa.Table, passed: pa.Table) -> pa.Array:
    """Which summaries are of alerts that passed."""
    ids = set(zip(*(passed[name].to_pylist() for name in _IDS), strict=True))
    keys = zip(*(summaries[name].to_pylist() for name in _IDS), strict=True)
    return pa.array([key in ids for key in keys], pa.bool_())
