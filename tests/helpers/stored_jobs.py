"""Nights of a few alerts that are written to a test's HBase, and what must be there when they are done."""

import json
from pathlib import Path

from store_tables import verified

from jobs.audit.check import check_ledger
from jobs.ledger.streams import records
from jobs.services.hbase import HBaseServer
from jobs.storage.layout import Layout

ALERTS, LIMIT = 60, 20
# Per alert, with the modules stetson_k and rise: scalars, light curve, the survey's fields, two answers; object, index, sky,
# the list of its night. Those with a body's name are in its list, too.
CELLS = 9


def arguments(packets: Path, output: Path, server: HBaseServer, namespace: str, *more: str) -> list[str]:
    """A night's command line: batches of LIMIT alerts."""
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


def assert_whole(
    output: Path, server: HBaseServer, namespace: str, cutouts: bool = False, alerts: int = ALERTS
) -> None:
    """Every alert is in the ledger, in Parquet and in HBase, once."""
    assert [record.sinks["hbase"]["written"] for record in records(Layout(output))] == [LIMIT] * (alerts // LIMIT)
    checked = check_ledger(Layout(output))
    assert (checked.decoded, checked.gaps) == (alerts, [])
    found = verified(output, server, namespace, cutouts)
    assert (found.alerts, found.listed, found.told) == (alerts, alerts, [])
    assert found.cells >= (CELLS + (3 if cutouts else 0)) * alerts


def closed(output: Path) -> list[Path]:
    """The records of batches that are closed."""
    files = [file for file in output.glob("ledger/stream=*/0*.json") if ".plan" not in file.name]
    return [file for file in files if '"closed"' in file.read_text()]


def says_unavailable(output: Path, text: str) -> bool:
    """Whether the job's status says a text."""
    status = output / "status.json"
    return status.exists() and text in json.dumps(json.loads(status.read_text()))
