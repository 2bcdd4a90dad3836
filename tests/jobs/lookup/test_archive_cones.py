"""Cones from the Parquet archive, against distances of every row as astropy measures them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from looked_up import SUMMARY, every_row, made_up, same_summaries, separations

from jobs.lookup.archive import ArchiveStore
from jobs.lookup.store import BadQuestion
from jobs.store.summary import summary_schema

EXACT = 1e-6  # [arcsec]
PLACES = [(0.0, 90.0), (123.0, -90.0), (0.0, 0.0), (360.0, 0.01), (359.995, 0.0), (150.0, 2.0), (210.5, -30.0)]


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return made_up(tmp_path_factory.mktemp("cones"), seed=2, rows=60)


@pytest.fixture(scope="module")
def store(layout):
    return ArchiveStore(layout.root)


@pytest.fixture(scope="module")
def rows(layout):
    return every_row(layout)


def pages(ask, limit):
    """All pages, one behind the other."""
    found, token = [], None
    while True:
        page = ask(limit, token)
        found.append(page.rows)
        assert page.rows.num_rows == limit or page.token is None
        if page.token is None:
            return found
        token = page.token


def expected(rows, ra, dec, radius_deg):
    """Rows in the circle by their distance, those of one distance by survey and id; with the distances."""
    distances = separations(rows, ra, dec)
    inside = [at for at in range(len(rows)) if distances[at] <= radius_deg * 3600]
    return [rows[at] for at in inside], distances[inside]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(st.sampled_from(PLACES), st.tuples(st.floats(0, 360), st.floats(-90, 90))),
    st.one_of(st.sampled_from([1 / 60, 5.0]), st.floats(1e-4, 5.0)),
)
@example((0.0, 90.0), 5.0)
@example((0.0, 0.0), 5.0)
@example((150.0, 2.0), 5.0)
@example((210.5, -30.0), 1e-9)
@example((359.9999, 85.0), 5.0)
def test_a_cone_has_exactly_the_alerts_in_the_circle_nearest_first(store, rows, place, radius_deg):
    wanted, distances = expected(rows, *place, radius_deg)
    page = store.cone(*place, radius_deg, 10_000)
    ids = Counter((row["survey"], row["alert_id"]) for row in page.rows.to_pylist())
    if not np.any(np.abs(separations(rows, *place) - radius_deg * 3600) < EXACT):
        assert ids == Counter((row["survey"], row["alert_id"]) for row in wanted)
        assert page.rows["separation_arcsec"].to_numpy() == pytest.approx(np.sort(distances), abs=EXACT)
    told = page.rows.select(["separation_arcsec", "survey", "alert_id"]).to_pylist()
    assert told == sorted(told, key=lambda row: tuple(row.values()))
    assert page.token is None


def test_a_cone_shows_the_summary_of_each_alert(store, rows):
    page = store.cone(150.0, 2.0, 5.0, 10_000)
    assert page.rows.num_rows > 20
    by_id = {(row["survey"], row["alert_id"]): row for row in rows}
    keys = zip(page.rows["survey"].to_pylist(), page.rows["alert_id"].to_pylist(), strict=True)
    same_summaries(page.rows, [by_id[key] for key in keys])
    assert page.rows.column_names == [*SUMMARY, "separation_arcsec"]
    assert page.rows.schema.field("separation_arcsec").metadata[b"unit"] == b"arcsec"


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
@pytest.mark.parametrize("place", [(210.5, -30.0), (0.0, 0.0), (10.0, 90.0)])
def test_pages_have_every_alert_once_also_where_many_are_at_one_place(store, place, limit):
    whole = store.cone(*place, 5.0, 10_000).rows
    assert len(set(whole["separation_arcsec"].to_pylist())) < whole.num_rows or place[1] != -30.0
    parts = pages(lambda limit, token: store.cone(*place, 5.0, limit, token), limit)
    assert [row for part in parts for row in part["alert_id"].to_pylist()] == whole["alert_id"].to_pylist()
    assert [row for part in parts for row in part["survey"].to_pylist()] == whole["survey"].to_pylist()


@pytest.mark.parametrize("place", PLACES)
def test_objects_of_a_cone_have_their_newest_alert_the_nearest_distance_and_a_count(store, rows, place):
    inside, distances = expected(rows, *place, 5.0)
    objects = {}
    for row, distance in zip(inside, distances, strict=True):
        objects.setdefault((row["survey"], row["object_id"]), []).append((distance, row))
    page = store.cone_objects(*place, 5.0, 10_000).rows
    assert page.num_rows == len(objects) > 0
    newest = []
    for row in page.to_pylist():
        own = objects[row["survey"], row["object_id"]]
        assert row["n_alerts"] == len(own)
        assert row["separation_arcsec"] == pytest.approx(min(distance for distance, _ in own), abs=EXACT)
        newest.append(min((each for _, each in own), key=lambda each: (-each["mjd"], each["alert_id"])))
    same_summaries(page, newest)
    told = page.select(["separation_arcsec", "survey", "object_id"]).to_pylist()
    assert told == sorted(told, key=lambda row: tuple(row.values()))


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_pages_of_objects_have_every_object_once(store, limit):
    whole = store.cone_objects(210.5, -30.0, 5.0, 10_000).rows
    parts = pages(lambda limit, token: store.cone_objects(210.5, -30.0, 5.0, limit, token), limit)
    for name in whole.column_names:
        assert repr([row for part in parts for row in part[name].to_pylist()]) == repr(whole[name].to_pylist())


def test_a_place_where_nothing_is_has_an_empty_page(store):
    for ask in (store.cone, store.cone_objects):
        page = ask(60.0, -60.0, 0.001, 10)
        assert (page.rows.num_rows, page.token) == (0, None)
        assert page.rows.schema.names[: len(SUMMARY)] == list(SUMMARY)


def test_types_and_units_are_always_the_same(store):
    for page in (store.cone(60.0, -60.0, 0.001, 10), store.cone(150.0, 2.0, 5.0, 10)):
        assert page.rows.select(SUMMARY).schema.equals(summary_schema(), check_metadata=True)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ((10.0, 0.0, 0.0, 5), "radius of 0 deg; it can be more than 0, at most 5"),
        ((10.0, 0.0, 200.0, 5), "radius of 200 deg"),
        ((10.0, 0.0, float("nan"), 5), "radius of nan"),
        ((361.0, 0.0, 1.0, 5), "RA 361, Dec 0 is not on the sky"),
        ((1.0, -90.5, 1.0, 5), "not on the sky"),
        ((float("nan"), 0.0, 1.0, 5), "not on the sky"),
        ((10.0, 0.0, 1.0, 0), "a limit of 0"),
        ((10.0, 0.0, 1.0, 5, "???"), "page token"),
        ((10.0, 0.0, 1.0, 5, "WzEsMl0="), "page token"),
    ],
)
def test_what_cannot_be_asked_is_said(store, question, told):
    for ask in (store.cone, store.cone_objects):
        with pytest.raises(BadQuestion, match=told):
            ask(*question)


def test_a_token_of_another_question_is_refused(store):
    token = store.cone(210.5, -30.0, 5.0, 1).token
    with pytest.raises(BadQuestion, match="another question"):
        store.cone(210.5, -30.0, 4.0, 1, token)
    with pytest.raises(BadQuestion, match="another question"):
        store.cone_objects(210.5, -30.0, 5.0, 1, token)
