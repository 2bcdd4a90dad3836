"""Executors in processes and directories of their own give the same tables: nothing leans on the driver's."""

import os
from pathlib import Path

import pyspark
import pytest
from comparing import differences, gaps
from night_job import Night, Start


def spark_home(directory: Path) -> Path:
    """Spark's folder by links, so that the executors' `work` directory appears here and not among the packages."""
    directory.mkdir()
    for each in Path(pyspark.__file__).parent.iterdir():
        (directory / each.name).symlink_to(each)
    return directory


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_executors_of_their_own_give_the_same_tables(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    home = spark_home(tmp_path / "spark")
    elsewhere = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    job = start(night.arguments(tmp_path / "out", "--master", "local-cluster[2,1,1024]"), **elsewhere)
    assert job.wait() == 0, job.said()
    worked = {path.name for path in (home / "work").glob("app-*/*")}
    assert worked >= {"0", "1"}, f"two executors were wanted, {sorted(worked)} worked"
    assert not os.path.exists(Path(pyspark.__file__).parent / "work")
    assert differences(undisturbed, tmp_path / "out") == []
    assert gaps(tmp_path / "out") == []
