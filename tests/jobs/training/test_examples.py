"""Examples as shards: nothing is lost, nothing is twice, the same seed is the same order."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.training.examples import KEYS, Examples, complete, write_shards

COLUMNS = pa.schema([("x", pa.float32())])


def table(first: int, n: int) -> pa.Table:
    numbers = range(first, first + n)
    given = pa.table(
        {"survey": ["ztf"] * n, "object_id": [f"o{i}" for i in numbers], "alert_id": numbers, "x": numbers}
    )
    return complete(given, COLUMNS, "a test")


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    write_shards(iter([table(0, 70), table(70, 5), table(75, 130)]), tmp_path, "part-00000", rows=32)
    write_shards(iter([table(205, 20)]), tmp_path, "part-00001", rows=32)
    return Examples.at(tmp_path)


def ids(tables: object) -> list[int]:
    return [number for each in tables for number in each["alert_id"].to_pylist()]  # type: ignore[attr-defined]


def test_shards_hold_all_rows_in_order(examples: Examples) -> None:
    assert examples.counts == (32, 32, 32, 32, 32, 32, 13, 20)
    assert examples.keys["alert_id"].to_pylist() == list(range(225))
    assert examples.keys.schema.names == KEYS.names


def test_a_part_without_rows_has_no_file(tmp_path: Path) -> None:
    assert write_shards(iter([table(0, 0)]), tmp_path, "part-00000") == []
    nothing = Examples.at(tmp_path)
    assert nothing.keys.num_rows == 0
    with pytest.raises(ValueError, match="no examples"):
        nothing.select(np.zeros(0, bool)).table()


def test_rows_of_stamps_make_shards_of_few_rows(tmp_path: Path) -> None:
    stamps = pa.schema([("stamp", pa.list_(pa.float32()))])
    columns = {
        "survey": ["ztf"] * 40,
        "object_id": ["o"] * 40,
        "stamp": [np.zeros(1 << 18, np.float32)] * 40,
    }  # 1 MiB each
    write_shards(iter([complete(pa.table(columns), stamps, "a test")]), tmp_path, "part-00000")
    assert Examples.at(tmp_path).counts == (15, 15, 10)


def test_a_selection_is_read_in_order(examples: Examples) -> None:
    chosen = examples.select(np.arange(225) % 3 == 0)
    assert ids(chosen.batches(10)) == list(range(0, 225, 3)) == chosen.keys["alert_id"].to_pylist()
    assert chosen.table(["alert_id", "x"]).column_names == ["alert_id", "x"]
    assert len(chosen) == 75
    assert ids(chosen.but(np.arange(225) < 9).batches()) == [0, 3, 6]


def test_a_shuffled_pass_gives_each_once_in_batches_of_the_same_size(examples: Examples) -> None:
    chosen = examples.select(np.arange(225) != 7)
    batches = list(chosen.shuffled(50, seed=1, epoch=0))
    assert [each.num_rows for each in batches] == [50, 50, 50, 50, 24]
    order = ids(batches)
    assert sorted(order) == [i for i in range(225) if i != 7]
    assert order != sorted(order)
    assert order == ids(chosen.shuffled(50, seed=1, epoch=0))
    assert order != ids(chosen.shuffled(50, seed=1, epoch=1)) != ids(chosen.shuffled(50, seed=2, epoch=1))


def test_a_shuffled_pass_opens_few_shards_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shards((table(first, 10) for first in range(0, 400, 10)), tmp_path, "part-00000", rows=10)
    opened: list[str] = []
    real = pq.ParquetFile
    examples = Examples.at(tmp_path)
    monkeypatch.setattr(pq, "ParquetFile", lambda path: opened.append(str(path)) or real(path))
    passes = examples.select(np.ones(400, bool)).shuffled(10, 1, 0)
    next(passes)
    assert len(opened) == 4 < len(examples.files)


def test_examples_of_other_columns_or_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a test wants columns \['x'\], examples have \['survey', 'object_id'\]"):
        complete(pa.table({"survey": ["ztf"], "object_id": ["a"]}), COLUMNS, "a test")
    with pytest.raises(ValueError, match="not of the declared types"):
        complete(pa.table({"survey": ["ztf"], "object_id": ["a"], "x": ["much"]}), COLUMNS, "a test")
