"""Look-ups in HBase."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from jobs.archive.position import Cone
from jobs.lookup.circle import objects_of, pixel_ranges, within
from jobs.lookup.paging import after, question_of, read_token
from jobs.lookup.questions import (
    BY_TIME,
    NEAREST_ALERTS,
    NEAREST_OBJECTS,
    alert_id_of,
    circle_of,
    list_of,
    of_survey,
    positive,
)  # fmt: skip
from jobs.lookup.store import NotThere, Page
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.store import keys
from jobs.store.reading import StoreReader, cutouts_of
from jobs.store.scanning import Row
from jobs.store.tables import ALERT_INDEX, ALERTS, CUTOUTS, LATEST, SKY

# Four questions at the same time, each over four salts; they wait for servers, not for a core.
_THREADS = 16


@dataclass
class HBaseStore:
    """Answers questions from the tables of a namespace (`store.LookupStore`).

    Parameters
    ----------
    reader : StoreReader
    """

    reader: StoreReader

    def object(self, object_id: str, survey: str | None = None) -> pa.Table:
        """All alerts of an object, see `LookupStore`.

        Parameters
        ----------
        object_id, survey
            As of `LookupStore.object`.
        """
        prefixes = [keys.object_key(each, object_id) for each in _surveys(survey)]
        rows = [row for prefix in prefixes for row in self.reader.range(ALERTS, prefix, keys.after(prefix))]
        if not rows:
            raise NotThere(f"{self} has no object {object_id!r}{of_survey(survey)}")
        return self.reader.alerts([cells for _, cells in rows]).sort_by(list(BY_TIME))

    def alert(self, alert_id: int, survey: str | None = None, cutouts: bool = False) -> pa.Table:
        """An alert, see `LookupStore`.

        Parameters
        ----------
        alert_id, survey, cutouts
            As of `LookupStore.alert`.
        """
        (number,) = keys.numbers(np.array([alert_id_of(alert_id)], np.int64))
        index = self.reader.rows(ALERT_INDEX, [keys.index_key(each, number) for each in _surveys(survey)])
        places = [cell for row in index for cell in row.values()]
        rows = [row for row in self.reader.rows(ALERTS, places) if row]
        if not rows:
            raise NotThere(f"{self} has no alert {alert_id}{of_survey(survey)}")
        table = self.reader.alerts(rows)
        if cutouts:
            for name, column in cutouts_of(self.reader.rows(CUTOUTS, places)).items():
                table = table.append_column(name, column)
        return table.sort_by(list(BY_TIME))

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The alerts within a circle, see `LookupStore`.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            As of `LookupStore.cone`.
        """
        question = question_of("cone", ra, dec, radius_deg)
        found = self._within(circle_of(ra, dec, radius_deg))
        return after(found, NEAREST_ALERTS, read_token(token, question), positive(limit), question)

    def cone_objects(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The objects within a circle, see `LookupStore`.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            As of `LookupStore.cone_objects`.
        """
        question = question_of("cone_objects", ra, dec, radius_deg)
        found = objects_of(self._within(circle_of(ra, dec, radius_deg)))
        return after(found, NEAREST_OBJECTS, read_token(token, question), positive(limit), question)

    def latest(self, kind: str, name: str, limit: int) -> pa.Table:
        """The newest alerts of a list, see `LookupStore`.

        Parameters
        ----------
        kind, name, limit
            As of `LookupStore.latest`.
        """
        called, limit = list_of(kind, name), positive(limit)
        prefix = keys.latest_prefix(kind, name)

        def read(salt: int) -> list[Row]:
            start = prefix + bytes((salt,))
            return self.reader.range(LATEST, start, keys.after(start), limit)

        rows = _together(read, range(keys.LATEST_SALTS))
        if not rows:
            raise NotThere(f"{self} has no {called}")
        # Behind prefix and salt a key is reversed time, survey and id: the order of a list.
        rows.sort(key=lambda row: row[0][len(prefix) + 1 :])
        return self.reader.summaries([cell for _, cells in rows[:limit] for cell in cells.values()])

    def whole(self, summaries: pa.Table) -> pa.Table:
        """The whole alerts of summaries, see `LookupStore`.

        Parameters
        ----------
        summaries : pyarrow.Table
        """
        ids, mjd = (summaries[name].combine_chunks().to_numpy(zero_copy_only=False) for name in ("alert_id", "mjd"))
        names = zip(summaries["survey"].to_pylist(), summaries["object_id"].to_pylist(), strict=True)
        places = keys.alert_keys([keys.object_key(*name) for name in names], mjd, ids)
        rows = [row for row in self.reader.rows(ALERTS, places) if row]
        return self.reader.alerts(rows) if rows else summaries[:0]

    def _within(self, cone: Cone) -> pa.Table:
        ranges = pixel_ranges(cone)

        def read(salt: int) -> list[Row]:
            first = bytes((salt,))
            own = [(first + start.to_bytes(8, "big"), first + stop.to_bytes(8, "big")) for start, stop in ranges]
            return self.reader.ranges(SKY, own)

        rows = _together(read, range(keys.SKY_SALTS))
        return within(self.reader.summaries([cell for _, cells in rows for cell in cells.values()]), cone)

    def __str__(self) -> str:
        return f"HBase at {self.reader.address}, namespace {self.reader.namespace},"


def _surveys(survey: str | None) -> Sequence[str]:
    return SURVEY_NAMES if survey is None else (survey,)


def _together(read: Callable[[int], list[Row]], salts: range) -> list[Row]:
    """The rows of all salts, each read over a connection of its own."""
    return [row for rows in _threads(os.getpid()).map(read, salts) for row in rows]


@cache
def _threads(process: int) -> ThreadPoolExecutor:
    """Kept, since to start some takes as long as a call; a forked process has none of its parent's."""
    del process
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")
