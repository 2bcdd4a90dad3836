"""The message of a match: its schema, and its bytes against fastavro's and the science table."""

import datetime as dt
import io
import json
import math
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sending import Output

from jobs.ledger.sent_file import read_sent
from jobs.pipeline.decode.writer_schema import writer_schema
from jobs.pipeline.sinks.kafka import message_columns as columns
from jobs.pipeline.sinks.kafka.message import MATCH, SCHEMA_ID, schema_json
from jobs.pipeline.sinks.kafka.message_encoding import Batch, Match, encoder, iso_utc, without_light_curve

ROOT = Path(__file__).resolve().parents[4]
MATCHED = Match(
    "bright",
    "v1",
    {"third": 1 / 3, "band": "g", "none": None, "n": 3, "id": 2**60, "yes": True, "names": ["a", None], "k": [1.5]},
    {"science": b"\x00\x01", "template": None, "difference": b""},
)


def read_avro(value: bytes) -> dict[str, Any]:
    rest = io.BytesIO(value)
    record = fastavro.schemaless_reader(rest, fastavro.parse_schema(MATCH), None)
    assert rest.read() == b""
    return record


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and left == right


@pytest.fixture(scope="session")
def science(small_output: Path) -> pa.Table:
    files = sorted((small_output / "science").glob("night=*/*.parquet"))
    return pa.concat_tables(pq.ParquetFile(path).read() for path in files)


def modules_of(table: pa.Table) -> tuple[str, ...]:
    structs = [field for field in table.schema if pa.types.is_struct(field.type)]
    return tuple(field.name for field in structs if field.type.get_field_index("error") >= 0)


def test_the_schema_of_a_version_never_changes() -> None:
    """If this fails, columns have changed: give message.VERSION and SCHEMA_ID a new number and add its file."""
    published = json.loads((ROOT / "conf" / "schemas" / f"{SCHEMA_ID}.avsc").read_text())
    assert json.loads(schema_json()) == published


def test_the_schema_is_one_that_a_strict_reader_takes() -> None:
    writer_schema(schema_json(), 1_000_000)
    fastavro.parse_schema(json.loads(schema_json()))
    for union in _unions(MATCH):
        kinds = [each["type"] if isinstance(each, dict) else each for each in union]
        assert len(set(kinds)) == len(kinds), "Avro takes one array, one map and one of each plain type in a union"


def _unions(schema: Any) -> list[Any]:
    """Every union in a schema."""
    if isinstance(schema, list):
        return [schema, *(found for each in schema for found in _unions(each))]
    if not isinstance(schema, dict):
        return []
    inner = [schema[key] for key in ("type", "items", "values") if key in schema]
    inner += schema.get("fields", [])
    return [found for each in inner for found in _unions(each)]


@pytest.mark.spark
def test_an_avro_message_says_what_the_science_table_says(science: pa.Table) -> None:
    modules = modules_of(science)
    batch = Batch("stream", 7, "2026-01-31T00:00:00+00:00", modules)
    making = encoder("avro")
    rows = science.to_pylist()
    alerts = making.alerts(science, batch)
    assert len(alerts) == len(rows) >= 40
    assert len(modules) >= 2
    for row, alert in zip(rows, alerts, strict=True):
        value = making.message(alert, MATCHED)
        assert value[:5] == b"\x00" + SCHEMA_ID.to_bytes(4, "big")
        record = read_avro(value[5:])
        for name in [each["name"] for each in MATCH["fields"] if each["name"] in row]:
            if name not in ("candidate", "provenance"):
                assert same(record[name], row[name]), name
        known = {k: v for k, v in row["candidate"].items() if v is not None and v == v}
        assert same(record["candidate"], known)
        assert same(record["modules"], {name: row[name] for name in modules})
        assert record["provenance"]["schema_version"] == row["provenance"]["schema_version"]
        assert same(record["annotations"], dict(MATCHED.annotations))
        assert record["cutouts"] == MATCHED.cutouts
        assert (record["stream"], record["batch"], record["filter"]) == ("stream", 7, "bright")
        assert record["is_simulated"] is True


@pytest.mark.spark
def test_a_json_message_says_the_same_with_ids_as_strings(science: pa.Table) -> None:
    batch = Batch("stream", 7, "2026-01-31T00:00:00+00:00", modules_of(science))
    avro, text = encoder("avro"), encoder("json")
    pairs = zip(avro.alerts(science, batch), text.alerts(science, batch), strict=True)
    for one, other in pairs:
        record = read_avro(avro.message(one, MATCHED)[5:])
        told = json.loads(text.message(other, MATCHED))
        assert told["alert_id"] == str(record["alert_id"])
        assert told["candidate"]["candid"] == str(record["candidate"]["candid"])
        assert told["annotations"]["id"] == str(2**60)
        assert told["annotations"]["n"] == 3
        assert told["lc_mjd"] == record["lc_mjd"]
        assert told["modules"] == record["modules"]
        assert {each["name"] for each in MATCH["fields"]} == set(told)


@pytest.mark.spark
def test_messages_do_not_depend_on_which_alerts_are_encoded_together(science: pa.Table) -> None:
    batch = Batch("stream", 7, "2026-01-31T00:00:00+00:00", modules_of(science))
    making = encoder("avro")
    together = making.alerts(science, batch)
    assert [making.alerts(science.slice(at, 1), batch)[0] for at in range(0, science.num_rows, 4)] == together[::4]


@pytest.mark.spark
def test_a_message_without_its_light_curve_is_whole(science: pa.Table) -> None:
    making = encoder("avro")
    batch = Batch("stream", 7, "", modules_of(science))
    short = making.alerts(without_light_curve(science.slice(0, 1)), batch)[0]
    record = read_avro(making.message(short, MATCHED, ["cutouts", "light_curve"])[5:])
    assert record["left_out"] == ["cutouts", "light_curve"]
    assert record["lc_mjd"] is None and record["cutouts"] is None
    assert record["mjd"] == science["mjd"][0].as_py()


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
@settings(max_examples=200, deadline=None)
def test_integers_are_written_as_avro_writes_them(numbers: list[int]) -> None:
    wanted = []
    for number in numbers:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, "long", number)
        wanted.append(out.getvalue())
    assert columns.varints(np.array(numbers, np.int64)).to_pylist() == wanted


CELLS = {
    pa.float64(): st.floats(allow_nan=True),
    pa.float32(): st.floats(width=32),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.string(): st.text(),
    pa.bool_(): st.booleans(),
    pa.list_(pa.string()): st.lists(st.none() | st.text()),
    pa.list_(pa.float64()): st.lists(st.none() | st.floats()),
}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_struct_becomes_a_map_that_fastavro_reads(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(list(CELLS)), max_size=5))
    names = [f"{'n' * data.draw(st.integers(1, 80))}{at}" for at in range(len(kinds))]
    if not kinds:
        return
    rows = data.draw(st.lists(st.tuples(*(st.none() | CELLS[kind] for kind in kinds)), max_size=4))
    fields = [pa.field(name, kind) for name, kind in zip(names, kinds, strict=True)]
    column = pa.array([dict(zip(names, row, strict=True)) for row in rows], pa.struct(fields))
    schema = fastavro.parse_schema({"type": "map", "values": _value_union()})
    for row, every, known in zip(
        column.to_pylist(),
        columns.every_field(column).to_pylist(),
        columns.known_fields(column).to_pylist(),
        strict=True,
    ):
        assert same(fastavro.schemaless_reader(io.BytesIO(every), schema, None), row)
        left = {name: value for name, value in row.items() if value is not None and value == value}
        assert same(fastavro.schemaless_reader(io.BytesIO(known), schema, None), left)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_columns_encoded_together_are_the_columns_encoded_alone(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=6))
    length = data.draw(st.integers(1, 4))
    made = []
    for kind in kinds:
        cells = data.draw(st.lists(st.none() | CELLS[kind], min_size=length + 1, max_size=length + 1))
        made.append(pa.array(cells, kind).slice(1))  # a part of a longer column, as a file's row groups are
    for encode in (columns.nullable, columns.value):
        alone = [encode(pa.array(each.to_pylist(), each.type)).to_pylist() for each in made]
        assert [each.to_pylist() for each in columns.together(encode, made)] == alone


def _value_union() -> Any:
    candidate = next(each for each in MATCH["fields"] if each["name"] == "candidate")
    return candidate["type"]["values"]


def test_times_are_utc_as_astropy_says() -> None:
    from astropy.time import Time

    mjds = [57753.99999, 57754.0005, 60350.349885551725, 61000.5, 41400.25]
    told = iso_utc(pa.chunked_array([[*mjds, None, float("nan"), float("inf"), 1e12]])).to_pylist()
    assert told[len(mjds) :] == [None] * 4
    for mjd, text in zip(mjds, told, strict=False):
        wanted = Time(mjd, format="mjd", scale="tai").utc.to_datetime(dt.UTC)
        assert abs((dt.datetime.fromisoformat(text) - wanted).total_seconds()) <= 0.00051


@pytest.mark.spark
def test_messages_hold_public_points_unless_the_filter_asks_for_all(small_output: Path, tmp_path: Path) -> None:
    """Alternate points of every light curve are made private; a filter with `private` sends them all the same."""
    output = Output.of(small_output, tmp_path / "o", {"all": lambda row: True, "even": lambda row: True})
    batch = output.batches[0]
    for file in (each for each in batch.files if each.table == "science"):
        table = pq.ParquetFile(output.layout.root / file.name).read()
        hidden = [[at % 2 == 0 for at in range(len(mjd))] for mjd in table["lc_mjd"].to_pylist()]
        at = table.schema.get_field_index("lc_public")
        pq.write_table(table.set_column(at, table.schema.field(at), pa.array(hidden)), output.layout.root / file.name)
    sent = read_sent(output.layout, batch.stream, batch.batch)
    assert sent is not None
    sent.filters["even"]["with_private"] = True
    lengths: dict[str, list[tuple[int, int]]] = {"all": [], "even": []}
    messages, too_large = output.sink("nowhere:9092")._messages(batch, sent)
    assert not too_large
    for message in messages:
        record = read_avro(message.value[5:])
        points = len(record["lc_mjd"])
        assert {len(record[name]) for name in record if name.startswith("lc_")} == {points}
        assert record["filter"] == "even" or all(record["lc_public"])
        lengths[record["filter"]].append((record["alert_id"], points))
    whole, public = dict(lengths["even"]), dict(lengths["all"])
    assert len(whole) > 20 and public == {alert: (points + 1) // 2 for alert, points in whole.items()}
