"""Old nights brought to today's columns: what was said stays, what was not is NULL, and all nights open together."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_outputs import files, gaps, left_over, rows

from jobs.cli.main import main
from jobs.ledger.streams import StreamLedger, records
from jobs.storage.layout import Layout
from jobs.storage.schema_union import NOT_RUN, SchemaConflict, common_schema, in_schema


def make_older(output: Path, batch: int) -> None:
    """Turn a batch's science into what an older Strix would have written: no rise, an older stetson_k, a flux column less."""
    record = next(each for each in records(Layout(output)) if each.batch == batch)
    changed = [
        replace(file, **_older(output / file.name)) if file.table == "science" else file for file in record.files
    ]
    nights = json.loads(json.dumps(record.nights))
    for counts in nights.values():
        counts["modules"].pop("rise", None)
    modules = {"stetson_k": {"version": "0.9.0", "source": "test"}}
    hashes = {**record.hashes, "modules": modules}
    older = replace(record, files=tuple(changed), nights=nights, hashes=hashes)
    StreamLedger(Layout(output), record.stream).write(older)


def _older(path: Path) -> dict[str, int]:
    table = pq.ParquetFile(path).read().drop_columns(["rise", "flux_total"])
    place = table.schema.get_field_index("stetson_k")
    column = table["stetson_k"].combine_chunks()
    kept = [field for field in column.type if field.name != "k"]
    children = [
        pa.array(["0.9.0"] * len(column)) if each.name == "version" else column.field(each.name) for each in kept
    ]
    struct = pa.StructArray.from_arrays(children, fields=kept)
    pq.write_table(table.set_column(place, "stetson_k", struct), path, compression="zstd")
    return {"bytes": path.stat().st_size}


@pytest.fixture
def mixed(output: Path) -> Path:
    """An output whose first batches an older Strix wrote."""
    for batch in (0, 1):
        make_older(output, batch)
    assert gaps(output) == []
    return output


def test_old_nights_get_todays_columns_and_keep_what_their_modules_said(mixed: Path) -> None:
    said = {
        row["alert_id"]: (row["stetson_k"]["n"], row["stetson_k"]["version"], row.get("rise"), row.get("flux_total"))
        for path in files(mixed, "science")
        for row in pq.ParquetFile(path).read().to_pylist()
    }
    others = rows(mixed, ["raw", "cutouts", "quarantine"])
    assert main(["compact", str(mixed), "--to-current"]) == 0
    schemas = [pq.read_schema(path) for path in files(mixed, "science")]
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    # Polars opens files together only if their columns are the same.
    together = pl.read_parquet(str(mixed / "science" / "*" / "*.parquet"), hive_partitioning=False).to_dicts()
    assert len(together) == len(said)
    for row in together:
        n, version, rise, flux_total = said[row["alert_id"]]
        assert (row["stetson_k"]["n"], row["stetson_k"]["version"]) == (n, version)
        assert row["flux_total"] == flux_total
        if version == "0.9.0":
            assert row["rise"] == dict.fromkeys(row["rise"]) | {"error": NOT_RUN}
        else:
            assert row["rise"] == rise
    assert {version for _, version, _, _ in said.values()} > {"0.9.0"}
    assert rows(mixed, ["raw", "cutouts", "quarantine"]) == others
    assert gaps(mixed) == left_over(mixed) == []


def test_nights_that_have_todays_columns_are_not_rewritten(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["compact", str(mixed), "--to-current"])
    capsys.readouterr()
    assert main(["compact", str(mixed), "--to-current"]) == 0
    assert "nothing to merge" in capsys.readouterr().out


def test_a_night_in_one_old_file_is_brought_to_today(output: Path) -> None:
    for record in list(records(Layout(output))):
        make_older(output, record.batch)
    assert main(["compact", str(output)]) == 0
    assert all("flux_total" not in pq.read_schema(path).names for path in files(output, "science"))
    assert main(["compact", str(output), "--to-current", "--table", "science"]) == 0
    for path in files(output, "science"):
        assert pq.ParquetFile(path).read(["flux_total"])["flux_total"].null_count == pq.read_metadata(path).num_rows
        # Nothing in this output was ever run through rise.
        assert "rise" not in pq.read_schema(path).names
    assert gaps(output) == []


def test_fields_are_added_and_the_wider_type_wins() -> None:
    old = pa.schema([("a", pa.int32()), ("m", pa.struct([("x", pa.float32()), ("gone", pa.string())]))])
    new = pa.schema(
        [("a", pa.int64()), ("m", pa.struct([("x", pa.float64()), ("y", pa.list_(pa.int8()))])), ("b", pa.bool_())]
    )
    both = common_schema([old, new], new)
    assert both.names == ["a", "m", "b"]
    assert {field.name: field.type for field in both.field("m").type} == {
        "x": pa.float64(),
        "y": pa.list_(pa.int8()),
        "gone": pa.string(),
    }
    table = pa.table({"a": [1], "m": [{"x": 0.5, "gone": "kept"}]}, schema=old)
    assert in_schema(table, both).to_pylist() == [{"a": 1, "m": {"x": 0.5, "y": None, "gone": "kept"}, "b": None}]


@pytest.mark.parametrize(
    ("file", "today"),
    [
        (pa.int64(), pa.int32()),
        (pa.float64(), pa.float32()),
        (pa.string(), pa.float64()),
        (pa.list_(pa.int64()), pa.int64()),
    ],
)
def test_a_column_that_would_not_keep_its_values_is_refused_with_both_types(
    file: pa.DataType, today: pa.DataType
) -> None:
    with pytest.raises(SchemaConflict) as refused:
        common_schema([pa.schema([("a", file)])], pa.schema([("a", today)]))
    assert str(file) in str(refused.value) and str(today) in str(refused.value)


def test_units_and_descriptions_are_todays() -> None:
    fields = [pa.field("a", pa.int64(), metadata={"unit": unit}) for unit in ("old", "today")]
    schemas = [pa.schema([field]) for field in fields]
    assert common_schema(schemas, schemas[1]).field("a").metadata == {b"unit": b"today"}
    assert common_schema(schemas[::-1], schemas[1]).field("a").metadata == {b"unit": b"today"}
    assert common_schema(schemas).field("a").metadata == {b"unit": b"today"}
