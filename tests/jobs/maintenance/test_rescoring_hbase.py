"""Nights that are in HBase are scored again: killed behind the exchange or between two puts, HBase has the answers in the end."""

from pathlib import Path

import pytest
from maintenance_runs import KILLED, Runs
from rescoring_again import again
from small_outputs import LocalSpark, nights
from store_tables import address_of, new_namespace, reader_of, verified

from jobs.hbase.connection import StoreRefused
from jobs.services.hbase import HBaseServer
from jobs.storage.layout import Layout
from jobs.store.back_fill import load
from jobs.store.reading import StoreReader
from jobs.store.settings import StoreSettings
from jobs.store.tables import ALERTS

pytestmark = [pytest.mark.hbase, pytest.mark.timeout(400)]
ALERTS_IN_ALL = 36


@pytest.fixture
def stored(output: Path, hbase: HBaseServer) -> str:
    """The namespace that holds both nights as a job wrote them."""
    namespace = new_namespace(hbase)
    settings = StoreSettings(address_of(hbase), namespace)
    every = Layout(output).nights("science")
    assert sum(each.alerts for each in load(LocalSpark(), Layout(output), every, settings)) == ALERTS_IN_ALL  # type: ignore[arg-type]
    return namespace


def answered(reader: StoreReader, module: str) -> int:
    cell = f"{ALERTS.family}:m.{module}".encode()
    return sum(cell in cells for _, cells in reader.range(ALERTS, b"", b"\xff" * 8))


def test_nights_scored_again_are_so_in_hbase_though_they_were_killed(
    output: Path, stored: str, hbase: HBaseServer, killed_runs: Runs
) -> None:
    section = {"host": "127.0.0.1", "port": str(hbase.thrift_port), "namespace": stored}
    store = [word for key, value in section.items() for word in ("--hbase", f"{key}={value}")]
    assert verified(output, hbase, stored).different == 0
    every = [name.removeprefix("night=") for name in nights(output, "science")]
    assert len(every) == 2
    for night, point in zip(every, ("after_done", "in_load"), strict=True):
        asked = ["enrich", "--again", "--night", night, "--modules", "lc_features", "--output", str(output), *store]
        assert killed_runs(*asked, fault=point) == KILLED
        assert verified(output, hbase, stored).different > 0
        assert killed_runs(*asked) == 0
        found = verified(output, hbase, stored)
        assert (found.alerts, found.different, found.listed) == (ALERTS_IN_ALL, 0, ALERTS_IN_ALL)
    assert answered(reader_of(hbase, stored), "lc_features") == ALERTS_IN_ALL
    # What is there is not written twice; a store without tables is refused before a night is changed.
    assert again(output, ["lc_features"], *every, hbase=section).stored == dict.fromkeys(every, 0)
    before = {path.name for path in (output / "science").rglob("*.parquet")}
    with pytest.raises(StoreRefused, match="strix store init"):
        again(output, ["stetson_k"], every[0], hbase=section | {"namespace": "nobody"})
    assert {path.name for path in (output / "science").rglob("*.parquet")} == before
