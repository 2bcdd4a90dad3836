"""Look-ups in an archive without HBase: objects and cones over 200 nights, by percentiles of 500 questions."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jobs.bench.archive_nights import Sky, night_name, templates, write_night
from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, timed
from jobs.bench.scratch import empty_folder
from jobs.index.science_index import FOLDER
from jobs.index.upkeep import index_nights
from jobs.lookup.archive import ArchiveStore
from jobs.storage.layout import Layout

NIGHTS = 200
QUESTIONS, FEW_QUESTIONS = 500, 10
_SEED = 11


def lookups(bench: Bench) -> list[Number]:
    """Making an archive of `alerts` alerts and its index, and what is asked of it; every answer is compared with what was made.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    AssertionError
        If an answer is not right.
    """
    rng = np.random.default_rng(_SEED)
    sky = Sky.of(bench.alerts, NIGHTS, rng)
    with empty_folder() as folder:
        layout, rows = Layout(folder), templates(bench)
        began = time.perf_counter()
        for night in range(NIGHTS):
            write_night(layout, sky, night, rows, rng)
        numbers = [
            Number("writing the science table", "s", (time.perf_counter() - began,)),
            Number("  its size", "byte/alert", (_size(layout.table("science")) / bench.alerts,)),
            Number("  objects", "", (float(len(sky.ra)),)),
        ]
        numbers += _indexing(layout, sky, rng, bench.alerts)
        asking = Asking(ArchiveStore(folder), sky, rng)
        for kind in asking.kinds():
            numbers += _percentiles(kind, [asking.round(kind, QUESTIONS) for _ in range(bench.repeats)])
    return numbers


def _indexing(layout: Layout, sky: Sky, rng: np.random.Generator, alerts: int) -> list[Number]:
    """What the index costs, and look-ups where `strix compact` has not been yet."""
    store = ArchiveStore(layout.root)
    made = timed(lambda: store.cone(10.0, 10.0, 1 / 60, 10))
    numbers = [
        Number("first question: the index is made", "s", (made,)),
        Number("  its size", "byte/alert", (_size(layout.root / FOLDER) / alerts,)),
    ]
    asking = Asking(store, sky, rng)
    numbers += _percentiles("object, of science files", [asking.round("object", FEW_QUESTIONS)])
    packed = timed(lambda: index_nights(layout))
    keys = numbers[1].median
    return [
        *numbers,
        Number("packing the rows", "s", (packed,)),
        Number("  their size", "byte/alert", (_size(layout.root / FOLDER) / alerts - keys,)),
        Number("opening: the first question", "s", (timed(lambda: ArchiveStore(layout.root).cone(1.0, 1.0, 0.1, 5)),)),
    ]


@dataclass
class Asking:
    """Random questions, and whether their answers are right.

    Parameters
    ----------
    store : ArchiveStore
    sky : Sky
        What was written.
    rng : numpy.random.Generator
    """

    store: ArchiveStore
    sky: Sky
    rng: np.random.Generator

    def kinds(self) -> dict[str, Callable[[int], None]]:
        """What is asked about an alert, by its number; of an object also about an object, by its number."""
        return {
            "object": lambda alert: self._object(int(self.sky.object[alert])),
            "object, any": lambda number: self._object(number % len(self.sky.ra)),
            "cone of 1 arcmin": lambda alert: self._cone(alert, 1 / 60),
            "cone of 1 arcmin, objects": self._cone_objects,
            "cone of 1 deg, first 100": lambda alert: self._cone(alert, 1.0),
            "alert": self._alert,
            "latest 100 of a night": self._latest,
        }

    def round(self, kind: str, questions: int) -> list[float]:
        """Seconds of each of some random questions.

        Parameters
        ----------
        kind : str
            One of `kinds`.
        questions : int
        """
        ask = self.kinds()[kind]
        asked = self.rng.integers(0, len(self.sky.object), questions).tolist()
        return [timed(lambda alert=alert: ask(alert)) for alert in asked]  # type: ignore[misc]

    def _object(self, number: int) -> None:
        name = self.sky.names(np.array([number]))[0].as_py()
        rows = self.store.object(name)
        if rows.num_rows != int(np.sum(self.sky.object == number)):
            raise AssertionError(f"{name} has {np.sum(self.sky.object == number)} alerts, the answer {rows.num_rows}")

    def _cone(self, alert: int, radius_deg: float) -> None:
        of = self.sky.object[alert]
        page = self.store.cone(float(self.sky.ra[of]), float(self.sky.dec[of]), radius_deg, 100)
        if (alert + 1) * 10**10 not in page.rows["alert_id"].to_pylist() and page.token is None:
            raise AssertionError(f"alert {alert} is not in the circle about its place")

    def _cone_objects(self, alert: int) -> None:
        of = int(self.sky.object[alert])
        page = self.store.cone_objects(float(self.sky.ra[of]), float(self.sky.dec[of]), 1 / 60, 100)
        own = dict(zip(page.rows["object_id"].to_pylist(), page.rows["n_alerts"].to_pylist(), strict=True))
        name = self.sky.names(np.array([of]))[0].as_py()
        if own.get(name) != int(np.sum(self.sky.object == of)):
            raise AssertionError(f"{name} has {np.sum(self.sky.object == of)} alerts, the answer {own.get(name)}")

    def _alert(self, alert: int) -> None:
        rows = self.store.alert((alert + 1) * 10**10)
        if rows["object_id"].to_pylist() != self.sky.names(self.sky.object[[alert]]).to_pylist():
            raise AssertionError(f"alert {alert} is of another object")

    def _latest(self, alert: int) -> None:
        night = night_name(int(self.sky.night[alert]))
        if self.store.latest("night", night, 100)["night"].to_pylist()[0] != int(night):
            raise AssertionError(f"the newest of night {night} are of another")


def _percentiles(kind: str, rounds: Iterable[list[float]]) -> list[Number]:
    times = [np.array(seconds) * 1000 for seconds in rounds]
    return [
        Number(f"{kind}: p{percent}", "ms", tuple(float(np.percentile(each, percent)) for each in times))
        for percent in (50, 99)
    ]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
