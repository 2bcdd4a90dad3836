"""A sink as somebody would add one: a CSV of ids and positions per batch; run as a script it is `strix` with that sink."""

import csv
import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from jobs.ledger.records import Record
from jobs.pipeline.sinks.registry import SINKS
from jobs.pipeline.sinks.sink import JobFacts, SinkContext, SinkKind, SinkRefused
from jobs.storage.layout import Layout

_COLUMNS = ["survey", "alert_id", "ra", "dec"]


@dataclass(frozen=True)
class CsvSink:
    layout: Layout
    folder: Path
    name: str = "csv"

    def write(self, batch: Record) -> dict[str, Any]:
        path = self._path(batch)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}")
        with open(half, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            for each in batch.files:
                if each.table == "science":
                    rows = pq.read_table(self.layout.root / each.name, columns=_COLUMNS, partitioning=None)
                    table.writerows(row.values() for row in rows.to_pylist())
        os.replace(half, path)
        return _counts(path)

    def committed(self, batch: Record) -> dict[str, Any] | None:
        path = self._path(batch)
        return _counts(path) if path.exists() else None

    def _path(self, batch: Record) -> Path:
        return self.folder / f"{batch.stream}-{batch.batch}.csv"


@dataclass(frozen=True)
class PreparedCsv:
    folder: Path
    name: str = "csv"
    versions: dict[str, str] = field(default_factory=dict)

    def open(self, context: SinkContext) -> CsvSink:
        return CsvSink(context.layout, self.folder)


def prepare(section: Mapping[str, str], job: JobFacts) -> PreparedCsv:
    if set(section) != {"folder"}:
        raise SinkRefused(f"csv knows the key folder, found {', '.join(section)}")
    if "science" not in job.tables:
        raise SinkRefused(f"csv needs science, {job.job} has none")
    return PreparedCsv(Path(section["folder"]))


def audit(layout: Layout, record: Record) -> Iterator[str]:
    told = record.sinks["csv"]
    path = Path(told["file"])
    found = _counts(path) if path.exists() else None
    if found != told:
        yield f"csv: {told} is not what is there: {found}"
    science = sum(each.rows for each in record.files if each.table == "science")
    if told["rows"] != science:
        yield f"csv: {told['rows']} rows is not the {science} alerts of the batch"


def _counts(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"rows": content.count(b"\n"), "crc": zlib.crc32(content), "file": str(path)}


CSV = SinkKind("csv", "csv", 30, "CSV files of every batch: folder", prepare, audit)

if __name__ == "__main__":
    SINKS.append(CSV)
    from jobs.cli.main import main

    sys.exit(main(sys.argv[1:]))
