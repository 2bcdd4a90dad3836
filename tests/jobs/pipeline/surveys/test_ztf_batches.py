"""Real ZTF packets: any batch gives the same rows, and the adapter knows its own writer schemas."""

import copy
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.pipeline.surveys.ztf import ZTF

NOW = 62000.0
Row = dict[str, Any]


def view(packets: pa.StructArray) -> pa.Table:
    return ZTF.view(packets, [""] * len(packets), NOW).table


def same(one: pa.Table, other: pa.Table) -> bool:
    """Bit for bit; `candidate` may hold published NaN, which Arrow finds unequal to itself."""
    candidates = (repr(table["candidate"].to_pylist()) for table in (one, other))
    return one.drop_columns("candidate").equals(other.drop_columns("candidate")) and len(set(candidates)) == 1


@pytest.fixture(scope="module")
def packets(ztf_packets: list[Row]) -> pa.StructArray:
    """Every fifth packet of the set, and all native ones."""
    chosen = ztf_packets[:1300:5] + ztf_packets[1301:]
    return pa.array(chosen, type=ZTF.packet_type)


@pytest.mark.parametrize("size", [1, 7, 31, 32, 33, 200])
def test_splitting_a_batch_changes_no_bit(packets: pa.StructArray, size: int) -> None:
    count = 90 if size == 1 else len(packets)
    parts = [view(packets[start : min(start + size, count)]) for start in range(0, count, size)]
    assert same(pa.concat_tables(parts), view(packets).slice(0, count))


def test_permuting_and_repeating_a_batch_changes_no_bit(packets: pa.StructArray) -> None:
    order = np.random.default_rng(3).permutation(np.tile(np.arange(len(packets)), 2))
    assert same(view(packets.take(pa.array(order))), view(packets).take(pa.array(order)))


def test_the_order_of_the_history_changes_nothing(ztf_packets: list[Row]) -> None:
    chosen = [packet for packet in ztf_packets[:400] if packet["prv_candidates"]]
    turned = [{**packet, "prv_candidates": packet["prv_candidates"][::-1]} for packet in chosen]
    straight, back = (view(pa.array(rows, type=ZTF.packet_type)) for rows in (chosen, turned))
    assert same(straight, back)


def test_every_real_packet_but_schema_0_is_taken(ztf_packets: list[Row]) -> None:
    packets = pa.array(ztf_packets, type=ZTF.packet_type)
    refusals = ZTF.view(packets, [""] * len(packets), NOW).refusals
    without_object = [row for row, packet in enumerate(ztf_packets) if "objectId" not in packet]
    assert {row: refusal.reason for row, refusal in refusals.items()} == dict.fromkeys(without_object, "no_id")


def test_ztf_schemas_are_known_and_rubins_are_not(ztf_schemas: dict[str, Row]) -> None:
    known = {path: ZTF.matches(schema) for path, schema in ztf_schemas.items()}
    assert all(is_ztf == path.startswith("ztf_") for path, is_ztf in known.items())
    assert sum(known.values()) > 20


def test_a_schema_that_borrows_the_name_is_not_ztfs(ztf_schemas: dict[str, Row]) -> None:
    own = next(schema for path, schema in ztf_schemas.items() if path.startswith("ztf_native_v4"))
    assert ZTF.matches(own)
    assert not ZTF.matches({**own, "name": "zuds.alert"})
    assert not ZTF.matches({"type": "record", "name": "alert", "namespace": "winter", "fields": own["fields"]})
    assert ZTF.matches({"type": "record", "name": "alert", "namespace": "ztf", "fields": own["fields"]})
    for lacking in ("jd", "fid", "magpsf", "isdiffpos", "rcid"):
        other = copy.deepcopy(own)
        candidate = next(field for field in other["fields"] if field["name"] == "candidate")
        candidate["type"]["fields"] = [field for field in candidate["type"]["fields"] if field["name"] != lacking]
        assert not ZTF.matches(other), lacking
    assert not ZTF.matches({"type": "record", "name": "alert", "namespace": "ztf", "fields": []})
    assert not ZTF.matches({})


def test_every_field_of_every_schema_version_reaches_candidate(ztf_schemas: dict[str, Row]) -> None:
    for path, schema in ztf_schemas.items():
        if path.startswith("ztf_"):
            candidate = next(field["type"] for field in schema["fields"] if field["name"] == "candidate")
            names = {field["name"] for field in candidate["fields"]}
            assert names <= {field.name for field in ZTF.candidate}, path
