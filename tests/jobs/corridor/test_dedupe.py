"""Duplicates and conflicts against an obvious loop; the order of arrival must not matter."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.corridor.dedupe import dropped_rows, judge, rewrite_without, version_key
from jobs.corridor.ids import IdIndex
from jobs.corridor.staging import ID_ROWS

Row = dict[str, Any]


class Known(IdIndex):
    """An index of what is said to be committed."""

    def __init__(self, known: dict[tuple[str, int], int]) -> None:
        self.known = known

    def committed(self, survey: str, ids: Any) -> dict[int, int]:
        asked = set(ids.tolist())
        return {alert: value for (own, alert), value in self.known.items() if own == survey and alert in asked}


def row(alert_id: int, content: int = 1, **more: Any) -> Row:
    whole = dict.fromkeys(ID_ROWS.names) | {
        "survey": "ztf",
        "schema_version": "3.3",
        "part": "p",
        "night": "n",
        "row": 0,
    }
    return whole | {"file": "/a", "index": 0, "alert_id": alert_id, "content_hash": content} | more


def table(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=ID_ROWS)


def sorted_out(rows: list[Row], known: dict[tuple[str, int], int] | None = None) -> tuple[list[Row], ...]:
    verdict = judge(table(rows), Known(known or {}))
    return verdict.kept.to_pylist(), verdict.duplicates.to_pylist(), verdict.conflicts.to_pylist()


def precedence(each: Row) -> tuple[Any, ...]:
    major, minor = version_key(each["schema_version"])
    return -major, -minor, each["content_hash"], each["file"], each["index"]


def slowly(rows: list[Row], known: dict[tuple[str, int], int]) -> tuple[list[Row], ...]:
    """One alert after the other, best first."""
    kept, duplicates, conflicts = [], [], []
    stays = dict(known)
    for each in sorted(rows, key=precedence):
        key = (each["survey"], each["alert_id"])
        if key not in stays:
            stays[key] = each["content_hash"]
            kept.append(each)
        else:
            (duplicates if stays[key] == each["content_hash"] else conflicts).append(each)
    return kept, duplicates, conflicts


def place(each: Row) -> tuple[str, int]:
    return each["file"], each["index"]


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_is_sorted_out_as_a_loop_does_it_in_any_order(seed: int) -> None:
    noise = random.Random(seed)
    rows = [
        row(
            noise.randrange(-5, 25),
            noise.randrange(3),
            survey=noise.choice(["ztf", "lsst"]),
            schema_version=noise.choice(["3.3", "4.02", "10.0", "9.0", "", None, "x.y"]),
            file=noise.choice(["/a", "/b"]),
            index=number,
        )
        for number in range(80)
    ]
    known = {("ztf", number): noise.randrange(3) for number in range(0, 25, 4)}
    expected = [sorted(part, key=place) for part in slowly(rows, known)]
    for _ in range(3):
        noise.shuffle(rows)
        assert [sorted(part, key=place) for part in sorted_out(rows, known)] == expected


def test_the_same_measurement_is_a_duplicate_another_is_a_conflict() -> None:
    kept, duplicates, conflicts = sorted_out([row(1, 7, index=0), row(1, 7, index=1), row(1, 8, index=2)])
    assert [[each["index"] for each in part] for part in (kept, duplicates, conflicts)] == [[0], [1], [2]]


def test_what_was_committed_first_stays_whatever_comes_later() -> None:
    kept, duplicates, conflicts = sorted_out([row(1, 7, schema_version="99.0"), row(1, 6)], {("ztf", 1): 7})
    assert (len(kept), len(duplicates), len(conflicts)) == (0, 1, 1)
    assert conflicts[0]["content_hash"] == 6


def test_within_a_batch_the_newest_schema_wins_then_the_smallest_hash() -> None:
    kept, _, _ = sorted_out(
        [row(1, 5, schema_version="3.3"), row(1, 6, schema_version="4.02"), row(1, 7, schema_version="9.9")]
    )
    assert kept[0]["content_hash"] == 7
    kept, _, _ = sorted_out([row(2, 5, file="/b"), row(2, 5, file="/a"), row(2, 9, file="/0")])
    assert (kept[0]["content_hash"], kept[0]["file"]) == (5, "/a")


def test_surveys_do_not_share_ids() -> None:
    kept, duplicates, conflicts = sorted_out([row(1, 5), row(1, 6, survey="lsst")])
    assert (len(kept), duplicates, conflicts) == (2, [], [])


@pytest.mark.parametrize(
    ("older", "newer"), [("3.3", "4.02"), ("4.01", "4.02"), ("9.0", "10.0"), ("", "0.1"), ("x", "3.3"), (None, "1.8")]
)
def test_versions_are_compared_as_numbers(older: str | None, newer: str) -> None:
    assert version_key(older) < version_key(newer)


def test_dropped_rows_are_named_by_part_and_night() -> None:
    rows = [row(1, part="a", night="1", row=4), row(2, part="a", night="2", row=0), row(3, part="a", night="1", row=7)]
    assert dropped_rows([table(rows[:2]), table(rows[2:])]) == {("a", "1"): [4, 7], ("a", "2"): [0]}
    assert dropped_rows([]) == {}


def test_a_file_is_rewritten_without_some_rows_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"value": pa.array([b"a", b"b", b"c"], pa.large_binary()), "n": [1, 2, 3]}), path)
    written = rewrite_without(path, [1])
    assert written is not None
    assert (
        pq.read_table(written[0]).to_pylist()
        == written[1].to_pylist()
        == [{"value": b"a", "n": 1}, {"value": b"c", "n": 3}]
    )
    assert pq.read_metadata(path).num_rows == 3
    assert rewrite_without(path, [0, 1, 2]) is None
