"""HBase and the archive are asked the same 200 questions: same columns, same rows, same refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.lookup.archive import ArchiveStore
from jobs.lookup.hbase import HBaseStore
from jobs.lookup.store import BadQuestion, LookupStore, NotThere, Page

QUESTIONS = 200
pytestmark = [pytest.mark.hbase, pytest.mark.timeout(400)]
Ask = Callable[[LookupStore], Any]


def told(ask: Ask, store: LookupStore) -> Any:
    """The answer, or which refusal it was."""
    try:
        answer = ask(store)
    except (NotThere, BadQuestion) as refusal:
        return type(refusal).__name__
    return _plain(answer)


def _plain(answer: Any) -> Any:
    if isinstance(answer, Page):
        return _plain(answer.rows), answer.token
    assert isinstance(answer, pa.Table)
    # Types, too; repr tells NaN from NULL and 0.0 from -0.0.
    types = [(field.name, str(field.type).replace("<element:", "<item:")) for field in answer.schema]
    return types, repr(answer.to_pylist())


def _differences(found: Any, expected: Any) -> str:
    """Where two answers part, short enough to be read."""
    one, other = str(found), str(expected)
    at = next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), min(len(one), len(other))
    )
    return "" if one == other else f"...{one[max(0, at - 80) : at + 80]} is not ...{other[max(0, at - 80) : at + 80]}"


def questions(rows: list[dict[str, Any]]) -> list[tuple[str, Ask]]:
    chance = np.random.default_rng(11)
    placed = [row for row in rows if row["ra"] is not None and row["dec"] is not None]
    found: list[tuple[str, Ask]] = []
    for _ in range(QUESTIONS // 8):
        row, place = rows[chance.integers(len(rows))], placed[chance.integers(len(placed))]
        name, alert, survey, night = row["object_id"], row["alert_id"], row["survey"], str(row["night"])
        ra, dec, limit = place["ra"], place["dec"], int(chance.integers(1, 40))
        radius = float(chance.choice([1 / 3600, 1 / 60, 0.3, 2.0, 5.0]))
        found += [
            (f"object {name}", lambda store, name=name: store.object(name)),
            (f"object {name} of {survey}", lambda store, name=name, survey=survey: store.object(name, survey)),
            (f"alert {alert}", lambda store, alert=alert: store.alert(alert)),
            (f"alert {alert + 1}", lambda store, alert=alert, survey=survey: store.alert(alert + 1, survey)),
            (f"cone {ra} {dec} {radius}", lambda s, q=(ra, dec, radius, limit): s.cone(*q)),
            (f"objects of {ra} {dec} {radius}", lambda s, q=(ra, dec, radius, limit): s.cone_objects(*q)),
            (f"night {night}", lambda store, q=(night, limit): store.latest("night", *q)),
            ("body", lambda store, limit=limit: store.latest("sso", "Ceres", limit)),
        ]
    return found


def test_both_answer_two_hundred_questions_alike(
    both: tuple[ArchiveStore, HBaseStore, list[dict[str, Any]]],
) -> None:
    archive, hbase, rows = both
    asked = questions(rows)
    assert len(asked) == QUESTIONS
    refused = 0
    for what, ask in asked:
        expected, found = told(ask, archive), told(ask, hbase)
        assert _differences(found, expected) == "", what
        refused += isinstance(expected, str)
    assert 0 < refused < QUESTIONS // 4


def test_pages_of_one_store_go_on_in_the_other(both: tuple[ArchiveStore, HBaseStore, list[dict[str, Any]]]) -> None:
    archive, hbase, rows = both
    near = next(row for row in rows if row["ra"] is not None and row["dec"] is not None)
    question = (near["ra"], near["dec"], 5.0)
    whole = archive.cone(*question, 10_000).rows
    found, token, stores = [], None, [archive, hbase]
    while True:
        page = stores[len(found) % 2].cone(*question, 7, token)
        found.append(page.rows)
        token = page.token
        if token is None:
            break
    assert len(found) > 2
    assert repr(pa.concat_tables(found).to_pylist()) == repr(whole.to_pylist())


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.object("nobody"),
        lambda store: store.alert(2**63),
        lambda store: store.cone(10.0, 10.0, 6.0, 5),
        lambda store: store.cone(400.0, 10.0, 1.0, 5),
        lambda store: store.cone(10.0, 10.0, 1.0, 0),
        lambda store: store.cone(10.0, 10.0, 1.0, 5, "x"),
        lambda store: store.latest("night", "2024", 5),
        lambda store: store.latest("night", "20200101", 5),
        lambda store: store.latest("weather", "x", 5),
        lambda store: store.latest("filter", "nobody", 5),
    ],
)
def test_what_cannot_be_asked_is_refused_alike(
    both: tuple[ArchiveStore, HBaseStore, Any], ask: Ask, tmp_path: Path
) -> None:
    archive, hbase, _ = both
    assert told(ask, archive) == told(ask, hbase)
    assert isinstance(told(ask, archive), str)
