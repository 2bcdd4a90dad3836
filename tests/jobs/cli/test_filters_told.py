"""The closing table says what filters have not judged, and what was too large to send."""

import io
from typing import Any

import pytest

from jobs.cli.console import Console
from jobs.cli.report import print_filters
from jobs.ledger.records import Plan, Record


def closed(batch: int, **told: Any) -> Record:
    plan = Plan(stream="s", batch=batch, job="night", planned_at="", now_mjd=60000.0, ranges=())
    nothing = {"matched": 0, "sent": 0, "private": 0, "per_object": 0, "over_max_per_night": 0, "unknown": 0}
    filters = {name: {**nothing, **numbers} for name, numbers in told["filters"].items()}
    sinks = {"filters": filters, "kafka": told.get("kafka", {})}
    return Record(plan=plan, run="r", tables=("science",), nights={}, files=(), ids={}, hashes={}, sinks=sinks)


@pytest.fixture
def told() -> str:
    slow = {"unknown": 5000, "unknown_reason": "over its time: more than 15 s"}
    records = [
        closed(0, filters={"slow": slow, "large": {"matched": 7, "sent": 7}}, kafka={"too_large": {"large": 2}}),
        closed(1, filters={"slow": slow, "large": {"matched": 4, "sent": 4}}),
    ]
    out = io.StringIO()
    print_filters(Console(file=out, width=200), records)
    return out.getvalue()


def test_the_table_has_what_was_sent_and_what_was_not(told: str) -> None:
    rows = {
        line.split()[1]: line.replace("\u2502", " ").split()[1:] for line in told.splitlines() if line[:1] == "\u2502"
    }
    #                       matched sent private known over too-large not-judged
    assert rows["large"] == ["11", "9", "0", "0", "0", "2", "0"]
    assert rows["slow"] == ["0", "0", "0", "0", "0", "0", "10,000"]


def test_the_reasons_follow(told: str) -> None:
    assert "not sent: filter slow has not judged 10,000 alerts of 2 batches: over its time: more than 15 s" in told
    assert "not sent: filter large: 2 matches were too large to send; `strix quarantine list` has them" in told


def test_nothing_is_said_where_there_are_no_filters() -> None:
    out = io.StringIO()
    print_filters(Console(file=out), [closed(0, filters={})])
    assert out.getvalue() == ""
