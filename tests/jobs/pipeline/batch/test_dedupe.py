"""Duplicates and conflicts against an obvious loop; the order of arrival must not matter."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.ledger.id_index import IdIndex, span
from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.content import MEASUREMENT, content_hash, same_measurement
from jobs.pipeline.batch.dedupe import deduplicate, dropped_rows, rewrite_without, version_key
from jobs.pipeline.batch.staging import ID_ROWS
from jobs.storage.layout import Layout

Row = dict[str, Any]


class Known(IdIndex):
    """An index of what is said to be committed."""

    def __init__(self, known: dict[tuple[str, int], int]) -> None:
        self.known = known

    def committed(self, survey: str, ids: Any) -> dict[int, int]:
        asked = set(ids.tolist())
        return {alert: value for (own, alert), value in self.known.items() if own == survey and alert in asked}

    def measured(self, survey: str, ids: Any) -> pa.Table:
        return pa.table({name: [] for name in ("alert_id", *MEASUREMENT.names)}).cast(
            pa.schema([("alert_id", pa.int64()), *MEASUREMENT])
        )


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
    result = deduplicate(table(rows), Known(known or {}))
    return result.kept.to_pylist(), result.duplicates.to_pylist(), result.conflicts.to_pylist()


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


REAL = {"mjd": 60000.25, "ra": 150.1, "dec": 2.2, "band": "g", "flux": 229086.765, "flux_err": 21099.7}
BITS = {
    "mjd": float(np.nextafter(60000.25, np.inf)),
    "ra": float(np.nextafter(150.1, 0)),
    "dec": float(np.nextafter(2.2, 9)),
    "flux": float(np.nextafter(np.float32(229086.765), np.float32(0))),
    "flux_err": float(np.nextafter(np.float32(21099.7), np.float32(np.inf))),
}
MAG_BIT = 10 ** (0.4 * (31.4 - float(np.nextafter(np.float32(18.0), np.float32(99)))))  # REAL's flux is of 18 mag
OTHERS = {"mjd": 60000.25 + 2e-6, "ra": 150.1 + 2e-8, "dec": 2.2 - 2e-8, "band": "r", "flux": 229092.0,
          "flux_err": 21100.2}  # fmt: skip


def measured(index: int, **changes: Any) -> Row:
    values = pa.Table.from_pylist([REAL | changes], schema=MEASUREMENT)
    return row(1, int(content_hash(values)[0]), index=index, **values.to_pylist()[0])


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("seed", range(3))
def test_an_alert_whose_numbers_differ_in_one_bit_is_a_duplicate(name: str, seed: int) -> None:
    rows = [measured(0), measured(1, **{name: BITS[name]}), measured(2, **BITS), measured(3, flux=-1.0)]
    assert len({each["content_hash"] for each in rows}) == 4
    random.Random(seed).shuffle(rows)
    kept, duplicates, conflicts = sorted_out([each for each in rows if each["index"] != 3])
    assert (len(kept), len(duplicates), len(conflicts)) == (1, 2, 0)
    kept, duplicates, conflicts = sorted_out(rows)
    best = min(rows, key=lambda each: each["content_hash"])
    assert kept == [best]
    assert (len(duplicates), len(conflicts)) == ((0, 3) if best["index"] == 3 else (2, 1))


def test_one_bit_of_a_magnitude_is_a_duplicate_too() -> None:
    assert 1e-6 < abs(MAG_BIT / REAL["flux"] - 1) < 2e-6
    assert [len(part) for part in sorted_out([measured(0), measured(1, flux=MAG_BIT)])] == [1, 1, 0]


@pytest.mark.parametrize("name", OTHERS)
def test_really_different_measurements_still_conflict(name: str) -> None:
    kept, duplicates, conflicts = sorted_out([measured(0), measured(1, **{name: OTHERS[name]})])
    assert (len(kept), len(duplicates), len(conflicts)) == (1, 0, 1)


@pytest.mark.parametrize("name", ["flux", "flux_err", "band"])
def test_null_equals_null_and_nothing_else(name: str) -> None:
    one, other, known = ({name: None, "dec": REAL["dec"]}, {name: None, "dec": BITS["dec"]}, {})
    assert [len(part) for part in sorted_out([measured(0, **one), measured(1, **other)])] == [1, 1, 0]
    assert [len(part) for part in sorted_out([measured(0, **one), measured(1, **known)])] == [1, 0, 1]


def test_right_ascension_goes_round() -> None:
    below, above = (pa.Table.from_pylist([REAL | {"ra": ra}], schema=MEASUREMENT) for ra in (360 - 1e-13, 0.0))
    assert same_measurement(below, above).tolist() == [True]


def committed(tmp_path: Path, batches: list[list[Row]], names: list[str]) -> IdIndex:
    ledger = StreamLedger(Layout(tmp_path), "s")
    ledger.directory.mkdir(parents=True, exist_ok=True)
    index = IdIndex(Layout(tmp_path), ("raw",))
    for batch, rows in enumerate(batches):
        ids = table(rows)
        ledger.write_ids(batch, ids.select(["survey", "alert_id", "content_hash", *names]))
        index.add(Record(Plan("s", batch, "night", "", 0.0, ()), "", ("raw",), {}, (), span(ids), {}))
    return index


def test_a_later_batch_is_compared_with_what_was_committed(tmp_path: Path) -> None:
    index = committed(tmp_path, [[row(9, 3, **REAL)], [measured(0), row(2, 5, **REAL)]], MEASUREMENT.names)
    result = deduplicate(table([measured(1, **BITS), measured(2, flux=9.0), measured(3)]), index)
    assert [result.kept.num_rows, sorted(result.duplicates["index"].to_pylist())] == [0, [1, 3]]
    assert result.conflicts["index"].to_pylist() == [2]


def test_ids_that_were_committed_without_their_measurement_are_told_apart_by_hash(tmp_path: Path) -> None:
    """Outputs that were begun by an earlier version."""
    index = committed(tmp_path, [[measured(0)]], [])
    result = deduplicate(table([measured(1, **BITS), measured(2)]), index)
    assert result.conflicts["index"].to_pylist() == [1]
    assert result.duplicates["index"].to_pylist() == [2]


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
