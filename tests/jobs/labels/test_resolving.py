"""Labels that contradict each other are reported, and no order of rows decides between them."""

import itertools
from typing import Any

import pyarrow as pa
import pytest

from jobs.labels.resolving import Conflict, resolve
from jobs.labels.table import SCHEMA


def labels(*rows: tuple[Any, ...]) -> pa.Table:
    """Rows of object, alert, class, source."""
    names = ("object_id", "alert_id", "class", "source")
    told = [{"survey": "ztf", "who": "w", "weight": 1.0, **dict(zip(names, row, strict=True))} for row in rows]
    return pa.Table.from_pylist(told, schema=SCHEMA)


def told(table: pa.Table) -> dict[Any, Any]:
    return {row["alert_id"] or row["object_id"]: row["class"] for row in table.to_pylist()}


def test_labels_that_agree_are_one_and_the_finest_is_taken() -> None:
    given = labels(("a", None, "SN", "fink_simbad"), ("a", None, "SNIa", "bts"), ("b", None, "VS", "fink_vsx"))
    resolved, conflicts = resolve(given, "leaf")
    assert told(resolved) == {"a": "SNIa", "b": "VS"}
    assert conflicts == []
    assert told(resolve(given, "coarse")[0]) == {"a": "SN", "b": "VS"}


def test_a_spectrum_wins_over_simbad_and_both_sides_are_told() -> None:
    given = labels(("a", None, "AGN", "fink_simbad"), ("a", None, "SNIa", "fink_tnsclass"))
    resolved, conflicts = resolve(given)
    assert told(resolved) == {"a": "SN"}
    sides = (("AGN", "fink_simbad", "w"), ("SN", "fink_tnsclass", "w"))
    assert conflicts == [Conflict("ztf", "a", None, sides, "SN")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_equal_evidence_is_left_out_in_every_order(order: tuple[int, ...]) -> None:
    rows = [("a", None, "SNIa", "tns"), ("a", None, "VS", "bts"), ("a", None, "VS", "fink_simbad")]
    resolved, conflicts = resolve(labels(*(rows[i] for i in order)))
    assert told(resolved) == {"a": None}
    assert [each.resolved for each in conflicts] == [None]
    assert conflicts[0].sides == (("SN", "tns", "w"), ("VS", "bts", "w"), ("VS", "fink_simbad", "w"))


def test_leaves_that_differ_conflict_only_where_leaves_are_asked_for() -> None:
    given = labels(("a", None, "SNIa", "tns"), ("a", None, "SNII", "bts"))
    assert resolve(given, "coarse")[1] == []
    assert told(resolve(given, "coarse")[0]) == {"a": "SN"}
    assert told(resolve(given, "leaf")[0]) == {"a": None}


def test_an_alert_is_held_against_its_object() -> None:
    given = labels(("a", None, "VS", "fink_vsx"), ("a", 7, "asteroid", "ztf_ssnamenr"), ("a", 8, "VS", "fink_gcvs"))
    resolved, conflicts = resolve(given)
    assert told(resolved) == {"a": "VS", 7: None, 8: "VS"}
    assert [(each.alert_id, each.resolved) for each in conflicts] == [(7, None)]


def test_a_label_keeps_who_gave_it() -> None:
    resolved, _ = resolve(
        labels(("a", None, "SN", "tns"), ("a", None, "SNIa", "bts"), ("a", None, "SN", "fink_simbad"))
    )
    assert resolved.select(["source", "who", "weight"]).to_pylist() == [
        {"source": "bts+tns", "who": "w", "weight": 1.0}
    ]


def test_no_labels_are_none() -> None:
    resolved, conflicts = resolve(labels())
    assert (resolved.num_rows, resolved.schema, conflicts) == (0, SCHEMA, [])
