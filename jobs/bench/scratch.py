"""What a benchmark works in: a Spark session and a folder, both gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.spark.session import build_session


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """A session on all cores that this process may use."""
    session = build_session("bench", "local")
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A folder of its own."""
    made = Path(tempfile.mkdtemp(prefix="strix-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
