"""What the filters of a batch send does not depend on how often they are run."""

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from pyspark.sql import SparkSession

from jobs.ledger.sent_file import read_sent, sent_path
from jobs.ledger.shortfalls import lines_of, shortfalls
from jobs.ledger.streams import records
from jobs.pipeline.filters import Filter, load_filters
from jobs.pipeline.filters.judging import Judge, Judged
from jobs.pipeline.sinks.matches.sink import MatchSink
from jobs.pipeline.sinks.registry import audit_sinks
from jobs.storage.layout import Layout
from jobs.streaming.status import Status

pytestmark = pytest.mark.spark

FILTERS = {
    "all": {"where": "n_detections >= 0", "annotations": {"brightness": "mag"}},
    "few": {"where": "n_detections >= 0", "max_per_night": 15},
    "first": {"where": "n_detections >= 0", "per_object": "first"},
}


def loaded(directory: Path) -> tuple[Filter, ...]:
    directory.mkdir()
    for name, content in FILTERS.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump({"description": "x", "owner": "x", **content}))
    return load_filters(directory, ("stetson_k",))


def test_filters_that_run_again_after_a_crash_send_the_same(
    spark: SparkSession, small_output: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_output, tmp_path / "out")
    layout = Layout(tmp_path / "out")
    batches = list(records(layout))
    sink = MatchSink(spark, layout, batches[0].stream, loaded(tmp_path / "filters"))

    def paths() -> list[Path]:
        return [sent_path(layout, each.stream, each.batch) for each in batches]

    told = [sink.write(batch) for batch in batches]
    sent = [read_sent(layout, each.stream, each.batch) for each in batches]
    assert [each["all"]["sent"] for each in told] == [
        sum(file.rows for file in batch.files if file.table == "science") for batch in batches
    ]
    assert sum(each["few"]["sent"] for each in told) < sum(each["few"]["matched"] for each in told)
    assert [sink.committed(batch) for batch in batches] == told
    # Killed between the state and the file of what is sent, the batch finds a state after itself.
    paths()[1].unlink()
    assert sink.committed(batches[1]) is None
    assert sink.write(batches[1]) == told[1]
    again = read_sent(layout, batches[1].stream, batches[1].batch)
    assert again is not None and sent[1] is not None
    assert again.matches.equals(sent[1].matches) and again.filters == sent[1].filters
    assert pa.types.is_string(again.matches.schema.field("file").type)


class GivingUp(Judge):
    """Gives up the filter `all`, whatever it takes."""

    def judge(self, science_files: Sequence[Path]) -> Judged:
        matches = super().judge(science_files).matches
        others = pc.not_equal(matches["filter"], "all")
        return Judged(matches.filter(others), {"all": "over its time: more than 10 s"})


def test_a_filter_that_was_given_up_sends_nothing_and_says_so_whenever_it_is_asked(
    spark: SparkSession, small_output: Path, tmp_path: Path
) -> None:
    """Decided once: a batch that is resumed, by a job in which the filter is quick again, tells and sends the same."""
    shutil.copytree(small_output, tmp_path / "out")
    layout, filters = Layout(tmp_path / "out"), loaded(tmp_path / "filters")
    batches = list(records(layout))
    stream = batches[0].stream
    first = MatchSink(spark, layout, stream, filters)
    first._judge = GivingUp(spark, filters)
    told = first.write(batches[0])
    alerts = sum(file.rows for file in batches[0].files if file.table == "science")
    assert told["all"]["unknown"] == alerts > 0 and "over its time" in told["all"]["unknown_reason"]
    assert (told["all"]["matched"], told["all"]["sent"]) == (0, 0)
    assert told["first"]["unknown"] == 0 and told["first"]["sent"] > 0
    again = MatchSink(spark, layout, stream, filters)
    assert again.committed(batches[0]) == told
    closed = dataclasses.replace(batches[0], state="closed", sinks={"filters": told})
    assert list(audit_sinks(layout, closed)) == []
    assert again.write(batches[1])["all"]["unknown"] == 0
    # What monitors and the closing table say of it.
    status = Status(layout, "night", stream)
    status.note(closed)
    owed = json.loads(layout.status.read_text())["shortfalls"]
    assert owed == {"all": {"unknown": alerts, "batches": 1, "reason": told["all"]["unknown_reason"]}}
    assert "has not judged" in lines_of("all", shortfalls([closed])["all"])[0]
