"""The executors' Python starts while the query does: 2 s of loading beside 4 s of Spark's, not behind them."""

from collections.abc import Iterable, Iterator
from threading import Thread

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

_NUMBER = "number long"
# What PySpark raises where the session was stopped meanwhile, or there are no executors. Objects of a context that is being
# stopped are None one after the other.
_STOPPED = (PySparkException, Py4JError, Py4JNetworkError, OSError, AssertionError, AttributeError, TypeError)


def warm_workers(session: SparkSession) -> Thread:
    """Let each executor start its daemon and fork its workers, in the background.

    Parameters
    ----------
    session : SparkSession
        A job's that has just been made.

    Returns
    -------
    threading.Thread
        It ends by itself; what goes wrong in it goes wrong again in the first batch, and is told there.
    """
    thread = Thread(target=_warm, args=(session,), name="warms the workers", daemon=True)
    thread.start()
    return thread


def _warm(session: SparkSession) -> None:
    try:
        context = session.sparkContext
        context.setJobDescription("starting the workers")
        many = context.defaultParallelism
        session.range(0, many, 1, many).mapInArrow(_nothing, _NUMBER).toArrow()
    except _STOPPED:
        return


def _nothing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield from ()
