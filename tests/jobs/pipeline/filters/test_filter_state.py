"""What a filter remembers: an object is sent as often as asked, a night no more than its limit, nothing is lost."""

import random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from filter_files import filter_of

from jobs.pipeline.filters import Filter, apply_state, empty_state
from jobs.pipeline.filters.columns import Catalogue

RULES: tuple[Any, ...] = ("all", "first", {"every_hours": 12}, {"every_hours": 100})


def filters_of(catalogue: Catalogue, limit: int | None = None) -> list[Filter]:
    return [
        filter_of(catalogue, f"f{at}", "mag > 1", per_object=rule, max_per_night=limit) for at, rule in enumerate(RULES)
    ]


def match(name: str, object_id: str, mjd: float, alert_id: int, survey: str = "ztf") -> dict[str, Any]:
    return {
        "survey": survey,
        "alert_id": alert_id,
        "object_id": object_id,
        "mjd": mjd,
        "night": int(mjd),
        "filter": name,
    }


def random_matches(seed: int, count: int, days: float) -> list[dict[str, Any]]:
    """In order of time; some at the same time, one id in two surveys."""
    generator = random.Random(seed)
    times = sorted(round(60000 + generator.uniform(0, days), 1) for _ in range(count))
    return [
        match(f"f{generator.randint(0, 3)}", f"o{generator.randint(0, 9)}", mjd, at, generator.choice(("ztf", "lsst")))
        for at, mjd in enumerate(times)
    ]


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [("survey", pa.string()), ("alert_id", pa.int64()), ("object_id", pa.string()), ("mjd", pa.float64()),
     ("night", pa.int64()), ("filter", pa.string())]
)  # fmt: skip


def slow(rows: list[dict[str, Any]], limit: int | None) -> tuple[list[int], list[int], list[int]]:
    """Ids sent, held back for their object, and over the limit: every match looks back over all that was sent."""
    hours = {"f0": 0.0, "f1": 30 * 24.0, "f2": 12.0, "f3": 100.0}
    sent: list[dict[str, Any]] = []
    held, over = [], []
    for row in sorted(rows, key=lambda each: (each["mjd"], each["alert_id"], each["filter"])):
        own = [each for each in sent if each["filter"] == row["filter"]]
        same = [each for each in own if (each["survey"], each["object_id"]) == (row["survey"], row["object_id"])]
        if hours[row["filter"]] and any((row["mjd"] - each["mjd"]) * 24 < hours[row["filter"]] for each in same):
            held.append(row["alert_id"])
        elif limit is not None and sum(each["night"] == row["night"] for each in own) >= limit:
            over.append(row["alert_id"])
        else:
            sent.append(row)
    return [each["alert_id"] for each in sent], held, over


@pytest.mark.parametrize("limit", [None, 1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_sent_is_what_a_slow_look_back_sends_however_batches_are_cut(
    catalogue: Catalogue, seed: int, limit: int | None
) -> None:
    rows, filters = random_matches(seed, 400, 80.0), filters_of(catalogue, limit)
    wanted, held, over = slow(rows, limit)
    generator = random.Random(seed)
    for batches in (1, 2, 7, 60):
        cuts = sorted(generator.sample(range(1, len(rows)), batches - 1))
        state, sent, counts = empty_state(), [], {"per_object": 0, "over_max_per_night": 0}
        listed: list[str] = []
        for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            part = rows[start:end]
            generator.shuffle(part)
            out, state, suppressed = apply_state(table(part), state, filters)
            sent += out["alert_id"].to_pylist()
            for numbers in suppressed.values():
                assert numbers["matched"] == numbers["sent"] + numbers["per_object"] + numbers["over_max_per_night"]
                counts = {key: counts[key] + numbers[key] for key in counts}
                listed += numbers["over"]
        assert sorted(sent) == sorted(wanted)
        assert counts == {"per_object": len(held), "over_max_per_night": len(over)}
        assert sorted(int(name.split(":")[1]) for name in listed) == sorted(over)
    assert held
    assert bool(over) == (limit is not None)


def test_a_batch_that_runs_again_decides_the_same(catalogue: Catalogue) -> None:
    rows, filters = random_matches(1, 100, 5.0), filters_of(catalogue, 2)
    _, before, _ = apply_state(table(rows[:50]), empty_state(), filters)
    once, again = (apply_state(table(rows[50:]), before, filters) for _ in range(2))
    assert once[0].equals(again[0])
    assert once[1].equals(again[1])
    assert once[2] == again[2]


def test_the_state_holds_matches_only_and_forgets_after_thirty_days(catalogue: Catalogue) -> None:
    filters = filters_of(catalogue)
    early = [match("f1", f"o{at}", 60000.0, at) for at in range(5)] + [match("f0", "o9", 60000.0, 99)]
    _, state, _ = apply_state(table(early), empty_state(), filters)
    assert sorted(state["object_id"].to_pylist()) == [f"o{at}" for at in range(5)]
    sent, state, _ = apply_state(table([match("f1", "new", 60029.9, 100)]), state, filters)
    assert state.num_rows == 6
    sent, state, _ = apply_state(
        table([match("f1", "later", 60030.5, 101), match("f1", "o1", 60030.5, 102)]), state, filters
    )
    assert sent["alert_id"].to_pylist() == [101, 102]
    assert sorted(state["object_id"].to_pylist()) == ["later", "new", "o1"]


def test_a_late_alert_of_an_object_that_was_sent_is_held_back(catalogue: Catalogue) -> None:
    filters = filters_of(catalogue)
    _, state, _ = apply_state(table([match("f2", "o", 60010.0, 1)]), empty_state(), filters)
    sent, after, suppressed = apply_state(table([match("f2", "o", 60005.0, 2)]), state, filters)
    assert sent.num_rows == 0
    assert suppressed["f2"]["per_object"] == 1
    assert after.equals(state)


def test_a_private_alert_is_counted_and_not_sent_unless_the_filter_says_so(catalogue: Catalogue) -> None:
    """It takes no place of a public one: neither in the night's limit nor as its object's first alert."""
    rules: dict[str, Any] = {"per_object": "first", "max_per_night": 2}
    public, partner = (
        filter_of(catalogue, name, "mag > 1", private=private, **rules)
        for name, private in (("public", False), ("partner", True))
    )
    rows = [
        match(name, f"o{object_id}", 60000.0 + at / 100, at) | {"is_public": is_public}
        for name in ("public", "partner")
        for at, (object_id, is_public) in enumerate([(1, False), (1, True), (2, False), (3, None), (4, True)])
    ]
    schema = SCHEMA.append(pa.field("is_public", pa.bool_()))
    sent, _, held = apply_state(pa.Table.from_pylist(rows, schema=schema), empty_state(), [public, partner])
    by_filter = {name: sent.filter(pc.equal(sent["filter"], name))["alert_id"].to_pylist() for name in held}
    assert by_filter == {"public": [1, 3], "partner": [0, 2]}
    counts = {"matched": 5, "sent": 2, "private": 2, "per_object": 0, "over_max_per_night": 1, "over": ["ztf:4"]}
    assert held["public"] == counts
    assert held["partner"] == counts | {
        "private": 0,
        "per_object": 1,
        "over_max_per_night": 2,
        "over": ["ztf:3", "ztf:4"],
    }


def test_private_is_part_of_the_version_and_leaves_the_others_as_they_were(catalogue: Catalogue) -> None:
    plain, said, asked = (
        filter_of(catalogue, "f", "mag > 1", **keys) for keys in ({}, {"private": False}, {"private": True})
    )
    assert plain.version == said.version != asked.version
