"""A query that is stopped while Spark works for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.spark]

STOPPED = """
import sys, time
from pathlib import Path
from jobs.spark.session import build_session

started = Path(sys.argv[1]) / "started"

def slowly(batches):
    started.touch()
    time.sleep(5)
    yield from batches

spark = build_session("test", "local[1]")
rows = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 2).load()
job = lambda frame, number: frame.select("value").mapInArrow(slowly, "value long").toArrow()
query = rows.writeStream.foreachBatch(job).option("checkpointLocation", sys.argv[1] + "/checkpoint").start()
while not started.exists():
    time.sleep(0.05)
query.stop()
print(query.isActive, query.exception())
"""


def test_a_query_that_is_stopped_during_a_job_leaves_no_stack(tmp_path: Path) -> None:
    """Spark matches the error's text with a regular expression that overflows the stack that Java gives a thread."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(tmp_path)], env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.stdout.split() == ["False", "None"]
    assert "StackOverflowError" not in done.stderr and "\tat " not in done.stderr, done.stderr[-2000:]
