"""A stream into a real HBase that goes away for a minute, and that nobody wrote to for five; run by `.ci/soak`."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import happybase
import pytest
from job_process import Job
from store_tables import address_of, new_namespace
from stored_jobs import LIMIT, arguments, assert_whole, closed, says_unavailable

from jobs.hbase import connection
from jobs.hbase.connection import Pool
from jobs.services.hbase import HBaseServer
from jobs.simulation import simulate

pytestmark = [pytest.mark.soak, pytest.mark.hbase, pytest.mark.spark, pytest.mark.timeout(1200)]
AWAY_S, IDLE_S = 60.0, 300.0
SAID_S, GOES_ON_S = 120.0, 200.0
BATCHES = 3
# A batch takes some seconds on a busy machine; a socket that nobody closed would be waited for 30 s.
CALL_AND_A_BATCH_S = 25.0


class Stream:
    """A continuous night whose packets come one batch at a time."""

    def __init__(self, folder: Path, hbase: HBaseServer, start_job: Callable[..., Job]) -> None:
        self.namespace, self.output, self.incoming = new_namespace(hbase), folder / "out", folder / "incoming"
        self.incoming.mkdir()
        simulate(folder / "packets", BATCHES * LIMIT, 7, "containers", LIMIT)
        self.waiting = sorted((folder / "packets").rglob("*.avro"))
        assert len(self.waiting) == BATCHES
        asked = arguments(self.incoming, self.output, hbase, self.namespace, "--trigger", "continuous")
        self.job = start_job(asked)

    def send(self) -> None:
        """The next LIMIT packets are there."""
        file = self.waiting.pop(0)
        shutil.copy(file, self.incoming / f".{file.name}")
        (self.incoming / f".{file.name}").rename(self.incoming / file.name)

    def wait_for(self, batches: int) -> None:
        """Until so many are closed."""
        self.job.wait_until(lambda: len(closed(self.output)) >= batches)

    def end(self) -> None:
        """As an operator does."""
        self.job.process.send_signal(signal.SIGTERM)
        assert self.job.wait() == 0, self.job.said()


@pytest.mark.parametrize("who", ["thrift", "hbase"])
def test_a_stream_waits_for_a_minute_says_so_and_goes_on(
    who: str, tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer
) -> None:
    stream = Stream(tmp_path, hbase, start_job)
    stream.send()
    stream.wait_for(1)
    {"thrift": hbase.kill_thrift, "hbase": hbase.kill_hbase}[who]()
    away = time.monotonic()
    try:
        stream.send()
        told = f"HBase at {address_of(hbase)} does not answer"
        # With HBase gone behind a Thrift server that lives, a call takes its full 30 s, twice, before anybody knows.
        stream.job.wait_until(lambda: says_unavailable(stream.output, told), SAID_S)
        time.sleep(max(0.0, away + AWAY_S - time.monotonic()))
        assert len(closed(stream.output)) == 1
    finally:
        hbase.start_again()
    back = time.monotonic()
    assert back - away > AWAY_S
    stream.job.wait_until(lambda: len(closed(stream.output)) >= 2, GOES_ON_S)
    print(f"{who} away for {back - away:.0f} s; back to work after {time.monotonic() - back:.0f} s")
    stream.send()
    stream.wait_for(BATCHES)
    stream.end()
    assert_whole(stream.output, hbase, stream.namespace, alerts=BATCHES * LIMIT)


def test_a_stream_that_was_idle_for_five_minutes_writes_at_once(
    tmp_path: Path, start_job: Callable[..., Job], hbase: HBaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes idle sockets after a minute; a pool that does not know replaces what it has closed."""
    stream = Stream(tmp_path, hbase, start_job)
    stream.send()
    stream.wait_for(1)
    pool = Pool(address_of(hbase))
    kept = pool.call(_itself_after_a_call)
    monkeypatch.setattr(connection, "IDLE_S", 3600.0)
    time.sleep(IDLE_S)
    assert pool.call(_itself_after_a_call) is not kept
    began = time.monotonic()
    stream.send()
    stream.wait_for(2)
    assert time.monotonic() - began < CALL_AND_A_BATCH_S
    assert not says_unavailable(stream.output, "does not answer") and "does not answer" not in stream.job.said()
    stream.send()
    stream.wait_for(BATCHES)
    stream.end()
    assert_whole(stream.output, hbase, stream.namespace, alerts=BATCHES * LIMIT)


def _itself_after_a_call(given: happybase.Connection) -> happybase.Connection:
    given.tables()
    return given
