"""One night gives the same tables as one batch, as many, and as a stream that is stopped and started again."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from awkward_night import WAVES, conflicting
from comparing import TABLES, Ids, gaps, quarantine, read_table, table_differences, totals
from night_job import Night, Start

from jobs.ledger.streams import records
from jobs.simulation.schema import SCHEMA
from jobs.storage.layout import Layout

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def contested(directory: Path) -> Ids:
    """Ids that the night holds with several measurements or in several schema versions: which one stays depends on
    what is read together."""
    versions: dict[int, set[object]] = {}
    for path in sorted(directory.glob("[abgy]_*.avro")):
        with open(path, "rb") as file:
            if file.read(4) != b"Obj\x01":
                continue
            file.seek(0)
            for packet in _readable(fastavro.reader(file)):
                said = (packet.get("schemavsn"), packet["candidate"]["magpsf"])
                versions.setdefault(packet["candid"], set()).add(said)
    return frozenset(alert for alert, said in versions.items() if len(said) > 1)


def _readable(packets: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from packets
    except (EOFError, ValueError, IndexError):
        return


def measurements(output: Path, alert: int) -> set[float]:
    """What is kept or quarantined under a simulated alert's id: magnitudes."""
    kept = read_table(output, "raw")
    values = kept.filter(pc.equal(kept["alert_id"], alert))["value"].to_pylist()
    for path in (output / "quarantine").glob("night=*/*.parquet"):
        rows = pq.ParquetFile(path).read().to_pylist()
        values += [row["value"] for row in rows if row["reason"] == "conflicting_id" and row["alert_id"] == alert]
    schema = fastavro.parse_schema(SCHEMA)
    return {fastavro.schemaless_reader(pa.BufferReader(value), schema)["candidate"]["magpsf"] for value in values}


def same(left: Path, right: Path, disputed: Ids) -> list[str]:
    """Differences of two outputs, the disputed ids and the conflicts aside."""
    found = []
    for name in TABLES:
        tables = [read_table(output, name, without=disputed) for output in (left, right)]
        found += table_differences(name, *tables)
    sides = [
        {entry for entry in quarantine(output).elements() if entry[1] != "conflicting_id"} for output in (left, right)
    ]
    return found if sides[0] == sides[1] else [*found, f"quarantine: {sides[0] ^ sides[1]}"]


def read(output: Path) -> int:
    """Packets that the ledger says were read."""
    return sum(int(counts["read"]) for counts in totals(output).values())


def closed(output: Path) -> int:
    """Packets in the closed batches of the job in hand."""
    try:
        status = json.loads((output / "status.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0
    return int(status["read"])


def test_one_batch_and_many_give_the_same_tables(night: Night, undisturbed: Path, tmp_path: Path, start: Start) -> None:
    output = tmp_path / "one"
    job = start(night.arguments(output, limit=5000))
    assert job.wait() == 0, job.said()
    batches = [len(list(records(Layout(each)))) for each in (output, undisturbed)]
    assert batches[0] == 1 and batches[1] > 5
    disputed = contested(night.directory)
    assert same(undisturbed, output, disputed) == []
    alert = int(conflicting()["candid"])
    assert alert in disputed and measurements(output, alert) == measurements(undisturbed, alert)
    assert len(measurements(output, alert)) == 2
    assert totals(output) == totals(undisturbed)
    assert gaps(output) == []


def test_a_stream_stopped_and_started_gives_the_same_tables_and_one_job_at_a_time_writes_them(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    waiting = [sorted(night.directory.glob(f"{wave}_*")) for wave in WAVES]
    hidden = {path: path.with_name(f".{path.name}") for wave in waiting[1:] for path in wave}
    for path, away in hidden.items():
        path.rename(away)
    output = tmp_path / "stream"
    arguments = night.arguments(output, "--trigger", "continuous", "--interval-s", "0.2")
    try:
        first = start(arguments)
        first.wait_until((output / "_lock").exists)
        second = start(night.arguments(output))
        assert second.wait() == 4
        assert f"job 'night', process {first.process.pid} on " in second.said()
        first.wait_until(lambda: closed(output) > 0)
        first.process.send_signal(signal.SIGTERM)
        assert first.wait() == 0, first.said()
        assert closed(output) < 60, "the batch in hand was not the last one"
        assert all(record.state == "closed" for record in records(Layout(output)))
    finally:
        for path, away in hidden.items():
            away.rename(path)
    again = start(arguments)
    again.wait_until(lambda: read(output) == read(undisturbed))
    again.process.send_signal(signal.SIGTERM)
    assert again.wait() == 0, again.said()
    assert same(undisturbed, output, contested(night.directory)) == []
    assert totals(output) == totals(undisturbed)
    assert gaps(output) == []
