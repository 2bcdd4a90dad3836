"""A stream's past, made up: batches of ten alerts, a file each, whose packets were pruned; written as rolling writes them."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.ledger.changes import PRUNING, Change, StoredFile
from jobs.ledger.counts import empty_counts
from jobs.ledger.id_index import span
from jobs.ledger.journal import Journal
from jobs.ledger.records import KEPT_IDS, DataFile, Plan, Record
from jobs.ledger.rolling import remove_rolled
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volume_writing import BATCHES, ClosedBatch, write_volume
from jobs.ledger.volumes import Entry
from jobs.packets.ranges import Range
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_json

STREAM, JOB = "past", "ingest"
ALERTS = 10
# One batch every five seconds.
BATCHES_OF_NIGHT = 17_280
FIRST_NIGHT = date(2020, 1, 1)


def simulate(layout: Layout, batches: int, unrolled: int = BATCHES // 2) -> None:
    """Write the ledger of a stream that has closed so many batches, the last of them not yet rolled.

    Parameters
    ----------
    layout : Layout
        Of an output that does not exist yet.
    batches : int
        How many.
    unrolled : int
        So many of the last ones have files of their own; all, if there are no more.
    """
    ledger = StreamLedger(layout, STREAM)
    ledger.directory.mkdir(parents=True)
    rolled = max(batches - unrolled, 0)
    for first in range(0, rolled, BATCHES):
        write_volume(ledger, _closed(first, min(first + BATCHES, rolled)))
        remove_rolled(ledger)
    for batch in _closed(rolled, batches):
        ledger.begin_plan(batch.record.plan)
        ledger.write_ids(batch.record.batch, batch.ids)
        ledger.write(batch.record)
    _prune(layout, batches)
    checkpoint = layout.checkpoint(JOB) / "stream.json"
    replace_json(checkpoint, {"stream": STREAM, "job": JOB, "output": str(layout.root)})


def night_of(batch: int) -> str:
    """The night that a batch is of.

    Parameters
    ----------
    batch : int
        From 0; a batch every 5 s.

    Returns
    -------
    str
        YYYYMMDD.
    """
    return (FIRST_NIGHT + timedelta(days=batch // BATCHES_OF_NIGHT)).strftime("%Y%m%d")


def file_of(batch: int) -> tuple[str, int, int]:
    """Path, size and time of the file that a batch read.

    Parameters
    ----------
    batch : int
        From 0.

    Returns
    -------
    path : str
    size : int
        [byte].
    mtime : int
        [ns] since 1970.
    """
    return f"/alerts/{night_of(batch)}/p{batch:09d}.avro", 1000 + batch, (1_577_836_800 + 5 * batch) * 10**9


def _closed(first: int, stop: int) -> Iterator[ClosedBatch]:
    """The batches from one number to before another; what they have in common is made once."""
    ids = _ids(first, stop)
    template = _record(first, ids[:ALERTS]).to_json()
    for batch in range(first, stop):
        own = ids.slice((batch - first) * ALERTS, ALERTS)
        if night_of(batch) not in template["nights"]:
            template = _record(batch, own).to_json()
        content = _changed(template, batch)
        record = Record.from_json(content)
        yield ClosedBatch(Entry(batch, json.dumps(content), json.dumps(content["plan"])), record, own)


def _changed(template: dict[str, Any], batch: int) -> dict[str, Any]:
    """A batch's record from that of another batch of its night."""
    path, size, mtime_ns = file_of(batch)
    planned = {**template["plan"]["ranges"][0], "path": path, "size": size, "mtime_ns": mtime_ns, "end": size}
    file = {**template["files"][0], "name": _stored(batch).name}
    ids = {"ztf": [batch * ALERTS, batch * ALERTS + ALERTS - 1, ALERTS]}
    plan = {**template["plan"], "batch": batch, "ranges": [planned]}
    return {**template, "plan": plan, "files": [file], "ids": ids}


def _record(batch: int, ids: pa.Table) -> Record:
    path, size, mtime_ns = file_of(batch)
    planned = Range("container", path, 0, ALERTS, 0, size, size, mtime_ns, mark="00000000")
    plan = Plan(STREAM, batch, JOB, f"{night_of(batch)}T00:00:00+00:00", 58_849.0, (planned,))
    stored = _stored(batch)
    return Record(
        plan=plan,
        run="simulated",
        tables=("raw",),
        nights={night_of(batch): {**empty_counts(), "read": ALERTS, "decoded": ALERTS}},
        files=(DataFile("raw", night_of(batch), stored.name, "", stored.rows, stored.bytes, stored.crc),),
        ids=span(ids),
        hashes={"modules": {}},
        state="closed",
        sinks={"parquet": {"raw": ALERTS}},
        timings_s={"stage": 0.2, "seal": 0.01},
    )


def _stored(batch: int) -> StoredFile:
    return StoredFile(f"raw/night={night_of(batch)}/{STREAM}-{batch:09d}-0000.parquet", ALERTS, 10_000, 1)


def _ids(first: int, stop: int) -> pa.Table:
    ids = np.arange(first * ALERTS, stop * ALERTS, dtype=np.int64)
    place = ids % 3600 / 10.0
    columns = {
        "survey": pa.array(["ztf"] * len(ids)),
        "alert_id": ids,
        "content_hash": ids * 6364136223846793005,
        "mjd": 58_849.0 + ids * 1e-6,
        "ra": place,
        "dec": place / 4.0,
        "band": pa.array(["g", "r"] * (len(ids) // 2)),
        "flux": place.astype(np.float32),
        "flux_err": (place / 100.0).astype(np.float32),
    }
    return pa.table(columns, schema=KEPT_IDS)


def _prune(layout: Layout, batches: int) -> None:
    """The journal says of each night that its packets were removed."""
    journal = Journal(layout)
    for first in range(0, batches, BATCHES_OF_NIGHT):
        old = tuple(map(_stored, range(first, min(first + BATCHES_OF_NIGHT, batches))))
        at = "2030-01-01T00:00:00+00:00"
        change = Change("raw", night_of(first), 0, PRUNING, at, "simulated", True, old, (), state="done")
        journal.write(change)
    journal.roll(most=0)
