"""The LSST adapter and every schema of Rubin's alerts: known as Rubin's, all fields in their types, its packet a row."""

import json
from pathlib import Path

import fastavro
import pyarrow as pa
import pytest
from rubin_packets import alert_schema, lsst_alerts, packet_of

from jobs.pipeline.surveys.lsst import LSST

__all__ = ["lsst_alerts"]

VERSIONS = ("7.0", "7.1", "7.3", "7.4", "8.0", "9.0", "10.0", "11.0")
NOW = 61300.0
AVRO_TYPES = {"long": "int64", "int": "int32", "float": "float", "double": "double", "boolean": "bool"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_candidate_has_every_field_of_every_schema_in_its_type(lsst_alerts: Path, version: str) -> None:
    tag = version.replace(".", "_")
    schema = json.loads((lsst_alerts / "schemas" / version / f"lsst.v{tag}.diaSource.avsc").read_text())
    ours = {field.name: str(field.type) for field in LSST.candidate}
    for field in schema["fields"]:
        union = field["type"] if isinstance(field["type"], list) else [field["type"]]
        (avro,) = (kind for kind in union if kind != "null")
        if field["name"] != "time_processed":  # a timestamp, 8.0 only
            assert ours.get(field["name"]) == AVRO_TYPES.get(avro, avro), field["name"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_is_known_as_rubins(lsst_alerts: Path, version: str) -> None:
    tag = version.replace(".", "_")
    path = lsst_alerts / "schemas" / version / f"lsst.v{tag}.alert.avsc"
    assert LSST.matches(json.loads(path.read_text()))
    assert LSST.matches(alert_schema(lsst_alerts, version))


def test_a_ztf_schema_is_not_rubins(real_alerts: Path) -> None:
    with next((real_alerts / "ztf_alerts").glob("*.avro")).open("rb") as file:
        assert not LSST.matches(packet_of(fastavro.reader(file).writer_schema))


@pytest.mark.parametrize("tag", ["7_1", "7_4", "8_0", "9_0", "10_0", "11_0"])
def test_the_made_up_packet_of_each_schema_becomes_a_row(lsst_alerts: Path, tag: str) -> None:
    with (lsst_alerts / "fake_alert_packet" / f"fake_v{tag}.avro").open("rb") as file:
        (fake,) = map(packet_of, fastavro.reader(file))
    version = tag.replace("_", ".")
    viewed = LSST.view(pa.array([fake], type=LSST.packet_type), [version], NOW)
    (row,) = viewed.table.to_pylist()
    assert (row["alert_id"], row["schema_version"]) == (fake["diaSource"]["diaSourceId"], version)
    assert (row["flux"], row["band"]) == (1241.0, "r")
    # Those of 7.x carry seconds in the field of the MJD.
    refused = [refusal.reason for refusal in viewed.refusals.values()]
    assert refused == (["time_out_of_range"] if tag.startswith("7") else [])
