"""Real packets, all versions, against fastavro's own reader."""

import io
import json
import random
import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from decode_samples import arrow_type, is_lsst, is_ztf, merged, outcome, project, same, survey

from jobs.packets.messages import Message
from jobs.pipeline.decode.container import count_datums
from jobs.pipeline.decode.decoder import Decoder

KINDS = {
    "ztf": ("ztf_alerts/*.avro", "ztf_native_old/*.avro", "ztf_native_v4/*.avro"),
    "lsst": ("lsst_alerts/*.avro", "lsst_alerts/fake_alert_packet/*.avro"),
}


def files(real_alerts: Path, kind: str) -> list[Path]:
    return [path for pattern in KINDS[kind] for path in sorted(real_alerts.glob(pattern))]


def everything(schemas: list[Any]) -> pa.StructType:
    """The packet type with all fields of these writer schemas."""
    return merged([arrow_type(fastavro.parse_schema(schema, named_schemas={}), {}) for schema in schemas])


@lru_cache
def real_decoder(real_alerts: Path) -> Decoder:
    surveys = []
    for kind, matches in (("ztf", is_ztf), ("lsst", is_lsst)):
        texts = set()
        for path in files(real_alerts, kind):
            with path.open("rb") as file:
                texts.add(fastavro.reader(file).metadata["avro.schema"])
        surveys.append(
            survey(everything([without_logical_types(json.loads(text)) for text in sorted(texts)]), kind, matches)
        )
    return Decoder(surveys, real_alerts / "lsst_alerts" / "schemas")


def without_logical_types(schema: Any) -> Any:
    """So that fastavro gives timestamps as the integers that they are stored as."""
    if isinstance(schema, list):
        return [without_logical_types(each) for each in schema]
    if isinstance(schema, dict):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    return schema


def check_equal_to_fastavro(decoder: Decoder, value: bytes) -> int:
    """Decode one container both ways; gives the number of packets."""
    reader = fastavro.reader(io.BytesIO(value))
    writer = fastavro.parse_schema(without_logical_types(json.loads(reader.metadata["avro.schema"])), named_schemas={})
    decoded = decoder.decode([Message(value, None)])
    assert decoded.refused == []
    (group,) = decoded.groups
    packets = group.packets.to_pylist()
    stored = [fastavro.schemaless_reader(io.BytesIO(datum), writer, None) for datum in decoded.values]
    expected = [project(record, group.survey.packet_type) for record in stored]
    assert all(e == p or same(e, p) for e, p in zip(expected, packets, strict=True))  # == is quick, but for NaN
    assert sum(block.num_records for block in fastavro.block_reader(io.BytesIO(value))) == len(packets)
    assert set(decoded.schemas) == {reader.metadata["avro.schema"]}
    return len(packets)


@pytest.mark.parametrize("kind", ["ztf", "lsst"])
def test_every_real_packet_is_what_fastavro_reads(real_alerts: Path, kind: str) -> None:
    decoder = real_decoder(real_alerts)
    counts = {path: check_equal_to_fastavro(decoder, path.read_bytes()) for path in files(real_alerts, kind)}
    # data/README.md: 1301 + 16 + 18 ZTF packets; 231 LSST and 6 fake ones
    assert sum(counts.values()) == {"ztf": 1335, "lsst": 237}[kind]
    assert {path: count_datums(path) for path in counts} == counts


def test_every_packet_of_a_tarball_is_what_fastavro_reads(real_alerts: Path) -> None:
    decoder = real_decoder(real_alerts)
    with tarfile.open(real_alerts / "forced" / "ampel_alerts_2021720_programid1_v3.5.tar.gz") as tar:
        values = [file.read() for member in tar if (file := tar.extractfile(member))]
    assert sum(check_equal_to_fastavro(decoder, value) for value in values) == 100


def test_wire_messages_of_rubin_are_what_fastavro_reads(real_alerts: Path) -> None:
    wires = [path.read_bytes() for path in sorted((real_alerts / "lsst_alerts" / "wire").glob("id704*"))]
    folder = real_alerts / "lsst_alerts" / "schemas" / "7.4"
    writer = fastavro.schema.load_schema(str(folder / "lsst.v7_4.alert.avsc"))
    decoded = real_decoder(real_alerts).decode([Message(value, None) for value in wires])
    (group,) = decoded.groups
    assert (decoded.refused, decoded.values, decoded.schemas) == ([], wires, [None] * 5)
    assert group.versions == ["7.4"] * 5
    expected = [fastavro.schemaless_reader(io.BytesIO(value[5:]), writer, None) for value in wires]
    assert same([project(each, group.survey.packet_type) for each in expected], group.packets.to_pylist())


def test_schema_versions_are_read_from_the_writer_schema(real_alerts: Path) -> None:
    for path in [*real_alerts.glob("ztf_native_old/*"), *real_alerts.glob("ztf_native_v4/*")]:
        name = path.stem.removeprefix("v").split("_")[0] if path.stem[0] == "v" else path.stem.split("_v")[1]
        (group,) = real_decoder(real_alerts).decode([Message(path.read_bytes(), None)]).groups
        assert group.versions == ["" if name == "0" else name]
    for path in real_alerts.glob("lsst_alerts/fake_alert_packet/fake_v*.avro"):
        (group,) = real_decoder(real_alerts).decode([Message(path.read_bytes(), None)]).groups
        assert group.versions == [path.stem.removeprefix("fake_v").replace("_", ".")]


def mixed(real_alerts: Path) -> list[Message]:
    """Packets of all versions, formats and both surveys, shuffled, with rubbish between them."""
    paths = [*real_alerts.glob("ztf_native_*/*"), *real_alerts.glob("lsst_alerts/fake*/*")]
    paths += [*real_alerts.glob("lsst_alerts/wire/*"), real_alerts / "lsst_alerts" / "lsst_v7_4_000.avro"]
    values = [path.read_bytes() for path in sorted(paths)] + [b"rubbish"]
    random.Random(1).shuffle(values)
    return [Message(value, None) for value in values]


def test_a_mixture_of_versions_and_surveys_gives_what_each_message_gives_alone(real_alerts: Path) -> None:
    decoder, batch = real_decoder(real_alerts), mixed(real_alerts)
    together = decoder.decode(batch)
    alone = [decoder.decode([message]) for message in batch]
    assert together.values == [value for each in alone for value in each.values]
    assert [each.refusal for each in together.refused] == [each.refusal for one in alone for each in one.refused]
    assert sorted(row for group in together.groups for row in group.rows) == list(range(len(together.values)))
    for group in together.groups:
        ours = [one for each in alone for one in each.groups if one.survey is group.survey]
        assert same([packet for one in ours for packet in one.packets.to_pylist()], group.packets.to_pylist())
        assert [version for one in ours for version in one.versions] == group.versions
        assert list(group.rows) == sorted(group.rows)


def test_datums_replayed_from_the_raw_table_give_the_same_packets(real_alerts: Path) -> None:
    decoder, batch = real_decoder(real_alerts), mixed(real_alerts)
    first = decoder.decode(batch)
    again = decoder.decode([Message(v, s) for v, s in zip(first.values, first.schemas, strict=True)])
    assert (again.values, again.schemas, again.refused) == (first.values, first.schemas, [])
    for one, other in zip(first.groups, again.groups, strict=True):
        assert same(one.packets.to_pylist(), other.packets.to_pylist()) and one.versions == other.versions


def damaged(value: bytes, number: int) -> Iterator[bytes]:
    """Cuts, flipped bits, doubled and missing pieces of real bytes; the same ones at each run."""
    rng = random.Random(number)
    for _ in range(12):
        at, behind = sorted(rng.sample(range(len(value)), 2))
        yield value[:at]
        yield value[:at] + bytes([value[at] ^ 1 << rng.randrange(8)]) + value[at + 1 :]
        yield value[:at] + value[at : at + 99] + value[at:]
        yield value[:at] + value[behind:]
        yield value + value[at:behind]


def test_every_entry_of_a_damaged_real_file_is_accounted_for(real_alerts: Path, tmp_path: Path) -> None:
    decoder, found = real_decoder(real_alerts), set()
    paths = [*sorted(real_alerts.glob("ztf_native_*/*"))[::4], *real_alerts.glob("lsst_alerts/fake*/*")]
    paths += [*real_alerts.glob("lsst_alerts/wire/*_1.avro"), real_alerts / "lsst_alerts" / "lsst_v10_0_003.avro"]
    for number, path in enumerate(paths):
        for value in damaged(path.read_bytes(), number):
            (tmp_path / "damaged.avro").write_bytes(value)
            entries = outcome(decoder.decode([Message(value)]))
            assert [index for _, index, _ in entries] == list(range(count_datums(tmp_path / "damaged.avro")))
            found |= {reason for _, _, reason in entries}
    assert found >= {"", "truncated", "unknown_schema", "bad_datum", "trailing_bytes", "not_avro"}


def test_a_damaged_packet_leaves_its_neighbours_as_they_are(real_alerts: Path) -> None:
    decoder = real_decoder(real_alerts)
    values = [path.read_bytes() for path in sorted(real_alerts.glob("ztf_native_v4/*"))]
    sound = decoder.decode([Message(value) for value in values]).groups[0].packets.to_pylist()
    hurt = [value[:-999] if number % 3 else value for number, value in enumerate(values)]
    decoded = decoder.decode([Message(value) for value in hurt])
    assert {each.refusal.reason for each in decoded.refused} == {"truncated"}
    assert list(decoded.message) == list(range(0, len(values), 3))
    assert same(decoded.groups[0].packets.to_pylist(), sound[::3])
