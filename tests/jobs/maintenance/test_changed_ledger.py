"""The ledger check sees what is wrong with merged files, and with the journal that speaks of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_outputs import files, gaps

from jobs.cli.main import main

Damage = Callable[[pa.Table], pa.Table]


@pytest.fixture
def compacted(output: Path) -> Path:
    """An output whose nights were merged."""
    main(["compact", str(output)])
    return output


def rewrite(path: Path, damage: Damage) -> None:
    """Change a merged file, and the journal so that its bytes are no clue."""
    table = damage(pq.ParquetFile(path).read())
    pq.write_table(table, path)
    for journal in (path.parents[2] / "ledger" / "compactions").glob("*.json"):
        content = json.loads(journal.read_text())
        for part in content["new"]:
            if path.match(part["name"]):
                part["bytes"] = path.stat().st_size
                journal.write_text(json.dumps(content))


def replaced(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def first_changed(name: str, value: object) -> Damage:
    return lambda table: replaced(table, name, [value, *table[name].to_pylist()[1:]])


def module_changed(table: pa.Table) -> pa.Table:
    said = table["stetson_k"].to_pylist()
    return replaced(table, "stetson_k", [{**said[0], "version": "9.9"}, *said[1:]])


DAMAGE: dict[str, tuple[str, Damage]] = {
    "a packet is gone": ("raw", lambda table: table.slice(1)),
    "an alert twice instead of another": ("science", lambda table: table.take([0, 0, *range(2, table.num_rows)])),
    "two packets in each other's place": (
        "raw",
        lambda table: table.take([table.num_rows - 1, *range(1, table.num_rows - 1), 0]),
    ),
    "another measurement": ("science", first_changed("flux", 1.0)),
    "another history": ("science", first_changed("n_bad_history", 77)),
    "another version": ("science", module_changed),
    "another alert's stamps": ("cutouts", first_changed("alert_id", 1)),
    "another night": ("science", first_changed("night", 20200101)),
    "another reason": ("quarantine", first_changed("reason", "because")),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_merged_file_that_was_changed_is_a_gap(what: str, compacted: Path) -> None:
    table, damage = DAMAGE[what]
    rewrite(files(compacted, table)[0], damage)
    assert gaps(compacted) != []


def test_rewriting_alone_is_no_gap(compacted: Path) -> None:
    for table in ("raw", "science", "cutouts", "quarantine"):
        rewrite(files(compacted, table)[0], lambda whole: whole)
    assert gaps(compacted) == []


def test_a_merged_file_that_is_gone_and_an_old_one_that_is_back_are_gaps(compacted: Path, many_small: Path) -> None:
    merged = files(compacted, "science")[0]
    merged.rename(compacted / "elsewhere")
    assert any("missing" in gap or "cannot be read" in gap for gap in gaps(compacted))
    (compacted / "elsewhere").rename(merged)
    old = files(many_small, "science")[0]
    back = merged.with_name(old.name)
    back.write_bytes(old.read_bytes())
    assert [gap for gap in gaps(compacted) if back.name in gap and "in no ledger" in gap]


@pytest.mark.parametrize(("side", "field"), [("old", "rows"), ("new", "rows"), ("new", "bytes"), ("old", "name")])
def test_a_journal_that_says_something_else_is_a_gap(side: str, field: str, compacted: Path) -> None:
    path = sorted((compacted / "ledger" / "compactions").glob("raw-*.json"))[0]
    content = json.loads(path.read_text())
    part = content[side][0]
    part[field] = part[field] + (1 if field != "name" else ".other")
    path.write_text(json.dumps(content))
    assert gaps(compacted) != []


def test_without_its_journal_a_merge_is_a_gap(compacted: Path) -> None:
    sorted((compacted / "ledger" / "compactions").glob("science-*.json"))[0].unlink()
    found = gaps(compacted)
    assert any("is missing" in gap for gap in found) and any("in no ledger" in gap for gap in found)
