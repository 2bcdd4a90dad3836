"""Answers narrowed by a condition: both stores, against a plain look at every row."""

import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from looked_up import NIGHTS, Row, separations
from pyspark.sql import SparkSession

from jobs.lookup import narrowed
from jobs.lookup.archive import ArchiveStore
from jobs.lookup.hbase import HBaseStore
from jobs.lookup.store import BadQuestion, NotThere

pytestmark = [pytest.mark.hbase, pytest.mark.timeout(400)]


def value(row: Row, name: str) -> Any:
    top, _, inner = name.partition(".")
    found = (row.get(top) or {}).get(inner) if inner else row.get(top)
    return None if isinstance(found, float) and math.isnan(found) else found


def is_bright(row: Row) -> bool:
    mag = value(row, "mag")
    return mag is not None and mag < 30 and row["band"] in "gr"


def is_scored(row: Row) -> bool:
    score = value(row, "acai.acai_h")
    return score is not None and score > 0


def is_often_seen(row: Row) -> bool:
    seen = value(row, "candidate.ndethist")
    return seen is not None and seen > 300_000


CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "mag < 30 AND band IN ('g', 'r')": is_bright,  # of summaries alone, in the types of the view
    "acai.acai_h > 0": is_scored,  # a score of summaries; files that the module did not run on have none
    "candidate.ndethist > 300000": is_often_seen,  # of whole alerts
}
IN_SPARK = "size(lc_flux) >= 2"  # of light curves


Both = tuple[ArchiveStore, HBaseStore, list[Row]]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.lookup.narrowed_store._FIRST", 5)


def ids(rows: Any) -> list[tuple[str, int]]:
    given = rows.to_pylist() if isinstance(rows, pa.Table) else rows
    return [(row["survey"], row["alert_id"]) for row in given]


@pytest.mark.parametrize("where", CONDITIONS)
def test_objects_and_lists_have_the_alerts_that_pass(both: Both, where: str) -> None:
    passes, stores, rows = CONDITIONS[where], both[:2], both[2]
    names = sorted({row["object_id"] for row in rows})
    for name in names[::3]:
        own = sorted(
            (row["mjd"], row["alert_id"], row["survey"]) for row in rows if row["object_id"] == name and passes(row)
        )
        for store in stores:
            if own:
                assert ids(narrowed(store, where).object(name)) == [(survey, alert) for _, alert, survey in own]
            else:
                with pytest.raises(NotThere, match=f"of the .* alerts of object '{name}' none is where"):
                    narrowed(store, where).object(name)
    newest = sorted((row for row in rows if passes(row)), key=lambda row: (-row["mjd"], row["survey"], row["alert_id"]))
    for night in NIGHTS:
        own_night = [row for row in newest if row["night"] == int(night)]
        for limit in (7, 1000):
            answers = [narrowed(store, where).latest("night", night, limit) for store in stores]
            assert ids(answers[0]) == ids(own_night[:limit])
            assert repr(answers[0].to_pylist()) == repr(answers[1].to_pylist())


@pytest.mark.parametrize("where", CONDITIONS)
def test_pages_of_a_cone_neither_skip_nor_repeat(both: Both, where: str) -> None:
    passes, stores, rows = CONDITIONS[where], both[:2], both[2]
    distances = separations(rows, 150.0, 2.0)
    inside = sorted(
        (distance, row["survey"], row["alert_id"])
        for distance, row in zip(distances, rows, strict=True)
        if distance <= 5 * 3600 and passes(row)
    )
    assert len(inside) > 4
    for limit in (3, 1000):
        found: list[pa.Table] = []
        token = None
        while token is not None or not found:
            # A page of one store goes on in the other.
            page = narrowed(stores[len(found) % 2], where).cone(150.0, 2.0, 5.0, limit, token)
            found.append(page.rows)
            token = page.token
            assert page.rows.num_rows == limit or token is None
        assert [key for page in found for key in ids(page)] == [(survey, alert) for _, survey, alert in inside]
    with pytest.raises(BadQuestion, match="another question"):
        narrowed(stores[0], "mag > 3").cone(
            150.0, 2.0, 5.0, 1, narrowed(stores[0], where).cone(150.0, 2.0, 5.0, 1).token
        )


def test_objects_of_a_cone_are_those_with_alerts_that_pass(both: Both) -> None:
    stores, rows = both[:2], both[2]
    where, passes = next(iter(CONDITIONS.items()))
    distances = separations(rows, 210.5, -30.0)
    near = [row for row, distance in zip(rows, distances, strict=True) if distance <= 5 * 3600 and passes(row)]
    counts: dict[tuple[str, str], int] = {}
    for row in near:
        counts[row["survey"], row["object_id"]] = counts.get((row["survey"], row["object_id"]), 0) + 1
    answers = [narrowed(store, where).cone_objects(210.5, -30.0, 5.0, 1000).rows for store in stores]
    told = {(row["survey"], row["object_id"]): row["n_alerts"] for row in answers[0].to_pylist()}
    assert told == counts and len(told) > 3
    assert repr(answers[0].to_pylist()) == repr(answers[1].to_pylist())


@pytest.mark.spark
def test_conditions_on_light_curves_are_evaluated_by_spark(both: Both, spark: SparkSession) -> None:
    stores, rows = both[:2], both[2]
    # Points that the survey does not show to everybody are not seen.
    own = [row for row in rows if row["night"] == int(NIGHTS[0]) and _shown(row) >= 2]
    for store in stores:
        assert sorted(ids(narrowed(store, IN_SPARK).latest("night", NIGHTS[0], 1000))) == sorted(ids(own))


def _shown(row: Row) -> int:
    if row["lc_flux"] is None:
        return 0
    public = row["lc_public"] or [None] * len(row["lc_flux"])
    return sum(each is not False for each in public)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("magg < 3", "where: line 1, column 1: unknown column magg; did you mean mag"),
        ("mag <", "where: "),
        ("is_known_sso", "can be NULL"),
        ("mag < 3 AND now() > 5", "the function now is not allowed"),
    ],
)
def test_what_is_no_condition_is_refused_as_in_a_filter(both: Both, where: str, says: str) -> None:
    with pytest.raises(BadQuestion, match=says.replace("(", r"\(")):
        narrowed(both[0], where)
