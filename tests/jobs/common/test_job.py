"""Declarations of jobs: what the command line has of them, and that what a job writes is what it declares."""

from pathlib import Path

import pytest
from releases import row, run, write

from jobs.cli.main import VERBS
from jobs.common.job import RELEASE, all_jobs, job_of
from jobs.config import ConfigError, JobConfig
from jobs.launcher.run import run_job


def test_every_declared_job_is_a_verb() -> None:
    assert [job.name for job in all_jobs()] == ["night", "ingest", "reprocess", "enrich"]
    for job in all_jobs():
        verb = VERBS[job.name]
        assert (verb.does, verb.module) == (job.doc, job.command)
        assert verb.job == (job if job.streams else None)


def test_reprocess_writes_the_tables_that_it_declares_and_is_no_stream(tmp_path: Path) -> None:
    job = job_of("reprocess")
    assert (job.sources, job.streams, job.command) == ((RELEASE,), False, "jobs.cli.reprocess")
    write(tmp_path / "release" / "a.parquet", [row(n, 150.0 + n / 10, 2.0) for n in range(5)])
    run(tmp_path / "out", tmp_path / "release", modules=("stetson_k",))
    found = [each.name for each in (tmp_path / "out").iterdir() if each.is_dir() and not each.name.startswith("_")]
    assert found == list(job.tables)
    with pytest.raises(ConfigError, match="reprocess reads no packets, batch after batch: `strix reprocess` runs it"):
        run_job("reprocess", JobConfig())
    with pytest.raises(LookupError, match=r"no job 'reproces'; the jobs are enrich, ingest, night, reprocess"):
        job_of("reproces")
