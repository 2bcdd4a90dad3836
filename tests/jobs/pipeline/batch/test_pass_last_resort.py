"""A packet at which the view raises is in quarantine alone, under `unreadable`; the others keep their answers, bit for bit."""

from typing import Any

import pyarrow as pa
import pytest
from fuzzed_messages import one_pass, sourced

from jobs.packets import content
from jobs.pipeline.enrichment.one_pass import OnePass
from jobs.pipeline.surveys import assemble
from jobs.pipeline.surveys.read import Read
from jobs.simulation.packets import packet
from jobs.simulation.schema import SCHEMA

RECORDS = [packet(0, number)[0] for number in range(7)]
IDS = [record["candid"] for record in RECORDS]


@pytest.fixture
def passing() -> OnePass:
    return one_pass(modules=("stetson_k",))


def break_view(monkeypatch: pytest.MonkeyPatch, bad: set[int], error: BaseException) -> list[int]:
    """From now on the view of ZTF raises if one of these alerts is among its packets; it notes how many it is given."""
    real, calls = assemble.refusals, []

    def refusals(read: Read, *rest: Any) -> Any:
        calls.append(len(read.alert_id))
        if bad & set(read.alert_id.to_pylist()):
            raise error
        return real(read, *rest)

    monkeypatch.setattr(assemble, "refusals", refusals)
    return calls


@pytest.mark.parametrize("bad", [{0}, {6}, {2, 3}, {0, 3, 6}, set(range(7))])
@pytest.mark.parametrize("error", [OverflowError("year 58534"), MemoryError(), RecursionError()])
def test_the_culprits_are_refused_and_the_others_answered(
    passing: OnePass, monkeypatch: pytest.MonkeyPatch, bad: set[int], error: Exception
) -> None:
    messages = [sourced(SCHEMA, RECORDS[:4]), sourced(SCHEMA, RECORDS[4:], name="b.avro")]
    whole = passing(messages).alerts
    break_view(monkeypatch, {IDS[number] for number in bad}, error)
    passed = passing(messages)
    good = [number for number in range(7) if number not in bad]
    assert passed.alerts.equals(whole.take(pa.array(good, pa.int64())))
    refused = passed.refused.to_pylist()
    assert [each["reason"] for each in refused] == ["unreadable"] * len(bad)
    assert [(each["provenance"]["file"], each["provenance"]["index"]) for each in refused] == [
        ("a.avro", number) if number < 4 else ("b.avro", number - 4) for number in sorted(bad)
    ]
    assert all(each["message"].startswith(f"unreadable: {type(error).__name__}: {error}") for each in refused)
    assert all(each["survey"] == "ztf" and each["failed_at"] == "view" and each["value"] for each in refused)


def test_what_ends_the_process_is_not_held(passing: OnePass, monkeypatch: pytest.MonkeyPatch) -> None:
    break_view(monkeypatch, {IDS[0]}, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        passing([sourced(SCHEMA, RECORDS)])


def test_a_content_hash_that_raises_blames_its_row(passing: OnePass, monkeypatch: pytest.MonkeyPatch) -> None:
    real = content.content_hash

    def content_hash(table: pa.Table) -> Any:
        if IDS[5] in table["alert_id"].to_pylist():
            raise FloatingPointError("overflow")
        return real(table)

    monkeypatch.setattr("jobs.pipeline.enrichment.one_pass.content_hash", content_hash)
    passed = passing([sourced(SCHEMA, RECORDS)])
    assert passed.alerts["alert_id"].to_pylist() == IDS[:5] + IDS[6:]
    assert passed.refused["message"].to_pylist()[0].startswith("unreadable: FloatingPointError: overflow")


def test_nothing_is_viewed_twice_as_long_as_nothing_raises(passing: OnePass, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = break_view(monkeypatch, set(), ValueError())
    passing([sourced(SCHEMA, RECORDS)])
    assert calls == [7]
