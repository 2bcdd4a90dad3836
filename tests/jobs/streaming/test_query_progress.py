"""What Spark's own tools see of a job: progress with true packet counts, jobs and stages named by what they do."""

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.config import JobConfig
from jobs.launcher.run import run_job
from jobs.ledger.streams import StreamLedger
from jobs.streaming.query import METRICS, Query

pytestmark = pytest.mark.spark


def test_spark_s_progress_counts_packets_and_its_jobs_say_what_they_do(
    spark: SparkSession, small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress: list[Any] = []
    watch = Query.watch

    def watched(query: Query, *given: Any) -> None:
        watch(query, *given)
        progress.extend(each for each in query.query.recentProgress if METRICS in each.observedMetrics)

    monkeypatch.setattr(Query, "watch", watched)
    config = JobConfig().but(
        input=(str(small_input),),
        output=str(tmp_path),
        modules=("stetson_k", "rise"),
        max_alerts_per_batch=40,
        settle_s=0.0,
    )
    outcome = run_job("night", config, spark)
    ledger = StreamLedger(outcome.layout, outcome.stream)
    batches = [list(ledger.read(number).nights.values()) for number in ledger.sealed()]
    found = [each.observedMetrics[METRICS] for each in progress]
    assert [each.read for each in found] == [sum(night["read"] for night in nights) for nights in batches]
    # Tasks do not know of duplicates: what they decoded and refused is what they read.
    assert [each.decoded + each.quarantined for each in found] == [each.read for each in found]
    assert sum(each.quarantined for each in found) == 3 - 1  # a conflicting one is found after the tasks
    assert sum(each.decoded for each in found) == outcome.status.decoded + outcome.status.duplicates + 1
    assert all(0 < each[f"seconds.{module}"] < 60 for each in found for module in ("stetson_k", "rise"))
    assert {each.name for each in progress} == {"strix night"}
    assert [each.batchId for each in progress] == list(range(len(batches)))

    # The listener told the status of a micro-batch, usually the last but one.
    told = outcome.status.query
    assert told["name"] == "strix night" and set(told["modules_s"]) == {"stetson_k", "rise"}
    assert all(0 < seconds < 60 for seconds in told["modules_s"].values()) and told["steps_s"]["addBatch"] > 0
    log = (tmp_path / "_logs" / "night.log").read_text().splitlines()
    assert [f"batch {number} of {outcome.stream}: " in line for number, line in enumerate(log)] == [True] * len(batches)

    store = spark.sparkContext._jsc.sc().statusStore()
    jobs = store.jobsList(None)
    described = [jobs.apply(number).description() for number in range(jobs.size())]
    described_as = [
        each.get() for each in described if each.isDefined() and str(each.get()).startswith("strix night: batch")
    ]
    reads = [sum(night["read"] for night in nights) for nights in batches]
    wanted = [
        f"strix night: batch {number}: {count} packets: decode, view, 2 modules, write"
        for number, count in enumerate(reads)
    ]
    assert set(wanted) <= set(described_as)
    names = {str(jobs.apply(number).name()) for number in range(jobs.size())}
    assert {each.removeprefix("strix night: ") for each in wanted} <= names
