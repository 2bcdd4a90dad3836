"""The comparison that the kill tests lean on sees what it must see."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from comparing import as_bits, read_table, table_differences

LAST_BIT = float(np.nextafter(1.5, 2.0))


def table(values: list[object], lists: list[object]) -> pa.Table:
    struct = pa.array([{"inner": value} for value in values], pa.struct([("inner", pa.float32())]))
    columns = {
        "survey": pa.array(["ztf"] * len(values)),
        "alert_id": pa.array(range(len(values)), pa.int64()),
        "flux": pa.array(values, pa.float64()),
        "curve": pa.array(lists, pa.list_(pa.float64())),
        "module": struct,
    }
    return pa.table(columns)


@pytest.mark.parametrize(
    ("one", "two", "column"),
    [
        (table([1.5], [[1.0]]), table([LAST_BIT], [[1.0]]), "flux"),
        (table([0.0], [[1.0]]), table([-0.0], [[1.0]]), "flux"),
        (table([None], [[1.0]]), table([float("nan")], [[1.0]]), "flux"),
        (table([1.0], [[1.5, 2.0]]), table([1.0], [[LAST_BIT, 2.0]]), "curve"),
        (table([1.0], [[]]), table([1.0], [None]), "curve"),
        (table([1.0, 1.0], [[1.0], [2.0, 3.0]]), table([1.0, 1.0], [[1.0, 2.0], [3.0]]), "curve"),
    ],
)
def test_the_smallest_difference_is_seen_and_named(one: pa.Table, two: pa.Table, column: str) -> None:
    assert table_differences("science", one, one.slice(0)) == []
    assert any(told.startswith(f"science.{column}: alert 0") for told in table_differences("science", one, two))


def test_nan_equals_nan_and_what_lies_under_a_null_does_not_count() -> None:
    values = np.array([np.nan, 7.0])
    one = pa.array(values, mask=np.array([False, True]))
    two = pa.array(np.array([np.nan, 8.0]), mask=np.array([False, True]))
    assert as_bits(one).equals(as_bits(two))


def test_a_lost_a_moved_and_a_doubled_row_are_seen(tmp_path: Path) -> None:
    whole = table([1.0, 2.0], [[1.0], [2.0]])
    for name, rows, night in (
        ("whole", [0, 1], "1"),
        ("lost", [0], "1"),
        ("doubled", [0, 1, 1], "1"),
        ("moved", [0, 1], "2"),
    ):
        folder = tmp_path / name / "science" / f"night={night}"
        folder.mkdir(parents=True)
        pq.write_table(whole.take(rows), folder / "x.parquet")
    read = {path.name: read_table(path, "science") for path in tmp_path.iterdir()}
    assert table_differences("science", read["whole"], read["whole"]) == []
    assert "only left {1}" in table_differences("science", read["whole"], read["lost"])[0]
    assert table_differences("science", read["whole"], read["doubled"])
    assert "_night" in table_differences("science", read["whole"], read["moved"])[0]
