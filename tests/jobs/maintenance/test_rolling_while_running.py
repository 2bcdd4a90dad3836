"""A job that rolls its batches while it runs and starts anew finds every known alert, and writes what any job writes."""

from pathlib import Path

import pytest
from small_outputs import gaps, left_over, rows, run_night

from jobs.ledger import volume_writing
from jobs.ledger.streams import StreamLedger, records, streams
from jobs.maintenance import maintenance
from jobs.storage.layout import Layout


def test_a_night_in_rolled_batches_is_the_same_night(
    many_small: Path, packets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    monkeypatch.setattr(volume_writing, "BATCHES", 2)
    monkeypatch.setattr(maintenance, "AT_END_S", 0.0)
    run_night(output, packets)
    ledger = StreamLedger(Layout(output), streams(Layout(output))[0])
    batches = ledger.next_batch()
    assert batches > 4 and ledger.rolled.until >= batches - 1
    assert rows(output) == rows(many_small)
    assert gaps(output) == left_over(output) == []
    read = [{night: counts["read"] for night, counts in each.nights.items()} for each in records(Layout(output))]
    assert read == [
        {night: counts["read"] for night, counts in each.nights.items()} for each in records(Layout(many_small))
    ]
    # The same packets under other names: all are known, by ids that are in volumes.
    again = tmp_path / "again"
    again.mkdir()
    for path in packets.iterdir():
        (again / f"again_{path.name}").write_bytes(path.read_bytes())
    run_night(output, again)
    new = [each for each in records(Layout(output)) if each.batch >= batches]
    counted = [counts for each in new for counts in each.nights.values()]
    assert sum(counts["duplicates"] for counts in counted) == 36
    assert sum(counts["decoded"] for counts in counted) == 0
    assert gaps(output) == []
    run_night(output, packets)  # and nothing is read twice
    assert [each.batch for each in records(Layout(output))] == list(range(batches + len(new)))
