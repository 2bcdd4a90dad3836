"""Streams with faults: each message is what the list says, and a job's ledger adds up with it."""

from collections import Counter
from typing import Any

import pytest

from jobs.simulation.load import FaultRates, Sending, sendings
from jobs.simulation.night import container
from jobs.simulation.packets import packet

RATES = FaultRates(bad=0.1, duplicates=0.1, conflicts=0.1, late=0.1, reordered=0.2)
N = 400


@pytest.fixture(scope="module")
def templates() -> list[dict[str, Any]]:
    return [packet(0, number)[0] for number in range(20)]


@pytest.fixture(scope="module")
def messages(templates: list[dict[str, Any]]) -> list[Sending]:
    return list(sendings(lambda number: numbered(templates, number), encode, N, RATES, 5))


def numbered(templates: list[dict[str, Any]], number: int) -> dict[str, Any]:
    record = templates[number % len(templates)]
    return {**record, "candid": number, "candidate": {**record["candidate"], "candid": number}}


def encode(record: dict[str, Any]) -> bytes:
    return container([record])


def test_shares_are_as_asked_and_each_alert_is_new_once(messages: list[Sending]) -> None:
    counts = Counter(each.what for each in messages)
    assert sum(counts.values()) == N
    assert all(abs(counts[what] - 40) < 20 for what in ("bad", "duplicate", "conflict", "late"))  # 3 sigma
    new = [each.alert_id for each in messages if each.what in ("alert", "late", "bad")]
    assert sorted(new) == list(range(len(new)))


def test_messages_are_reordered_as_often_as_asked_and_not_far(messages: list[Sending]) -> None:
    assert sorted(each.number for each in messages) == list(range(N))
    late = [place - each.number for place, each in enumerate(messages) if place > each.number]
    assert all(abs(place - each.number) <= 60 for place, each in enumerate(messages))
    assert sum(each > 5 for each in late) > 30


def test_what_is_sent_twice_is_the_same_bytes_and_a_conflict_is_not(messages: list[Sending]) -> None:
    in_turn = sorted(messages, key=lambda each: each.number)
    first = {each.alert_id: each.value for each in in_turn if each.what in ("alert", "late")}
    assert all(each.value == first[each.alert_id] for each in messages if each.what == "duplicate")
    assert all(each.value != first[each.alert_id] for each in messages if each.what == "conflict")


def test_the_same_seed_gives_the_same_messages(templates: list[dict[str, Any]], messages: list[Sending]) -> None:
    again = list(sendings(lambda number: numbered(templates, number), encode, N, RATES, 5))
    assert again == messages
    other = list(sendings(lambda number: numbered(templates, number), encode, N, RATES, 6))
    assert [each.what for each in other] != [each.what for each in messages]


@pytest.mark.parametrize("wrong", [{"bad": -0.1}, {"late": 1.1}, {"bad": 0.6, "duplicates": 0.6}])
def test_shares_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        FaultRates(**wrong)
