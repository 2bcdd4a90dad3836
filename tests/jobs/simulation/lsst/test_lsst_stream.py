"""Rubin packets in a stream with faults: what is changed, and that nothing else is."""

import io
from typing import Any

import fastavro
import pytest

from jobs.simulation.load import FaultRates, sendings
from jobs.simulation.lsst.packet_form import FORM, encoded, reissued, templates
from jobs.simulation.lsst.schema import SCHEMA
from tests.jobs.simulation.lsst.conftest import decoded

RATES = FaultRates(bad=0.1, duplicates=0.1, conflicts=0.1, late=0.2)


@pytest.fixture(scope="module")
def first() -> list[dict[str, Any]]:
    return list(templates(3, 12))


def test_a_reissued_packet_is_another_objects_elsewhere(first: list[dict[str, Any]]) -> None:
    issued = [reissued(packet, time) for packet in first for time in range(50)]
    assert len({FORM.ids(packet)[0] for packet in issued}) == len(issued)
    objects = {FORM.ids(packet)[1] for packet in first}
    assert len({FORM.ids(packet)[1] for packet in issued}) == 50 * len(objects)
    for packet in issued:
        assert -(2**63) <= packet["diaSourceId"] == packet["diaSource"]["diaSourceId"] < 0
        if packet["diaObject"]:
            assert packet["diaObject"]["diaObjectId"] == packet["diaSource"]["diaObjectId"] < 0
    assert reissued(first[0], 0) is first[0]
    assert decoded(encoded(issued[7], wire=True)[5:])["diaSource"]["ra"] == issued[7]["diaSource"]["ra"]


def test_wire_format_names_the_schema_and_a_container_holds_it(first: list[dict[str, Any]]) -> None:
    assert encoded(first[0], wire=True)[:5] == b"\0" + (1000).to_bytes(4, "big")
    (packet,) = fastavro.reader(io.BytesIO(encoded(first[0], wire=False)))
    assert packet["diaSourceId"] == first[0]["diaSourceId"]


def test_a_packet_is_what_fastavro_writes_of_it(first: list[dict[str, Any]]) -> None:
    for packet in [*first, *(reissued(each, 5) for each in first), *(FORM.earlier(each, 3) for each in first)]:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, fastavro.parse_schema(SCHEMA), packet)
        assert encoded(packet, wire=True)[5:] == buffer.getvalue()


def test_messages_are_what_the_list_says(first: list[dict[str, Any]]) -> None:
    def record(number: int) -> dict[str, Any]:
        return reissued(first[number % len(first)], number // len(first))

    messages = list(sendings(record, lambda packet: encoded(packet, wire=True), 200, RATES, 5, FORM))
    plain = {each.alert_id: decoded(each.value[5:]) for each in messages if each.what == "alert"}
    assert {each.what for each in messages} == {"alert", "late", "bad", "duplicate", "conflict"}
    for each in messages:
        if each.what == "bad":
            continue
        packet = decoded(each.value[5:])
        assert FORM.ids(packet) == (each.alert_id, each.object_id)
        if each.what == "late":
            source = packet["diaSource"]
            assert all(row["midpointMjdTai"] < source["midpointMjdTai"] for row in packet["prvDiaSources"] or [])
        if each.what == "conflict" and each.alert_id in plain:
            flux = plain[each.alert_id]["diaSource"]["psfFlux"]
            assert packet["diaSource"]["psfFlux"] == pytest.approx(1.6 * flux, rel=1e-6)
