"""A night into a real HBase: killed between put and close, without tables; every cell is there in the end, once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from job_process import Job
from store_tables import new_namespace
from stored_jobs import ALERTS, arguments, assert_whole, closed

from jobs.services.hbase import HBaseServer
from jobs.simulation import simulate

pytestmark = [pytest.mark.hbase, pytest.mark.spark, pytest.mark.timeout(900)]
KILLED = -9


@pytest.fixture
def packets(tmp_path: Path) -> Path:
    simulate(tmp_path / "packets", ALERTS, 7, "containers", 10)
    return tmp_path / "packets"


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


def test_a_store_without_tables_is_said_before_anything_is_acknowledged(
    packets: Path, tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer
) -> None:
    output = tmp_path / "out"
    job = start_job(arguments(packets, output, hbase, "nobody"))
    assert job.wait() == 2, job.said()
    assert "`strix store init` makes the tables" in job.said()
    assert closed(output) == []
