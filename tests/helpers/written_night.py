"""An output with two batches and two nights of simulated alerts, written without Spark."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.ledger.id_index import span
from jobs.ledger.records import DataFile, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.messages import Message
from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage
from jobs.pipeline.batch.manifests import gather
from jobs.pipeline.batch.staging import StagedTask, Tables
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout
from science_modules import registry
from science_modules.common.artefacts import find

MODULES = ("stetson_k", "lc_features", "anomaly")
TABLES = ("raw", "science", "cutouts")
NOW_MJD = 60_400.0
STREAM = "looked0"


@pytest.fixture(scope="session")
def night_out(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Batch 0: 40 alerts of 20240208; batch 1: 90 alerts of 20240210 and one packet that cannot be read."""
    layout = Layout(tmp_path_factory.mktemp("looked_at"))
    earlier = [packet(4, number)[0] for number in range(40)]
    for record in earlier:
        for point in [record["candidate"], *(record["prv_candidates"] or [])]:
            point["jd"] -= 2.0
    write_batch(layout, 0, [container(earlier)])
    write_batch(layout, 1, [container([packet(2, number)[0] for number in range(90)]), b"no packet"])
    return layout


def write_batch(layout: Layout, batch: int, files: Sequence[bytes], modules: Sequence[str] = MODULES) -> Record:
    """Stage, publish and close a batch of containers."""
    resolved = registry.resolve(tuple(modules))
    artefacts = {module.name: find(module) for module in resolved}
    watchdog = Watchdog(Limits())
    one_pass = OnePass(PassOptions(("ztf", "lsst"), None, tuple(modules), NOW_MJD), artefacts, watchdog)
    names = tuple(module.name for module in resolved)
    staging = layout.batch_staging(STREAM, batch)
    staging.mkdir(parents=True)
    task = StagedTask(staging, "task", Tables.of(TABLES, names), names)
    origin: dict[str, Any] = {"index": 0}
    task.add(one_pass([SourceMessage(Message(each), {**origin, "file": f"{n}.avro"}) for n, each in enumerate(files)]))
    staged = gather(pa.Table.from_batches([task.close()]))
    return _published(layout, batch, staged, names)


def _published(layout: Layout, batch: int, staged: Any, names: Sequence[str]) -> Record:
    made = []
    for entry in staged.files:
        source = layout.batch_staging(STREAM, batch) / entry["staged"]
        final = layout.published(entry["table"], entry["night"], STREAM, batch, 0)
        final.parent.mkdir(parents=True, exist_ok=True)
        source.rename(final)
        sizes = (entry["rows"], entry["bytes"])
        made.append(
            DataFile(entry["table"], entry["night"], str(final.relative_to(layout.root)), entry["staged"], *sizes)
        )
    ledger = StreamLedger(layout, STREAM)
    plan = Plan(STREAM, batch, "night", "2024-03-31T00:00:00+00:00", NOW_MJD, (Range("container", "a.avro", 0, 1),))
    versions = {name: {"version": "1.0.0"} for name in names}
    ledger.begin_plan(plan)
    ledger.write_ids(batch, staged.ids.select(["survey", "alert_id", "content_hash"]))
    sinks = {"parquet": {file.table: file.rows for file in made}}
    record = Record(
        plan, "run", TABLES, staged.nights, tuple(made), span(staged.ids), {"modules": versions}, "closed", sinks,
        {"stage": 2.0, "seal": 0.5},
    )  # fmt: skip
    ledger.write(record)
    return record


@pytest.fixture(scope="session")
def science(night_out: Layout) -> Any:
    """Its science table as pandas reads it, without Strix."""
    import pandas as pd

    frames = [pd.read_parquet(path) for path in sorted(night_out.table("science").glob("night=*/*.parquet"))]
    return pd.concat(frames, ignore_index=True).replace({np.nan: None})


# What a packet may call its object: markup, a window's title, a link, a new line, text turned round, a formula.
HOSTILE = (
    "[/b]",
    "[bold red]x[/]",
    "\x1b]0;owned\x07",
    "\x1b]8;;http://evil.example\x1b\\x",
    "\x1b[2J\x9b31m",
    "a\nb\r\tc",
    "\u202eevil\u2066",
    "$\\frac{",
    ":smile:",
    '=HYPERLINK("http://evil.example")',
    "@SUM(A1)",
    '"><script>alert(1)</script>',
    "javascript:alert(1)",
)


@pytest.fixture(scope="session")
def hostile_out(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """One night of alerts whose object ids are HOSTILE."""
    layout = Layout(tmp_path_factory.mktemp("hostile"))
    packets = [packet(3, number)[0] for number in range(len(HOSTILE))]
    for record, name in zip(packets, HOSTILE, strict=True):
        record["objectId"] = name
    write_batch(layout, 0, [container(packets)], ("stetson_k",))
    return layout
