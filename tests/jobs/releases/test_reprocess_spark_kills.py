"""Reprocessing as a process of its own on Spark: workers that die, the whole job killed in mid-partition, broken shards."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from job_process import Job
from pyspark.sql import SparkSession
from releases import row, run, sky, stars_of, write

from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.reprocess import reprocess
from jobs.releases.records import DONE, QUARANTINED, Run

pytestmark = pytest.mark.spark
N, POINTS = 200, 1000  # 20 partitions of 0.2 s: there is one in hand when the job is killed
MODULES = ("period",)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Two good shards, one that is no Parquet, one whose footer is whole and whose magnitudes are not."""
    folder = tmp_path / "release"
    rows = [row(n, ra, dec, epochs=60) for n, (ra, dec) in enumerate(sky(N + 1))]
    write(folder / "a.parquet", rows[: N // 2])
    write(folder / "b.parquet", rows[N // 2 : N])
    (folder / "broken.parquet").write_bytes(b"PAR1 and no more")
    spoil(write(folder / "rotten.parquet", rows[N:]), "mag.list.element")
    return folder


def spoil(path: Path, column: str) -> None:
    """Overwrite the pages of a column."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    chunk = next(group.column(k) for k in range(group.num_columns) if group.column(k).path_in_schema == column)
    with path.open("r+b") as file:
        file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
        file.write(b"\xa5" * chunk.total_compressed_size)


def test_a_job_killed_in_mid_partition_goes_on_to_the_same_tables(
    spark: SparkSession, release: Path, tmp_path: Path
) -> None:
    whole = run(tmp_path / "whole", release, modules=MODULES, partition_points=POINTS)
    n = len(whole.plan.partitions)
    assert n > 15
    output, found = tmp_path / "out", Run.at(tmp_path / "out")
    arguments = ["reprocess", "--input", str(release), "--output", str(output), "--modules", ",".join(MODULES)]
    arguments += ["--partition-points", str(POINTS), "--master", "local[2]"]
    # The worker that comes to the first partition dies, and so does the one that tries it again.
    job = Job(arguments, tmp_path / "job", {"STRIX_FAULT": "before_publish@0"})
    try:
        job.wait_until(lambda: found.is_done(0))
        members = job.members()
        job.wait_until(lambda: any(output.rglob(".*.tmp")))
    finally:
        for each in members:
            each.kill()
        job.left(1.0)
    records = found.records()
    assert (records[0]["state"], len(records) < n) == (QUARANTINED, True)
    assert records[0]["message"] == "ended its worker 2 times, by a signal or by more than the limits allow"
    told = {"input": (str(release),), "output": str(output), "modules": MODULES, "partition_points": POINTS}
    outcome = reprocess(ReprocessConfig().but(**told, retry=True), spark)
    assert outcome.done_before == len(records) - 1
    assert {each["state"] for each in outcome.records.values()} == {DONE}
    assert not any(output.rglob(".*.tmp"))
    stars = stars_of(output)
    assert stars.equals(stars_of(tmp_path / "whole"))
    assert stars["object_id"].to_pylist() == sorted(str(each) for each in range(N))
    assert {each["error"] for each in stars["period"].to_pylist()} == {None}


def test_broken_shards_are_told_and_the_rest_is_done(release: Path, tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", release, modules=("stetson_k",), partition_points=POINTS)
    (broken,) = outcome.plan.refused
    assert (broken["file"], broken["reason"]) == (str(release / "broken.parquet"), "unreadable")
    assert broken["message"].startswith("wants a whole Parquet file; ")
    touched = [each for each in outcome.records.values() if each["refused"]]
    assert [each["refused"] for each in touched] == [{"unreadable": 1}]
    assert [each["state"] for each in touched] == [DONE]
    (file,) = (tmp_path / "out" / "quarantine").rglob("*.parquet")
    (told,) = pq.read_table(file, partitioning=None).to_pylist()
    assert (told["file"], told["reason"]) == (str(release / "rotten.parquet"), "unreadable")
    assert stars_of(tmp_path / "out").num_rows == N
