"""Time for a piece of Spark's work: what takes longer is given up, and what comes after goes on."""

import itertools
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pyspark.sql import SparkSession

Result = TypeVar("Result")

_GRACE_S = 3.0
_numbers = itertools.count()


class TooLong(RuntimeError):
    """Work took longer than it may."""


class Worker:
    """One thread that does work for others, so that they need not wait for it to its end.

    Spark ends a job that is cancelled after the row in hand. What it evaluates in the driver (a LocalRelation) nobody
    can end: its thread is left behind, works to its end for nobody, and a new one takes its place.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self._begin()

    def within(self, seconds: float, work: Callable[[], Result]) -> Result:
        """What some work returns or raises.

        Parameters
        ----------
        seconds : float
            Longest time to wait for it [s].
        work : callable
            Called without arguments, in the worker's thread.

        Raises
        ------
        TooLong
            If it takes longer than so many seconds; its Spark jobs are cancelled then.
        """
        answer: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(1)
        self._todo.put((work, answer))
        try:
            result, problem = answer.get(timeout=seconds)
        except queue.Empty:
            self._give_up(answer)
            raise TooLong(f"more than {seconds:.3g} s") from None
        if problem is not None:
            raise problem
        made: Result = result
        return made

    def _begin(self) -> None:
        self._group = f"strix filters {next(_numbers)}"
        self._todo: queue.Queue[Any] = queue.Queue()
        threading.Thread(target=_work, args=(self.spark, self._group, self._todo), daemon=True).start()

    def _give_up(self, answer: queue.Queue[Any]) -> None:
        self.spark.sparkContext.cancelJobGroup(self._group)
        try:
            answer.get(timeout=_GRACE_S)
        except queue.Empty:
            self._todo.put(None)
            self._begin()

    def close(self) -> None:
        """Nothing more is to be done."""
        self._todo.put(None)


def _work(spark: SparkSession, group: str, todo: queue.Queue[Any]) -> None:
    spark.sparkContext.setJobGroup(group, "filters")
    while (asked := todo.get()) is not None:
        work, answer = asked
        try:
            answer.put((work(), None))
        except BaseException as problem:  # noqa: BLE001 - it is raised where the work was asked for
            answer.put((None, problem))
