"""Rolled or not, killed anywhere in between: whatever is asked of the ledger, the answer is the same."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.audit.check import check_ledger
from jobs.common import faults
from jobs.kafka.connection import Connection
from jobs.ledger import volume_writing
from jobs.ledger.counts import empty_counts
from jobs.ledger.id_index import IdIndex, holders_of, span
from jobs.ledger.quarantine import replayed
from jobs.ledger.records import KEPT_IDS, DataFile, Plan, Record, replays
from jobs.ledger.rolling import roll, roll_all, sweep
from jobs.ledger.sent_file import Sent, read_sent, sent_path, write_sent
from jobs.ledger.streams import StreamLedger, open_records, records
from jobs.ledger.too_large import TooLarge, note_too_large, read_too_large, too_large_path
from jobs.ledger.volumes import Wanted
from jobs.packets.ranges import Range
from jobs.packets.reading import OffsetCounts
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.pipeline.sources.kafka.positions import Move, Positions, planned_to
from jobs.pipeline.sources.kafka.source import KafkaSource
from jobs.storage.layout import Layout

Damage = Callable[[Path], Any]
ROOT = Path(__file__).parents[3]
BATCHES, IN_VOLUME = 27, 10
NIGHTS = ("20240101", "20240102", "unknown")


@pytest.fixture(autouse=True)
def small_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_writing, "BATCHES", IN_VOLUME)


def ids_of(batch: int) -> pa.Table:
    """Five alerts of two surveys; batch 20 has one of batch 3 again, which the check must find."""
    numbers = [100 * batch + each for each in range(4)] + ([301] if batch == 20 else [-(3**batch)])
    columns = {
        "survey": ["ztf", "ztf", "lsst", "ztf", "ztf"],
        "alert_id": numbers,
        "content_hash": [number * 3 + 1 for number in numbers],
        "mjd": [60000.0 + batch] * 5,
        "ra": [1.5] * 5,
        "dec": [-2.5] * 5,
        "band": ["g"] * 5,
        "flux": [float(batch)] * 5,
        "flux_err": [None] * 5,
    }
    return pa.table(columns, schema=KEPT_IDS)


def record_of(stream: str, batch: int) -> Record:
    """A closed batch of a topic with three partitions, a moved one among them, and of quarantine that is replayed."""
    night = NIGHTS[batch % 3]
    ranges = [
        Range("kafka", "t", 10 * batch, 10 * batch + 10, size=300, last=False, partition=each, topic_id="x")
        for each in range(3)
    ]
    if batch % 9 == 4:
        ranges = [Range("quarantine", "/q", 0, 2, end=5, entries=(f"e{batch}", f"f{batch}"))]
    if stream == "b":
        ranges = [Range("raw", "/up/raw", 0, 30, batch=f"a/{batch + batch // 5}")]
    counts = OffsetCounts("t", 1, records=8, packets=8, gaps=((10 * batch, 10 * batch + 2),), why="retention")
    files = (DataFile("raw", night, f"raw/night={night}/{stream}-{batch:09d}-0000.parquet", "", 5, 100, 7),)
    if batch % 4 == 1:
        files += (
            DataFile("quarantine", night, f"quarantine/night={night}/{stream}-{batch:09d}-0000.parquet", "", 1, 9, 8),
        )
    return Record(
        plan=Plan(stream, batch, "night", "2024-01-01T00:00:00+00:00", 60000.0, tuple(ranges)),
        run="run",
        tables=("raw",) if batch < 13 else ("raw", "science"),
        nights={night: {**empty_counts(), "read": 30, "decoded": 5, "duplicates": 25}},
        files=files,
        ids=span(ids_of(batch)),
        hashes={"modules": {}},
        state="closed",
        sinks={"parquet": {"raw": 5}},
        timings_s={"stage": 1.25},
        tallies=(counts,) if batch % 5 == 0 else (),
    )


def match(batch: int) -> TooLarge:
    return TooLarge("f", "1", "ztf", 100 * batch, "o", 20240101, "t.f", 10, 5, {"topic": "t"})


def write_history(layout: Layout, stream: str = "a", batches: int = BATCHES, last: str = "closed") -> StreamLedger:
    """A stream whose batches have everything that lies beside a record; one has no ids, one another plan."""
    ledger = StreamLedger(layout, stream)
    ledger.directory.mkdir(parents=True)
    Positions("c", ("t",), "earliest", tuple(move(each, 0, 0) for each in range(3))).write(ledger)
    for batch in range(batches):
        record = record_of(stream, batch)
        ledger.begin_plan(record.plan if batch != 6 else replace(record.plan, now_mjd=1.0))
        ledger.write_ids(batch, ids_of(batch))
        if batch % 2:
            columns = {"survey": ["ztf"], "alert_id": [100 * batch], "object_id": ["o"], "mjd": [1.0], "filter": ["f"]}
            write_sent(sent_path(layout, stream, batch), Sent(pa.table(columns), {"f": {"sent": 1, "batch": batch}}))
        if batch % 7 == 3:
            note_too_large(too_large_path(layout, stream, batch), [match(batch)])
        ledger.write(record if batch < batches - 1 else replace(record, state=last))
    (ledger.directory / f"{batches - 1:09d}.state.parquet").write_bytes(b"state")
    return ledger


def move(partition: int, offset: int, batch: int) -> Move:
    return Move("t", "x", partition, offset, batch, "start", "2024")


def answers(layout: Layout) -> dict[str, Any]:
    """Everything that readers and a start ask of an output's ledger."""
    ledger = StreamLedger(layout, "a")
    index = IdIndex(layout, ("raw",), open_records(layout))
    asked = np.array(
        [number for batch in range(BATCHES) for number in ids_of(batch)["alert_id"].to_pylist()] + [1, 2, 3]
    )
    kafka, following = kafka_source(ledger), LedgerSource(layout)
    following.begin(StreamLedger(layout, "b"))
    for record in StreamLedger(layout, "b").open_records():
        following.note(record)
    measured = [index.measured(survey, asked).sort_by("alert_id").to_pylist() for survey in ("ztf", "lsst")]
    return {
        "records": [each.to_json() for each in records(layout)],
        "nights": [(each.stream, each.batch) for each in records(layout, nights=["20240102"])],
        "since": [each.batch for each in records(layout, "a", wanted=Wanted(since=15))],
        "science": [each.batch for each in records(layout, "a", wanted=Wanted(table="science"))],
        "read": [ledger.read(batch) for batch in (0, 6, 9, 10, 26)],
        "next": ledger.next_batch(),
        "sealed": ledger.sealed(),
        "replayed": replayed(layout),
        "replays": [each.batch for each in records(layout, wanted=Wanted(replays=True)) if replays(each)],
        "refused": [each.batch for each in records(layout, wanted=Wanted(refused=True))],
        "lost": list(ledger.lost()),
        "ids": [sorted_ids(ledger.ids(batch)) for batch in range(BATCHES)],
        "committed": [dict(index.committed(survey, asked)) for survey in ("ztf", "lsst")],
        "measured": measured,
        "holders": [list(holders_of(layout, int(each))) for each in (301, 2601, -(3**11), 5)],
        "sent": [told_sent(read_sent(layout, "a", batch)) for batch in range(BATCHES)],
        "too_large": [list(read_too_large(layout, ledger.read(batch))) for batch in range(BATCHES)],
        "state": (ledger.directory / f"{BATCHES - 1:09d}.state.parquet").read_bytes(),
        "kafka": [each for each in kafka.report()["kafka"]["partitions"] if each["topic"] == "t"],
        "reached": planned_to(moved(ledger), positions_of(ledger)),
        "follows": [each.batch for each in following.plan(10**6)],
        "gaps": [str(each) for each in check_ledger(layout).gaps],
        "gaps of a night": [str(each) for each in check_ledger(layout, nights=["20240101"]).gaps],
        "gaps since": [str(each) for each in check_ledger(layout, since={"a": 8}).gaps],
    }


def kafka_source(ledger: StreamLedger) -> KafkaSource:
    source = KafkaSource(Connection.of({"bootstrap": "localhost:1"}), ["t"], "earliest", bounded=True)
    source.begin(ledger)
    for record in ledger.open_records():
        source.note(record)
    return source


def moved(ledger: StreamLedger) -> Positions:
    """Partition 2 was moved back with batch 25, behind all that is rolled."""
    positions = Positions.read(ledger.directory)
    assert positions is not None
    return positions.moved([move(2, 7, 25)])


def positions_of(ledger: StreamLedger) -> list[tuple[int, Range]]:
    rolled = list(ledger.rolled.summary.positions.values())
    return [*rolled, *((each.batch, planned) for each in ledger.open_records() for planned in each.plan.ranges)]


def sorted_ids(ids: pa.Table | None) -> Any:
    return None if ids is None else ids.sort_by([("survey", "ascending"), ("alert_id", "ascending")]).to_pylist()


def told_sent(sent: Sent | None) -> Any:
    return None if sent is None else (sent.matches.to_pylist(), sent.filters)


@pytest.fixture(scope="module")
def unrolled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an output answers before anything is rolled."""
    layout = Layout(tmp_path_factory.mktemp("unrolled"))
    write_history(layout)
    write_history(layout, "b")
    return answers(layout)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "out")
    write_history(made)
    write_history(made, "b")
    return made


def check_same(layout: Layout, unrolled: dict[str, Any]) -> None:
    now = answers(layout)
    for what, expected in unrolled.items():
        assert now[what] == expected, what


def own_files(ledger: StreamLedger) -> list[str]:
    return sorted(path.name for path in ledger.directory.glob("[0-9]*"))


def test_the_answers_are_those_of_this_history(unrolled: dict[str, Any]) -> None:
    """The net itself: it asks things that have an answer."""
    assert unrolled["next"] == BATCHES
    assert [len(each) for each in unrolled["ids"]] == [5] * BATCHES
    assert any("batch 20: 1 ztf alert of stream a batch 3 again in raw, e.g. 301" in gap for gap in unrolled["gaps"])
    assert any("plan: now_mjd is not what its plan file says" in gap for gap in unrolled["gaps"])
    assert unrolled["holders"][0] == [("a", 3), ("a", 20), ("b", 3), ("b", 20)]
    assert unrolled["kafka"][0]["position"] == 270
    assert sum(each is not None for each in unrolled["sent"]) == BATCHES // 2
    assert len(unrolled["lost"]) == 6
    assert all(unrolled.values())


def test_rolled_batches_answer_as_before_and_their_files_are_gone(layout: Layout, unrolled: dict[str, Any]) -> None:
    ledger = StreamLedger(layout, "a")
    assert roll_all(layout) == 2 * 23  # 10 and, where the tables change, 3, then 10 of each stream
    assert [(each.first, each.last) for each in ledger.rolled.volumes] == [(0, 9), (10, 12), (13, 22)]
    assert {name[:9] for name in own_files(ledger)} == {f"{batch:09d}" for batch in range(23, 27)}
    check_same(layout, unrolled)
    assert roll_all(layout) == 0


def test_an_index_and_sources_that_know_a_batch_find_it_after_it_was_rolled(layout: Layout) -> None:
    index = IdIndex(layout, ("raw",), open_records(layout))
    ledger = StreamLedger(layout, "a")
    listed = ledger.entries()
    first = next(listed)
    roll(ledger)
    # A reader that has listed the batches before they were rolled reads on from the volumes.
    assert [first.batch, *(each.batch for each in listed)] == list(range(BATCHES))
    assert index.committed("ztf", np.array([301, 999_999])) == {301: 904}
    assert all(each.batch >= 23 for each in index._segments["ztf"] if each.stream == "a")
    assert len(index._volumes["ztf"]) == 3


PROGRAM = (
    "import sys; from pathlib import Path; from jobs.ledger import rolling, volume_writing;"
    " from jobs.storage.layout import Layout;"
    f" volume_writing.BATCHES = {IN_VOLUME}; rolling.roll_all(Layout(Path(sys.argv[1])))"
)


@pytest.mark.parametrize("point", [point for point in faults.ROLLING if point != "after_known"])
def test_a_kill_at_any_step_changes_no_answer(point: str, layout: Layout, unrolled: dict[str, Any]) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(layout.root)], cwd=ROOT, env={**os.environ, "STRIX_FAULT": point}
    )
    assert killed.returncode == -signal.SIGKILL
    check_same(layout, unrolled)
    sweep(layout)
    check_same(layout, unrolled)
    roll_all(layout)
    check_same(layout, unrolled)
    ledger = StreamLedger(layout, "a")
    assert ledger.rolled.until == 23
    assert {path.name for path in (ledger.directory / "rolled").iterdir()} <= ledger.rolled.names()
    assert {name[:9] for name in own_files(ledger)} == {f"{batch:09d}" for batch in range(23, 27)}


def test_what_is_not_closed_or_cannot_be_read_stays_and_what_is_behind_it_too(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    ledger = write_history(layout, batches=11, last="sealed")
    assert roll(ledger) == 10
    assert [each.batch for each in ledger.open_records()] == [10]
    damages: dict[str, Damage] = {
        "record": lambda path: path.write_text("{"),
        "bytes of record": lambda path: path.write_bytes(b'{"a": "\xff"}'),
        "ids": lambda path: path.with_suffix(".ids.parquet").write_bytes(b"x"),
        "no ids": lambda path: path.with_suffix(".ids.parquet").unlink(),
    }
    for name, damage in damages.items():
        damaged = Layout(tmp_path / name)
        other = write_history(damaged)
        damage(other.record_path(12))
        before = [str(each) for each in check_ledger(damaged).gaps]
        roll(other)
        assert other.rolled.until <= 12
        assert [str(each) for each in check_ledger(damaged).gaps] == before
        assert roll(other) == 0


def test_a_batch_whose_number_is_missing_is_missing_in_a_volume_too(layout: Layout) -> None:
    ledger = StreamLedger(layout, "a")
    ledger.record_path(4).unlink()
    roll(ledger)
    assert ledger.numbers().runs == [[0, 3], [5, 26]]
    gaps = [str(each) for each in check_ledger(layout).gaps]
    assert "stream a: batch 4 is missing, the ledger goes up to 26" in gaps
    with pytest.raises(FileNotFoundError):
        ledger.read(4)


def test_a_summary_that_says_something_else_is_a_gap(layout: Layout) -> None:
    ledger = StreamLedger(layout, "a")
    roll(ledger)
    path = ledger.directory / "rolled.json"
    content = json.loads(path.read_text())
    content["summary"]["positions"][0]["stop"] += 1
    path.write_text(json.dumps(content))
    assert any("rolled.json says of positions" in str(gap) for gap in check_ledger(layout).gaps)


def test_durable_syncs_the_volume_before_it_counts(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(handle: int) -> None:
        done.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        sync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("rename"), rename(*paths))[1])
    ledger = StreamLedger(layout, "a", durable=True)
    volume_writing.write_volume(ledger, (volume_writing.closed_batch(ledger, batch) for batch in range(10)))
    first = done.index("rename")
    name = "000000000-000000009"
    assert {f"{name}.records.parquet", f"{name}.ids.parquet", f"{name}.kept.parquet", "rolled"} <= set(done[:first])
    assert done[first + 1] == "stream=a"


def test_ids_across_volumes_are_compared_span_by_span(layout: Layout, unrolled: dict[str, Any]) -> None:
    from jobs.audit import committed

    roll_all(layout)
    for at_once in (1, 3, 17):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(committed, "IDS_AT_ONCE", at_once)
            assert [str(each) for each in check_ledger(layout).gaps] == unrolled["gaps"]
