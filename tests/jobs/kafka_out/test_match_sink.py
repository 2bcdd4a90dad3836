"""What the filters of a batch send does not depend on how often they are run."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from pyspark.sql import SparkSession

from jobs.corridor.filters import load_filters
from jobs.corridor.layout import Layout
from jobs.corridor.ledger import records
from jobs.corridor.sinks.matches import MatchSink
from jobs.corridor.sinks.sent_file import read_sent, sent_path

pytestmark = pytest.mark.spark

FILTERS = {
    "all": {"where": "n_detections >= 0", "annotations": {"brightness": "mag"}},
    "few": {"where": "n_detections >= 0", "max_per_night": 15},
    "first": {"where": "n_detections >= 0", "per_object": "first"},
}


def test_filters_that_run_again_after_a_crash_send_the_same(
    spark: SparkSession, small_output: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_output, tmp_path / "out")
    directory = tmp_path / "filters"
    directory.mkdir()
    for name, content in FILTERS.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump({"description": "x", "owner": "x", **content}))
    layout = Layout(tmp_path / "out")
    batches = list(records(layout))
    sink = MatchSink(spark, layout, batches[0].stream, load_filters(directory, ("stetson_k",)))

    def paths() -> list[Path]:
        return [sent_path(layout, each.stream, each.batch) for each in batches]

    told = [sink.write(layout, batch) for batch in batches]
    sent = [read_sent(path) for path in paths()]
    assert [each["all"]["sent"] for each in told] == [
        sum(file.rows for file in batch.files if file.table == "science") for batch in batches
    ]
    assert sum(each["few"]["sent"] for each in told) < sum(each["few"]["matched"] for each in told)
    assert [sink.committed(batch) for batch in batches] == told
    # Killed between the state and the file of what is sent, the batch finds a state after itself.
    paths()[1].unlink()
    assert sink.committed(batches[1]) is None
    assert sink.write(layout, batches[1]) == told[1]
    again = read_sent(paths()[1])
    assert again is not None and sent[1] is not None
    assert again.matches.equals(sent[1].matches) and again.filters == sent[1].filters
    assert pa.types.is_string(again.matches.schema.field("file").type)
