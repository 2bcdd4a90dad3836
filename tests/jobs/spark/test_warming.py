"""Workers are started beside the query, and what goes wrong there is not told there."""

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.spark.warming import warm_workers


class Broken:
    """A session that was stopped, or is being stopped."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def sparkContext(self) -> SparkSession:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [PySparkException("stopped"), AttributeError("'NoneType' object has no attribute 'sc'"), Py4JNetworkError()],
)
def test_a_session_that_is_gone_ends_the_thread_quietly(capfd: pytest.CaptureFixture[str], error: Exception) -> None:
    thread = warm_workers(Broken(error))  # type: ignore[arg-type]
    thread.join(10)
    assert not thread.is_alive()
    assert capfd.readouterr().err == ""


@pytest.mark.spark
def test_workers_are_there_before_the_first_batch(spark: SparkSession) -> None:
    thread = warm_workers(spark)
    thread.join(120)
    assert not thread.is_alive()
    tracker = spark.sparkContext.statusTracker()
    newest = max(tracker.getJobIdsForGroup(None))
    told = tracker.getJobInfo(newest)
    assert told is not None and told.status == "SUCCEEDED"
