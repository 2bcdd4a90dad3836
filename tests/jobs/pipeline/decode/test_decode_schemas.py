"""Writer schemas: what is read of them, and where those of the wire format come from."""

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from decode_samples import SCHEMA, TEXT, alert, datum, messages, outcome, survey, wire

from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.schemas import SchemaDirectory
from jobs.pipeline.decode.writer_schema import writer_schema

ROOM = 1 << 19


def with_record(name: str, **more: Any) -> str:
    return json.dumps({"type": "record", "name": name, "fields": [{"name": "a", "type": "long"}], **more})


@pytest.mark.parametrize(
    ("text", "name", "namespace", "version"),
    [
        (with_record("alert", namespace="ztf", version="3.3"), "alert", "ztf", "3.3"),
        (with_record("ztf.alert", version="4.01"), "alert", "ztf", "4.01"),
        (with_record("ztf.alert", namespace="ignored by Avro where the name has a dot"), "alert", "ztf", ""),
        (with_record("alert", namespace="lsst.v10_0"), "alert", "lsst.v10_0", "10.0"),
        (with_record("lsst.v7_4.alert"), "alert", "lsst.v7_4", "7.4"),
        (with_record("lsst.v7_4.alert", version=9), "alert", "lsst.v7_4", "9"),
        (with_record("alert"), "alert", "", ""),
    ],
)
def test_name_and_version_are_the_same_however_they_are_written(
    text: str, name: str, namespace: str, version: str
) -> None:
    writer = writer_schema(text, ROOM)
    assert (writer.declared["name"], writer.declared["namespace"], writer.version) == (name, namespace, version)


def test_a_schema_text_is_parsed_once() -> None:
    assert writer_schema(TEXT, ROOM) is writer_schema(str(TEXT.encode(), "utf-8"), ROOM)


def test_one_name_may_mean_different_records_in_different_schemas() -> None:
    one, other = (writer_schema(with_record("ztf.alert"), ROOM), writer_schema(TEXT, ROOM))
    assert one.least_size == 1  # a long
    # objectId 1, candid 1, jd 8, magpsf 1 (a null takes its union index), isdiffpos 1, fid 1, prv_candidates 1
    assert other.least_size == 14


def test_a_wrong_default_does_not_keep_a_packet_from_being_read() -> None:
    fields = [*SCHEMA["fields"], {"name": "x", "type": "float", "default": None}]
    with pytest.raises(fastavro.schema.SchemaParseException):
        fastavro.parse_schema({**SCHEMA, "fields": fields}, named_schemas={})
    assert writer_schema(json.dumps({**SCHEMA, "fields": fields}), ROOM).version == "3.3"


def nested(depth: int) -> Any:
    schema: Any = "long"
    for level in range(depth):
        schema = {"type": "record", "name": f"r{level}", "fields": [{"name": "a", "type": schema}]}
    return schema


def doubling(levels: int) -> dict[str, Any]:
    """Records of which each holds the one before it twice: 2^levels nulls in no byte."""
    first = {"type": "record", "name": "r0", "fields": [{"name": "a", "type": "null"}]}
    fields: list[dict[str, Any]] = [{"name": "f0", "type": first}]
    for level in range(1, levels + 1):
        parts = [{"name": side, "type": f"r{level - 1}"} for side in "ab"]
        fields.append({"name": f"f{level}", "type": {"type": "record", "name": f"r{level}", "fields": parts}})
    return {"type": "record", "name": "top", "fields": [{"name": "n", "type": "long"}, *fields]}


@pytest.mark.parametrize(
    "schema", [nested(65), nested(1000), nested(20_000), doubling(40)], ids=["65", "1e3", "2e4", "2^40"]
)
def test_schemas_that_nest_too_deep_or_double_without_end_are_refused(schema: Any) -> None:
    with pytest.raises(Fault, match=r"64 levels|nests at most|100000 values|recursion|wants"):
        writer_schema(_dumps(schema), 1 << 24)


def _dumps(schema: Any) -> str:
    """json.dumps without its recursion limit, for nested records."""
    head, tail = "", ""
    while isinstance(schema, dict) and len(schema["fields"]) == 1:
        head += f'{{"type": "record", "name": "{schema["name"]}", "fields": [{{"name": "a", "type": '
        tail += "}]}"
        schema = schema["fields"][0]["type"]
    return head + json.dumps(schema) + tail


def test_a_chain_of_names_counts_as_nesting() -> None:
    fields: list[dict[str, Any]] = [{"name": "f0", "type": {"type": "record", "name": "r0", "fields": []}}]
    for level in range(1, 200):
        part = [{"name": "a", "type": f"r{level - 1}"}]
        fields.append({"name": f"f{level}", "type": {"type": "record", "name": f"r{level}", "fields": part}})
    text = json.dumps({"type": "record", "name": "top", "fields": [{"name": "n", "type": "long"}, *fields]})
    with pytest.raises(Fault, match="wants at most 64 levels"):
        writer_schema(text, ROOM)


def split_files(folder: Path) -> None:
    """SCHEMA as Rubin publishes its schemas: one file per record, by full name."""
    folder.mkdir()
    candidate = {**SCHEMA["fields"][2]["type"], "namespace": "ztf"}
    fields = [*SCHEMA["fields"][:2], {"name": "candidate", "type": "ztf.candidate"}, SCHEMA["fields"][3]]
    (folder / "ztf.candidate.avsc").write_text(json.dumps(candidate))
    (folder / "ztf.alert.avsc").write_text(json.dumps({**SCHEMA, "fields": fields}))


def test_a_schema_in_several_files_reads_as_the_one_that_is_complete(tmp_path: Path) -> None:
    split_files(tmp_path / "3.3")
    (tmp_path / "304.avsc").write_text(TEXT)
    directory, one = SchemaDirectory(tmp_path), datum(alert(1, previous=2))
    for schema_id in (303, 304):
        parsed = fastavro.parse_schema(json.loads(directory(schema_id).text), named_schemas={})
        assert fastavro.schemaless_reader(io.BytesIO(one), parsed, None) == alert(1, previous=2)


def test_a_schema_added_while_running_is_found(tmp_path: Path) -> None:
    decoder, message = (Decoder([survey()], tmp_path), messages(wire(303, datum(alert(1)))))
    assert outcome(decoder.decode(message)) == [(0, 0, "unknown_schema")]
    split_files(tmp_path / "3.3")
    whole = (tmp_path / "3.3" / "ztf.candidate.avsc").read_text()
    (tmp_path / "3.3" / "ztf.candidate.avsc").write_text(whole[:50])  # while it is being copied
    assert outcome(decoder.decode(message)) == [(0, 0, "unknown_schema")]
    (tmp_path / "3.3" / "ztf.candidate.avsc").unlink()
    assert outcome(decoder.decode(message)) == [(0, 0, "unknown_schema")]
    (tmp_path / "3.3" / "ztf.candidate.avsc").write_text(whole)
    assert outcome(decoder.decode(message)) == [(0, 0, "")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "3",
        "null",
        '{"a": 1}',
        '{"type": "record"}',
        '{"type": "record", "name": "a", "fields": 3}',
        "[" * 10**5,
    ],
)
def test_a_broken_schema_file_is_an_unknown_schema(content: str, tmp_path: Path) -> None:
    (tmp_path / "303.avsc").write_text(content)
    (tmp_path / "3.4").mkdir()
    (tmp_path / "3.4" / "ztf.alert.avsc").write_text(content)
    for schema_id in (303, 304):
        decoded = Decoder([survey()], tmp_path).decode(messages(wire(schema_id, datum(alert(1)))))
        assert outcome(decoded) == [(0, 0, "unknown_schema")]


def test_two_schemas_for_one_id_are_refused_not_guessed(tmp_path: Path) -> None:
    split_files(tmp_path / "3.3")
    (tmp_path / "303.avsc").write_text(TEXT)
    with pytest.raises(Fault, match=r"found \['303.avsc', 'ztf.alert.avsc'\]"):
        SchemaDirectory(tmp_path)(303)


def test_every_published_rubin_schema_is_the_one_that_fastavro_assembles(real_alerts: Path) -> None:
    root = real_alerts / "lsst_alerts" / "schemas"
    for folder in sorted(root.iterdir()):
        major, minor = map(int, folder.name.split("."))
        writer = SchemaDirectory(root)(100 * major + minor)
        loaded = fastavro.schema.load_schema(str(folder / f"lsst.v{major}_{minor}.alert.avsc"))
        ours = fastavro.parse_schema(json.loads(writer.text), named_schemas={})
        assert fastavro.schema.to_parsing_canonical_form(ours) == fastavro.schema.to_parsing_canonical_form(loaded)
        assert writer.version == folder.name
