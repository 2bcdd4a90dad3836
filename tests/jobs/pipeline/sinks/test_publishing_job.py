"""A job that publishes through 25 filters: topics equal the filters applied to the archive, killed or not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from job_process import Job
from publishing import Published
from topic_reader import read_topics

from jobs.common import faults
from jobs.common.job import job_of
from jobs.config import JobConfig
from jobs.launcher.run import tables_of
from jobs.launcher.sinks import sinks_of
from jobs.pipeline.sinks.sink import PreparedSink
from jobs.services.kafka import KafkaBroker

KILLED = -9
NAMED = ("after_filter@0", "in_send@1", "before_commit@2", "after_commit@3")

pytestmark = pytest.mark.kafka


def test_the_named_points_exist() -> None:
    assert {point.split("@")[0] for point in NAMED} <= set(faults.POINTS)


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_topics_equal_the_filters_applied_to_the_archive_after_four_kills(
    kafka: KafkaBroker, tmp_path: Path, start_job: Callable[..., Job]
) -> None:
    night = Published.prepare(tmp_path, kafka.bootstrap, "killed")
    output = tmp_path / "out"
    for fault in NAMED:
        job = start_job(night.arguments(output), STRIX_FAULT=fault)
        assert job.wait() == KILLED, f"{fault} was not reached: {job.said()}"
    job = start_job(night.arguments(output))
    assert job.wait() == 0, job.said()
    assert night.problems(output) == []
    # Killed in the middle of a transaction, a job leaves messages that nobody may see.
    everything = read_topics(kafka.bootstrap, "killed.ztf.", "read_uncommitted")
    assert len(everything) > len(read_topics(kafka.bootstrap, "killed.ztf."))


def asked_for(name: str, config: JobConfig) -> tuple[PreparedSink, ...]:
    job = job_of(name)
    return sinks_of(job, config, tables_of(job, config.tables), ("stetson_k",))


def test_what_cannot_be_published_is_refused_before_anything_starts(tmp_path: Path) -> None:
    night = Published.prepare(tmp_path, "127.0.0.1:1", "never")
    own = JobConfig().but(filters=str(night.filters), publish={"bootstrap": "127.0.0.1:1"}, modules=("stetson_k",))
    filters, topics = asked_for("night", own)
    assert (filters.name, topics.name) == ("filters", "kafka")
    assert len(filters.versions) == 25 and not topics.versions
    for wrong, said in {
        "partition": "did you mean partitions",
        "password": "password_env",
        "format": "avro, json",
        "retention_days": "over 0",
    }.items():
        values = {"format": "xml", "retention_days": "-1"}
        with pytest.raises(ValueError, match=said):
            asked_for("night", own.but(publish={"bootstrap": "x:1", wrong: values.get(wrong, "3")}))
    with pytest.raises(ValueError, match="bootstrap"):
        asked_for("night", own.but(publish={"partitions": "3"}))
    with pytest.raises(ValueError, match="no filters"):
        asked_for("night", JobConfig().but(publish={"bootstrap": "x:1"}))
    with pytest.raises(ValueError, match="ingest"):
        asked_for("ingest", own)
    (night.filters / "bright.yaml").write_text("description: x\nowner: x\nwhere: magg < 19\n")
    with pytest.raises(ValueError, match="magg; did you mean mag"):
        asked_for("night", own)
