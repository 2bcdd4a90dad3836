"""What belongs to which survey, row by row."""

import json

import pytest
from decode_samples import SCHEMA, TEXT, alert, block, datum, header, messages, outcome, survey, zigzag

from jobs.packets.messages import Message
from jobs.pipeline.decode import decoder
from jobs.pipeline.decode.decoder import Decoder

NEW = json.dumps({**SCHEMA, "version": "4.02", "fields": [*SCHEMA["fields"], {"name": "ndethist", "type": "int"}]})
LSST = json.dumps({**SCHEMA, "namespace": "lsst.v10_0", "version": None})


def one(text: str, candid: int) -> Message:
    record = {**alert(candid), "ndethist": 5}
    return Message(header(text) + block(datum(record, json.loads(text)), 1))


def both() -> Decoder:
    return Decoder([survey(), survey(name="lsst", matches=lambda schema: schema["namespace"] == "lsst.v10_0")], None)


def test_rows_keep_the_order_of_the_messages_over_schema_versions_and_surveys() -> None:
    texts = [TEXT, NEW, LSST, TEXT, LSST, NEW]
    decoded = both().decode([one(text, 10 + number) for number, text in enumerate(texts)])
    found = {g.survey.name: (list(g.rows), g.packets.field("candid").to_pylist(), g.versions) for g in decoded.groups}
    assert found == {
        "ztf": ([0, 1, 3, 5], [10, 11, 13, 15], ["3.3", "4.02", "3.3", "4.02"]),
        "lsst": ([2, 4], [12, 14], ["10.0", "10.0"]),
    }
    assert decoded.groups[0].packets.field("ndethist").to_pylist() == [None, 5, None, 5]
    assert decoded.schemas == texts


def test_refused_messages_between_do_not_shift_the_rows() -> None:
    batch = [one(NEW, 10), Message(b"?"), one(TEXT, 11), Message(one(TEXT, 12).value[:-17]), one(NEW, 13)]
    decoded = both().decode(batch)
    assert outcome(decoded) == [(0, 0, ""), (1, 0, "not_avro"), (2, 0, ""), (3, 0, "truncated"), (4, 0, "")]
    (group,) = decoded.groups
    assert (list(group.rows), group.packets.field("candid").to_pylist()) == ([0, 1, 2], [10, 11, 13])
    assert list(decoded.message) == [0, 2, 4]


def test_a_batch_beyond_what_a_column_can_hold_comes_in_several_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [one(text, 10 + number) for number, text in enumerate([TEXT, NEW, TEXT, TEXT, NEW])]
    (whole,) = both().decode(batch).groups
    size = max(len(value) for value in both().decode(batch).values)
    monkeypatch.setattr(decoder, "GROUP_BYTES", 2 * size)
    groups = both().decode(batch).groups
    assert [list(group.rows) for group in groups] == [[0, 1], [2, 3], [4]]
    assert [packet for group in groups for packet in group.packets.to_pylist()] == whole.packets.to_pylist()
    assert [version for group in groups for version in group.versions] == whole.versions


def test_the_first_survey_that_matches_takes_the_packet() -> None:
    surveys = [survey(name="one", matches=lambda schema: True), survey(name="other", matches=lambda schema: True)]
    assert [group.survey.name for group in Decoder(surveys, None).decode([one(TEXT, 1)]).groups] == ["one"]


def test_the_byte_of_a_bad_record_is_counted_in_what_is_refused() -> None:
    good, bad = datum(alert(1)), zigzag(1 << 31) + datum(alert(2))
    (refused, *_) = both().decode(messages(header() + block(good + bad + good, 3))).refused
    assert refused.value == bad + good
    assert refused.refusal.message == f"wants 2147483648 bytes, {len(bad + good) - 5} are left; at byte 5 (objectId)"
