"""The table with which a job ends tells what is in the files."""

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from jobs import scan
from jobs.cli.report import print_outcome
from jobs.common.job import job_of
from jobs.config import ScienceConfig
from jobs.launcher.run import Outcome
from jobs.launcher.science import Science, prepare_science
from jobs.ledger.streams import records, streams
from jobs.storage.layout import Layout
from jobs.streaming.status import Status

pytestmark = pytest.mark.spark


def closing_table(output: Path, science: Science) -> str:
    layout, out = Layout(output), io.StringIO()
    (stream,) = streams(layout)
    outcome = Outcome(layout, stream, Status(layout, "night", stream), science)
    print_outcome(job_of("night"), outcome, list(records(layout)), 1.0, Console(file=out, width=200))
    return out.getvalue()


def cells(told: str, module: str) -> list[str]:
    line = next(line for line in told.splitlines() if line.startswith(f"│ {module} "))
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_the_version_is_that_of_the_answers_not_of_todays_code(small_output: Path) -> None:
    science = prepare_science(ScienceConfig(modules=("stetson_k", "rise")))
    newer = tuple(dataclasses.replace(module, version="9.9.9") for module in science.modules)
    told = closing_table(small_output, dataclasses.replace(science, modules=newer))
    (version,) = {row["version"] for row in scan(small_output, columns=["stetson_k"])["stetson_k"].to_pylist()}
    assert cells(told, "stetson_k")[:2] == ["stetson_k", version]
    assert "9.9.9" not in told


def test_an_alert_with_a_reason_is_not_counted_as_answered(small_output: Path) -> None:
    rows = scan(small_output, columns=["stetson_k"])["stetson_k"].to_pylist()
    few = sum(row["error"] is not None for row in rows)
    told = closing_table(small_output, prepare_science(ScienceConfig(modules=("stetson_k", "rise"))))
    assert cells(told, "stetson_k")[2:] == [str(len(rows) - few), str(few), "0", f"partial: too few points {few}"]


def test_what_hbase_has_is_told_with_where_it_is(small_output: Path) -> None:
    out, (record, *_) = io.StringIO(), list(records(Layout(small_output)))
    given = [
        dataclasses.replace(record, sinks={"hbase": {"written": written, "tables": {}, "store": store}})
        for written, store in ((700, "thrift.site:9090, namespace strix"), (800, "thrift.site:9090, namespace strix"))
    ]
    outcome = Outcome(
        Layout(small_output), record.stream, Status(Layout(small_output), "night", ""), Science((), {}, {})
    )
    for some in (given, [record]):
        print_outcome(job_of("night"), outcome, some, 1.0, Console(file=out, width=200))
    (line,) = [line for line in out.getvalue().splitlines() if "HBase" in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")] == [
        "HBase", "1,500 written to thrift.site:9090, namespace strix",
    ]  # fmt: skip
