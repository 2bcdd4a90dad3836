"""The index of committed ids against a dictionary that holds them all."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jobs.ledger import id_index as ids
from jobs.ledger.id_index import IdIndex, span
from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.storage.layout import Layout

LIMITS = (-(2**63), 2**63 - 1)


def commit(layout: Layout, batch: int, rows: list[tuple[str, int, int]], tables: tuple[str, ...] = ("raw",)) -> Record:
    """Write the id file of a batch and give its record."""
    surveys, alerts, hashes = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table(
        {
            "survey": pa.array(surveys, pa.string()),
            "alert_id": pa.array(alerts, pa.int64()),
            "content_hash": pa.array(hashes, pa.int64()),
        }
    )
    ledger = StreamLedger(layout, "s")
    ledger.directory.mkdir(parents=True, exist_ok=True)
    ledger.write_ids(batch, table)
    return Record(Plan("s", batch, "night", "", 0.0, ()), "", tables, {}, (), span(table), {})


def wanted(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(("segments", "held"), [(3, 10**9), (256, 120)])
def test_the_index_finds_what_a_dictionary_finds(
    segments: int, held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overlapping batches of two surveys, more of them than are kept in memory."""
    monkeypatch.setattr(ids, "CACHED_SEGMENTS", segments)
    monkeypatch.setattr(ids, "CACHED_IDS", held)
    layout, noise = Layout(tmp_path), random.Random(0)
    index, known = IdIndex(layout, ("raw", "science")), {}
    for batch in range(12):
        rows = {}
        for _ in range(50):
            key = noise.choice(["ztf", "lsst"]), noise.choice([*LIMITS, noise.randrange(-2000, 2000)])
            if key not in known:
                rows[key] = known[key] = noise.randrange(*LIMITS)
        index.add(commit(layout, batch, [(*key, value) for key, value in rows.items()]))
        for survey in ("ztf", "lsst", "other"):
            asked = [noise.randrange(-2000, 2000) for _ in range(40)] + list(LIMITS)
            expected = {each: known[(survey, each)] for each in asked if (survey, each) in known}
            assert dict(index.committed(survey, wanted(*asked))) == expected
    assert len(index._cache) <= segments
    assert index._cached_ids == sum(len(there) for there, _ in index._cache.values()) <= held


def test_only_batches_that_wrote_one_of_the_tables_count(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    record = commit(layout, 0, [("ztf", 1, 10)], tables=("raw",))
    for tables, found in ((("science", "cutouts"), {}), (("raw",), {1: 10}), (("quarantine",), {})):
        assert dict(IdIndex(layout, tables, [record]).committed("ztf", wanted(1))) == found


def test_nothing_asked_and_nothing_committed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    index = IdIndex(layout, ("raw",), [commit(layout, 0, [])])
    assert index.committed("ztf", wanted()) == {}
    assert index.committed("ztf", wanted(1, 2)) == {}


def test_segments_that_cannot_hold_an_id_are_not_opened(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    index = IdIndex(layout, ("raw",), [commit(layout, 0, [("ztf", 100, 1), ("ztf", 200, 2)])])
    StreamLedger(layout, "s").ids_path(0).unlink()
    for outside in ((1, 99), (201, 300)):
        assert index.committed("ztf", wanted(*outside)) == {}
    with pytest.raises(FileNotFoundError):
        index.committed("ztf", wanted(150))


def test_the_span_is_least_greatest_and_count_per_survey() -> None:
    table = pa.table({"survey": ["ztf", "lsst", "ztf"], "alert_id": [5, 7, -9]})
    assert span(table) == {"ztf": [-9, 5, 2], "lsst": [7, 7, 1]}
    assert span(table.slice(0, 0)) == {}
