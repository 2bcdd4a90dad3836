"""Looking up over many files: what a footer rules out is not read, and a schema is parsed once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import cone, scan
from jobs.archive.find import find_object, matching
from jobs.storage import footers
from jobs.storage.footers import may_hold, ranges, schema_in, schema_of
from jobs.storage.layout import Layout


def table(first: int, n: int = 100) -> pa.Table:
    """Alerts of n objects, north of `first` degrees."""
    place = np.arange(n)
    return pa.table(
        {
            "survey": ["ztf"] * n, "alert_id": 1000 * first + place, "object_id": [f"o{first + k / n:06.2f}" for k in place],
            "night": [20240100 + first] * n, "mjd": place / n, "ra": place * 1.0, "dec": first + place / n,
            "m": [{"k": 1.0, "version": "1", "error": None}] * n,
        }
    )  # fmt: skip


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Five nights, each by itself in a degree of the sky, ten rows a row group."""
    layout = Layout(tmp_path)
    for first in range(1, 6):
        path = layout.published("science", str(20240100 + first), "s", first, 0)
        path.parent.mkdir(parents=True)
        pq.write_table(table(first), path, row_group_size=10)
    return layout


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The row groups that are read, with the night of their file."""
    done: list[tuple[str, Any]] = []
    groups, batches = pq.ParquetFile.read_row_group, pq.ParquetFile.iter_batches

    def read_row_group(self: Any, group: int, columns: Any = None) -> Any:
        done.append((night_in(self, group), group))
        return groups(self, group, columns=columns)

    def iter_batches(self: Any, rows: int, row_groups: Any, columns: Any) -> Any:
        done.extend((night_in(self, group), group) for group in row_groups)
        return batches(self, rows, row_groups=row_groups, columns=columns)

    def night_in(file: Any, group: int) -> int:
        return int(file.metadata.row_group(group).column(3).statistics.min)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", read_row_group)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    return done


def test_an_object_is_looked_for_only_where_the_statistics_let_it_be(layout: Layout, read: list[Any]) -> None:
    assert find_object(layout, "o003.42")["alert_id"].to_pylist() == [3042]
    assert set(read) == {(20240103, 4)}
    read.clear()
    assert find_object(layout, "p").num_rows == 0
    assert read == []


def test_values_are_found_in_files_without_statistics(layout: Layout, tmp_path: Path) -> None:
    bare = tmp_path / "bare.parquet"
    pq.write_table(table(3), bare, write_statistics=False, row_group_size=10)
    (found,) = matching(bare, "alert_id", pa.array([3042]), ["alert_id", "dec"])
    assert found.to_pylist() == [{"alert_id": 3042, "dec": pytest.approx(3.42)}]
    ids = pa.array([3000, 3099])
    assert [each["alert_id"].to_pylist() for each in matching(bare, "alert_id", ids, ["alert_id"])] == [[3000], [3099]]


def test_a_cone_opens_the_files_that_may_hold_it(layout: Layout, read: list[Any]) -> None:
    found = cone(42.0, 3.42, 5.0, layout.root, columns=["alert_id", "m_k"])
    assert found.select(["alert_id", "m_k"]).to_pylist() == [{"alert_id": 3042, "m_k": 1.0}]
    assert read == [(20240103, 4)]
    assert cone(42.0, -50.0, 5.0, layout.root, columns=["alert_id"]).num_rows == 0
    assert len(read) == 1


def test_a_schema_that_many_files_say_is_parsed_once(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    known: Callable[[Any], pa.Schema] = footers._parse
    monkeypatch.setattr(footers, "_parsed", {})
    monkeypatch.setattr(footers, "_parse", lambda metadata: (parsed.append(1), known(metadata))[1])
    assert scan(layout.root, columns=["alert_id"]).num_rows == 500
    assert len(parsed) == 1
    for path in layout.files("science"):
        assert schema_of(path).equals(pq.read_schema(path), check_metadata=True)
    assert len(parsed) == 1


def test_files_of_other_versions_and_programs_have_their_own_schema(tmp_path: Path) -> None:
    other = table(1).append_column("more", pa.array([1] * 100)).replace_schema_metadata({"by": "test"})
    for name, each, stored in (("a", table(1), True), ("b", other, True), ("c", other, False)):
        pq.write_table(each, tmp_path / name, store_schema=stored)
        assert schema_of(tmp_path / name).equals(pq.read_schema(tmp_path / name), check_metadata=True)


def test_ranges_are_those_of_the_rows_and_none_is_no_limit(tmp_path: Path) -> None:
    pq.write_table(table(1), tmp_path / "a", row_group_size=50)
    metadata = pq.read_metadata(tmp_path / "a")
    assert ranges(metadata, "dec") == [(1.0, 1.49), (1.5, 1.99)]
    assert ranges(metadata, "m") == ranges(metadata, "absent") == [None, None]
    assert [may_hold(each, 1.6, 1.7) for each in (*ranges(metadata, "dec"), None)] == [False, True, True]
    assert [may_hold((1.0, 2.0), *limits) for limits in ((2.0, 3.0), (0.0, 1.0), (2.1, 3.0))] == [True, True, False]
    assert schema_in(metadata).names == table(1).schema.names
