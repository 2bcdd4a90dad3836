"""`strix store` against a real HBase: made, compared, filled from an archive, verified, tidied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest
from hbase_client import connect
from looked_up import NIGHTS, every_row, made_up
from small_outputs import run_night
from store_tables import reader_of

from jobs.cli.main import main
from jobs.lookup.hbase import HBaseStore
from jobs.lookup.store import NotThere
from jobs.services.hbase import HBaseServer
from jobs.storage.layout import Layout

STAMPS = ("science", "template", "difference")
pytestmark = [pytest.mark.hbase, pytest.mark.spark, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = made_up(tmp_path_factory.mktemp("archive"), seed=6, files=2)
    layout.ledger.mkdir()
    return layout


def store(hbase: HBaseServer, *given: str) -> int:
    return main(["store", *given, "--hbase", hbase.thrift, "--namespace", "command"])


def test_from_no_tables_to_a_store_without_its_first_nights(
    archive: Layout, hbase: HBaseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    zookeeper = ["--zookeeper", hbase.zookeeper, "--namespace", "command"]
    assert main(["store", "check", *zookeeper]) == 1
    assert "command: namespace is absent, wanted there" in capsys.readouterr().out
    assert main(["store", "init", "--regions", "2", *zookeeper]) == 0
    assert "made command:alerts, command:cutouts" in capsys.readouterr().out
    assert main(["store", "check", *zookeeper]) == 0
    assert b"command:alerts" in connect(hbase).tables()

    rows = every_row(archive)
    assert store(hbase, "load", str(archive.root), "--nights", f"{NIGHTS[0]}..{NIGHTS[1]}") == 0
    first = sum(str(row["night"]) in NIGHTS[:2] for row in rows)
    assert f"{NIGHTS[1]}: 2 of 2 files, {first} alerts written" in capsys.readouterr().out
    # It goes on where it was: what is there is not written again.
    assert store(hbase, "load", str(archive.root)) == 0
    out = capsys.readouterr().out
    assert f"{NIGHTS[0]}: 2 of 2 files, 0 alerts written" in out
    assert f"{NIGHTS[-1]}: 2 of 2 files, {len(rows) - first} alerts written" in out
    for night in NIGHTS:
        assert store(hbase, "verify", str(archive.root), "--night", night) == 0
        assert f"{sum(str(row['night']) == night for row in rows)} alerts" in capsys.readouterr().out

    assert main(["store", "size", "--count", "--flush", "--hbase", hbase.thrift, *zookeeper]) == 0
    _as_large_as_it_is(capsys.readouterr().out, rows)

    _spoil_one(hbase, archive)
    assert store(hbase, "verify", str(archive.root), "--night", NIGHTS[0]) == 1
    told = capsys.readouterr().out
    assert told.count(": different\n") == 1 and "alerts " in told and " 1 different" in told

    _counts_what_is_there(hbase, rows, capsys)
    _only_later_nights(HBaseStore(reader_of(hbase, "command")), rows)

    capsys.readouterr()
    again = ["load", str(archive.root), "--nights", f"{NIGHTS[0]}..{NIGHTS[2]}"]
    assert store(hbase, *again) == 0
    written = [sum(str(row["night"]) == night for row in rows) for night in NIGHTS[:2]]
    told = capsys.readouterr().out
    assert f"{NIGHTS[0]}: 2 of 2 files, {written[0]} alerts written" in told
    assert f"{NIGHTS[2]}: 2 of 2 files, {sum(written)} alerts written" in told  # it stayed: nothing is added to the sum
    assert store(hbase, "verify", str(archive.root), "--night", NIGHTS[0]) == 0


def _as_large_as_it_is(said: str, rows: list[dict[str, Any]]) -> None:
    """Rows and cells per alert, table by table; each large table in its two regions."""
    told = {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in said.splitlines()
        if (cells := line.split("│")[1:-1])
    }
    objects = len({(row["survey"], row["object_id"]) for row in rows})
    bodies = sum(row["sso_name"] is not None for row in rows)
    assert [told[name][0] for name in ("alerts", "objects", "sky", "latest")] == ["2", "2", "2", "1"]
    placed = sum(row["ra"] is not None and row["dec"] is not None for row in rows)
    for name, count, cells in (
        ("alerts", len(rows), None), ("objects", objects, len(rows)), ("alert_index", len(rows), len(rows)),
        ("sky", placed, placed), ("latest", len(rows) + bodies, len(rows) + bodies), ("cutouts", 0, 0),
    ):  # fmt: skip
        assert told[name][4] == f"{count:,}", name
        if cells is not None:
            assert told[name][6] == f"{cells / len(rows):.2f}", name
    assert f"{len(rows)} alerts: " in said and "cells each" in said


def _counts_what_is_there(hbase: HBaseServer, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """Of cutouts that nobody stored none is removed; a dry run says what the run behind it does, and removes nothing."""
    capsys.readouterr()
    assert store(hbase, "expire", "--before", NIGHTS[2], "--cutouts") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{NIGHTS[0]}: 0 rows of cutouts", f"{NIGHTS[1]}: 0 rows of cutouts", "removed in all: 0 rows",
    ]  # fmt: skip
    said = []
    for dry in (["--dry-run"], ["--dry-run"], [], []):
        assert store(hbase, "expire", "--before", NIGHTS[2], *dry) == 0
        said.append(capsys.readouterr().out)
    old = [row for row in rows if str(row["night"]) == NIGHTS[0]]
    placed = sum(row["ra"] is not None and row["dec"] is not None for row in old)
    assert said[2].splitlines()[0] == (
        f"{NIGHTS[0]}: 0 rows of cutouts, {len(old)} rows of alerts, {placed} rows of sky, "
        f"{len(old)} rows of alert_index, {len(old)} rows of objects, {len(old)} rows of latest"
    )
    assert said[0] == said[1] == said[2].replace("removed in all", "would be removed in all, nothing was")
    assert said[3].endswith("removed in all: 0 rows\n")


def _spoil_one(hbase: HBaseServer, archive: Layout) -> None:
    table = connect(hbase).table("command:alerts")
    alert = pq.read_table(archive.files("science", NIGHTS[0])[0], columns=["survey", "alert_id"]).to_pylist()[0]
    found = HBaseStore(reader_of(hbase, "command")).alert(alert["alert_id"], alert["survey"])
    assert found.num_rows == 1
    key = next(key for key, _ in table.scan() if key.endswith((alert["alert_id"] + 2**63).to_bytes(8, "big")))
    table.put(key, {b"a:s": b"spoilt"})


def _only_later_nights(left: HBaseStore, rows: list[dict[str, object]]) -> None:
    for night in NIGHTS[:2]:
        with pytest.raises(NotThere):
            left.latest("night", night, 5)
    gone = next(row for row in rows if str(row["night"]) == NIGHTS[0])
    with pytest.raises(NotThere):
        left.alert(int(str(gone["alert_id"])), str(gone["survey"]))
    stays = [row for row in rows if str(row["night"]) in NIGHTS[2:]]
    for row in stays[::7]:
        assert left.alert(int(str(row["alert_id"])), str(row["survey"])).num_rows == 1
    bodies = left.latest("sso", "Ceres", 10_000)
    assert set(map(str, bodies["night"].to_pylist())) <= set(NIGHTS[2:])
    assert bodies.num_rows == sum(row["sso_name"] == "Ceres" for row in stays)


def test_what_cannot_be_asked_is_said(archive: Layout, hbase: HBaseServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert store(hbase, "load", str(archive.root), "--nights", "20200101") == 2
    assert "has no night from 20200101 to 20200101; it has 4, 20240208 to 20240301" in capsys.readouterr().err
    assert store(hbase, "verify", str(archive.root / "nothing"), "--night", NIGHTS[0]) == 2
    assert main(["store", "init", "--regions", "0", "--zookeeper", hbase.zookeeper]) == 2


def test_cutouts_of_the_first_years_packets_are_read_back_as_received(
    real_alerts: Path, hbase: HBaseServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ZTF's packets of schemas 1.3 to 3.5, of 2018 most of them; ids below 0, alerts in two schemas, one without stamps."""
    assert main(["store", "init", "--regions", "2", "--zookeeper", hbase.zookeeper, "--namespace", "command"]) == 0
    received = {packet["candid"]: packet for packet in _packets(real_alerts / "ztf_native_old") if "objectId" in packet}
    assert len(received) == 13 and min(received) < 0
    assert sum(2458119.5 <= packet["candidate"]["jd"] < 2458484.5 for packet in received.values()) == 8  # of 2018
    run_night(tmp_path / "out", real_alerts / "ztf_native_old")
    assert store(hbase, "load", str(tmp_path / "out"), "--cutouts") == 0
    found = HBaseStore(reader_of(hbase, "command"))
    for alert, packet in received.items():
        (row,) = found.alert(alert, "ztf", cutouts=True).to_pylist()
        assert row["object_id"] == packet["objectId"]
        assert {name: row[f"cutout_{name}"] for name in STAMPS} == _stamps(packet), alert
    first = min(received)
    asked = ["get", "alert", "--cutouts", str(tmp_path / "stamps"), "--hbase", hbase.thrift, "--namespace", "command"]
    assert main([*asked, "--", str(first)]) == 0
    for name, stamp in _stamps(received[first]).items():
        (written,) = (tmp_path / "stamps").glob(f"ztf_{first}_cutout_{name}.fits*")
        assert written.read_bytes() == stamp
    old = [packet for packet in received.values() if packet["candidate"]["jd"] < 2458849.5]  # before 2020
    stored = sum(any(_stamps(packet).values()) for packet in old)
    capsys.readouterr()
    for removed in (stored, 0):
        assert store(hbase, "expire", "--before", "20200101", "--cutouts") == 0
        assert f"removed in all: {removed} rows" in capsys.readouterr().out
    (row,) = found.alert(first, "ztf", cutouts=True).to_pylist()
    assert [row[f"cutout_{name}"] for name in STAMPS] == [None] * 3
    for _ in range(2):
        assert store(hbase, "load", str(tmp_path / "out"), "--cutouts") == 0
    (row,) = found.alert(first, "ztf", cutouts=True).to_pylist()
    assert {name: row[f"cutout_{name}"] for name in STAMPS} == _stamps(received[first])
    assert " 0 alerts written" in capsys.readouterr().out.splitlines()[-1]


def _packets(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.avro")):
        with path.open("rb") as file:
            yield from fastavro.reader(file)  # type: ignore[misc]


def _stamps(packet: dict[str, Any]) -> dict[str, bytes | None]:
    stamps = {name: packet.get(f"cutout{name.capitalize()}") for name in STAMPS}
    return {name: stamp["stampData"] if stamp else None for name, stamp in stamps.items()}
