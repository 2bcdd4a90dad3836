"""A night into a real HBase: killed, without Thrift, without HBase; every cell is there in the end, once."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from job_process import Job
from store_tables import address_of, new_namespace, verified

from jobs.audit.check import check_ledger
from jobs.ledger.streams import records
from jobs.services.hbase import HBaseServer
from jobs.simulation import simulate
from jobs.storage.layout import Layout

pytestmark = [pytest.mark.hbase, pytest.mark.spark, pytest.mark.timeout(900)]
KILLED, ALERTS, LIMIT = -9, 60, 20
# Per alert, with the modules stetson_k and rise: scalars, light curve, the survey's fields, two answers; object, index, sky,
# the list of its night. Those with a body's name are in its list, too.
CELLS = 9


@pytest.fixture
def packets(tmp_path: Path) -> Path:
    simulate(tmp_path / "packets", ALERTS, 7, "containers", 10)
    return tmp_path / "packets"


def arguments(packets: Path, output: Path, server: HBaseServer, namespace: str, *more: str) -> list[str]:
    store = ["--hbase", f"host=127.0.0.1,port={server.thrift_port}", "--hbase", f"namespace={namespace}"]
    given = [
        "night",
        "--input",
        str(packets),
        "--output",
        str(output),
        "--modules",
        "stetson_k,rise",
        "--settle-s",
        "0",
    ]
    return [*given, "--max-alerts-per-batch", str(LIMIT), *store, *more]


def written(output: Path) -> list[int]:
    return [record.sinks["hbase"]["written"] for record in records(Layout(output))]


def assert_whole(output: Path, server: HBaseServer, namespace: str, cutouts: bool = False) -> None:
    assert written(output) == [LIMIT] * (ALERTS // LIMIT)
    checked = check_ledger(Layout(output))
    assert (checked.decoded, checked.gaps) == (ALERTS, [])
    found = verified(output, server, namespace, cutouts)
    assert (found.alerts, found.listed, found.told) == (ALERTS, ALERTS, [])
    assert found.cells >= (CELLS + (3 if cutouts else 0)) * ALERTS


def test_a_night_that_is_killed_between_put_and_close_ends_with_every_cell_once(
    packets: Path, tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer
) -> None:
    namespace, output = new_namespace(hbase, 4), tmp_path / "out"
    asked = arguments(packets, output, hbase, namespace, "--hbase", "cutouts=true")
    for point in ("after_put@0", "after_seal@1"):
        job = start_job(asked, STRIX_FAULT=point)
        assert job.wait() == KILLED, job.said()
    job = start_job(asked)
    assert job.wait() == 0, job.said()
    assert_whole(output, hbase, namespace, cutouts=True)


@pytest.mark.soak
def test_a_night_waits_for_a_thrift_server_and_for_hbase(
    packets: Path, tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer
) -> None:
    namespace, output = new_namespace(hbase), tmp_path / "out"
    hbase.kill_thrift()
    job = start_job(arguments(packets, output, hbase, namespace))
    try:
        job.wait_until(lambda: _says_unavailable(output, f"HBase at {address_of(hbase)} does not answer"))
    finally:
        hbase.start_thrift()
    job.wait_until(lambda: len(_closed(output)) >= 1)
    hbase.kill_hbase()
    back = Thread(target=hbase.start_again)
    back.start()
    assert job.wait() == 0, job.said()
    back.join()
    assert_whole(output, hbase, namespace)


def test_a_store_without_tables_is_said_before_anything_is_acknowledged(
    packets: Path, tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer
) -> None:
    output = tmp_path / "out"
    job = start_job(arguments(packets, output, hbase, "nobody"))
    assert job.wait() == 2, job.said()
    assert "`strix store init` makes the tables" in job.said()
    assert _closed(output) == []


def _closed(output: Path) -> list[Path]:
    files = [file for file in output.glob("ledger/stream=*/0*.json") if ".plan" not in file.name]
    return [file for file in files if '"closed"' in file.read_text()]


def _says_unavailable(output: Path, text: str) -> bool:
    status = output / "status.json"
    return status.exists() and text in json.dumps(json.loads(status.read_text()))
