"""Each number of what filters sent that does not add up is named."""

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sending import Output

from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent, read_sent, sent_path, write_sent
from jobs.ledger.streams import StreamLedger
from jobs.pipeline.sinks.registry import audit_sinks

pytestmark = pytest.mark.spark


@pytest.fixture
def closed(output: Output) -> tuple[StreamLedger, Record, Path]:
    """A closed batch whose filters' counts and topics are right."""
    batch = output.batches[0]
    path = sent_path(output.layout, batch.stream, batch.batch)
    sent = read_sent(output.layout, batch.stream, batch.batch)
    assert sent is not None
    names = sent.matches["filter"].to_pylist()
    filters = {
        name: {
            "version": "v1",
            "cutouts": False,
            "matched": names.count(name) + 7,
            "sent": names.count(name),
            "private": 4,
            "per_object": 1,
            "over_max_per_night": 2,
            "over": ["ztf:1", "ztf:2"],
        }
        for name in sorted(set(names))
    }
    write_sent(path, Sent(sent.matches, filters))
    topics = {f"t.ztf.{name}": names.count(name) for name in filters}
    sinks = {"filters": filters, "kafka": {"topics": topics, "messages": len(names)}}
    record = dataclasses.replace(batch, state="closed", sinks=sinks)
    return StreamLedger(output.layout, batch.stream), record, path


def changed(record: Record, change: Callable[[dict[str, Any]], None]) -> Record:
    sinks = copy.deepcopy(record.sinks)
    change(sinks)
    return dataclasses.replace(record, sinks=sinks)


def test_what_adds_up_has_no_gap(closed: tuple[StreamLedger, Record, Path]) -> None:
    ledger, record, _ = closed
    assert list(audit_sinks(ledger.layout, record)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sinks: sinks["filters"]["all"].update(sent=1), "filter all: sent 1 is not the rows"),
        (lambda sinks: sinks["filters"]["all"].update(matched=1), "filter all: matched 1 is not sent"),
        (lambda sinks: sinks["filters"]["all"].update(private=3), "filter all: matched "),
        (lambda sinks: sinks["filters"]["all"].update(over=[]), "over_max_per_night 2 is not the ids listed (0)"),
        (lambda sinks: sinks["filters"].pop("even"), "filter even: "),
        (lambda sinks: sinks["filters"]["all"].update(unknown=7), "filter all: unknown 7 is neither none nor all of"),
        (lambda sinks: sinks["filters"]["all"].update(unknown=7), "7 alerts were not judged, and "),
        (
            lambda sinks: sinks["kafka"].update(too_large={"all": 1}),
            "too_large is {'all': 1} in the ledger, kept are {}",
        ),
        (lambda sinks: sinks["filters"]["all"].update(version="v2"), "counts of filters are not those of"),
        (lambda sinks: sinks["kafka"]["topics"].update({"t.ztf.all": 1}), "topic of ztf.all: "),
        (lambda sinks: sinks["kafka"]["topics"].update({"t.lsst.all": 1}), "topic of lsst.all: 0 matches are sent"),
    ],
)
def test_a_number_that_is_wrong_is_named(
    change: Callable[[dict[str, Any]], None], said: str, closed: tuple[StreamLedger, Record, Path]
) -> None:
    ledger, record, _ = closed
    assert any(said in gap for gap in audit_sinks(ledger.layout, changed(record, change)))


def test_a_file_that_is_gone_and_rows_that_are_strange_are_named(closed: tuple[StreamLedger, Record, Path]) -> None:
    ledger, record, path = closed
    sent = read_sent(ledger.layout, record.stream, record.batch)
    assert sent is not None
    at = sent.matches.schema.get_field_index("alert_id")
    strange = sent.matches.set_column(at, "alert_id", [[5] * sent.matches.num_rows])
    write_sent(path, Sent(strange, sent.filters))
    gaps = list(audit_sinks(ledger.layout, record))
    assert any("are of alerts that the batch does not hold" in gap for gap in gaps)
    assert any("are sent twice by one filter" in gap for gap in gaps)
    path.unlink()
    assert any("is gone" in gap for gap in audit_sinks(ledger.layout, record))
