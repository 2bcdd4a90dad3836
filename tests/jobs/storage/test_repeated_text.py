"""Writer schemas are in memory once, and files say the same as if they had been spelled out for every row."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb_reader import rows as duckdb_rows
from fuzzed_messages import one_pass, sourced

from jobs.pipeline.batch.dedupe import rewrite_without
from jobs.pipeline.batch.night_file import NightFile, write_parquet_options
from jobs.pipeline.tables import QUARANTINE, RAW
from jobs.simulation.packets import packet
from jobs.simulation.schema import SCHEMA
from jobs.storage.repeated_text import REPEATED, in_memory, parquet_writer, repeated, texts_of, unified

LONG = [str(number) * 30_000 for number in range(3)]
TEXTS = [LONG[0], LONG[0], None, LONG[1], LONG[0], LONG[2], None]


def table(schema: pa.Schema, texts: list[str | None]) -> pa.Table:
    """Rows of a table of which only the writer schema is known."""
    held = in_memory(schema)
    columns = [repeated(texts) if each.name == "schema" else pa.nulls(len(texts), each.type) for each in held]
    return pa.Table.from_arrays(columns, schema=held)


def test_each_text_is_held_once_and_rows_share_it() -> None:
    column = repeated(TEXTS)
    assert column.type == REPEATED and column.to_pylist() == TEXTS
    assert column.dictionary.to_pylist() == LONG
    assert column.nbytes < 1.1 * sum(map(len, LONG))
    found = texts_of(pa.chunked_array([column, column]))
    assert found == TEXTS * 2
    assert found[0] is found[1] is found[4]


def test_a_column_of_plain_texts_is_read_alike() -> None:
    found = texts_of(pa.array(TEXTS))
    assert found == TEXTS and found[0] is found[1]
    assert texts_of(repeated([])) == [] and texts_of(repeated([None])) == [None]


@pytest.mark.parametrize("schema", [RAW, QUARANTINE], ids=["raw", "quarantine"])
def test_a_file_is_what_it_would_be_with_every_text_spelled_out(tmp_path: Path, schema: pa.Schema) -> None:
    options = write_parquet_options(schema)
    with parquet_writer(tmp_path / "held.parquet", schema, options) as writer:
        writer.write_table(unified([table(schema, TEXTS), table(schema, [LONG[2], LONG[0]])]))
    spelled_out = table(schema, [*TEXTS, LONG[2], LONG[0]]).cast(schema)
    pq.write_table(spelled_out, tmp_path / "plain.parquet", **options)
    held, plain = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in ("held", "plain"))
    assert held.schema_arrow.equals(schema, check_metadata=True)
    assert held.metadata.metadata == plain.metadata.metadata and held.schema == plain.schema
    assert held.read().equals(plain.read()) and held.read().schema.field("schema").type == pa.string()
    assert (tmp_path / "held.parquet").stat().st_size == (tmp_path / "plain.parquet").stat().st_size


def test_every_reader_sees_text(tmp_path: Path) -> None:
    file = NightFile(tmp_path / "raw.parquet", RAW)
    for texts in (TEXTS, [LONG[1], None]):
        file.append(table(RAW, texts))
    file.close()
    expected = [*TEXTS, LONG[1], None]
    assert pl.read_parquet(file.path, columns=["schema"])["schema"].to_list() == expected
    assert pl.read_parquet_schema(file.path)["schema"] == pl.String
    found = pd.read_parquet(file.path, columns=["schema"])["schema"]
    assert [None if pd.isna(each) else each for each in found] == expected
    (counted,) = duckdb_rows(f"SELECT count(schema), any_value(typeof(schema)) FROM '{file.path}'")
    assert counted == [(6, "VARCHAR")]


def test_the_alerts_of_a_pass_hold_their_writer_schema_once(tmp_path: Path) -> None:
    records = [packet(0, number)[0] for number in range(60)]
    passed = one_pass(modules=())([sourced(SCHEMA, records[:40]), sourced(SCHEMA, records[40:], name="b.avro")])
    column = passed.alerts["schema"]
    texts = set(texts_of(column))
    assert len(column) == 60 and len(texts) == 1
    assert column.nbytes < len(texts.pop()) + 60 * 5


def test_a_file_of_which_rows_are_dropped_keeps_its_schema_and_its_other_rows(tmp_path: Path) -> None:
    file = NightFile(tmp_path / "raw.parquet", RAW)
    file.append(table(RAW, TEXTS))
    file.close()
    rewritten = rewrite_without(file.path, [0, 3])
    assert rewritten is not None
    read = pq.read_table(rewritten[0])
    assert read.schema.equals(RAW, check_metadata=True)
    assert read["schema"].to_pylist() == [TEXTS[row] for row in (1, 2, 4, 5, 6)]
