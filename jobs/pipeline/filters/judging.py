"""All filters over a batch, each within its budget: one that takes too much holds up no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.pipeline.filters.annotating import MOST_BYTES, TooManyBytes
from jobs.pipeline.filters.budget import TooLong, Worker
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.engine import How
from jobs.pipeline.filters.evaluation import Found, find, in_order, names_read, together
from jobs.pipeline.filters.leaves import read_leaves

STRIKES = 3  # batches in a row
_OFF = f"switched off: over its budget in {STRIKES} batches in a row; it is tried again when the job starts anew"
_GIVEN_UP = (TooLong, TooManyBytes, PySparkException, Py4JError, pa.ArrowException, MemoryError)


@dataclass(frozen=True)
class Budget:
    """What a filter may take for a batch, and all filters together before they are tried one by one.

    Attributes
    ----------
    seconds, seconds_per_alert : float
    bytes : int
        Of the annotations of its matches.
    """

    seconds: float = 10.0
    seconds_per_alert: float = 0.001
    bytes: int = MOST_BYTES

    def seconds_for(self, alerts: int) -> float:
        """Time that a filter may take [s].

        Parameters
        ----------
        alerts : int
            How many are evaluated.
        """
        return self.seconds + self.seconds_per_alert * alerts


@dataclass(frozen=True)
class Judged:
    """What the filters say of a batch.

    Attributes
    ----------
    matches : pyarrow.Table
        As `evaluate` gives them.
    unknown : dict of str to str
        Why it is not known what a filter matches, by its name.
    """

    matches: pa.Table
    unknown: dict[str, str]


@dataclass
class Judge:
    """Evaluates the filters for one batch after the other, and remembers which took too much.

    All filters are evaluated together. If that takes too much, each is evaluated alone, as a Spark job that can be
    cancelled; one that takes too much alone is given up for the batch. In the next batch it is tried alone again; after
    STRIKES batches in a row no more.

    Attributes
    ----------
    filters : sequence of Filter
        In the order in which matches are given.
    budget : Budget
        Of each filter, and of all of them together.
    """

    spark: SparkSession
    filters: Sequence[Filter]
    budget: Budget = field(default_factory=Budget)
    _strikes: dict[str, int] = field(default_factory=dict)
    _worker: Worker | None = None

    def judge(self, science_files: Sequence[Path]) -> Judged:
        """The matches of a batch's science files.

        Parameters
        ----------
        science_files : sequence of pathlib.Path
            Of one batch, as for `evaluate`.

        Raises
        ------
        PySparkException, Py4JError, pyarrow.ArrowException, MemoryError
            If Spark has stopped, or if all of several filters fail: then the reason is not in a filter.
        """
        unknown = {name: _OFF for name, count in self._strikes.items() if count >= STRIKES}
        begun = set(unknown)
        tables = [self._matches(leaves, unknown) for leaves in read_leaves(science_files, names_read(self.filters))]
        self._count_strikes(unknown, begun)
        matches = in_order(tables, self.filters)
        # Nothing is taken of a filter that was given up after it had matched something.
        known = pc.invert(pc.is_in(matches["filter"], value_set=pa.array(list(unknown), pa.string())))
        return Judged(matches.filter(known) if unknown else matches, unknown)

    def _count_strikes(self, unknown: dict[str, str], off: set[str]) -> None:
        self._strikes = {name: self._strikes.get(name, 0) + (name not in off) for name in unknown}

    def _matches(self, leaves: pa.Table, unknown: dict[str, str]) -> pa.Table:
        """The matches of one table; `unknown` grows by the filters that took too much."""
        found = self._found(leaves, unknown)
        known = [Found.nothing(each) if each.name in unknown else found[each.name] for each in self.filters]
        return together(leaves, Found.joined(known), self.filters)

    def _found(self, leaves: pa.Table, unknown: dict[str, str]) -> dict[str, Found]:
        asked = [each for each in self.filters if each.name not in unknown]
        easy = [each for each in asked if each.name not in self._strikes]
        found: dict[str, Found] = {}
        try:
            found |= self._find(leaves, easy, "auto")
        except _GIVEN_UP as problem:
            self._raise_if_spark_is_gone(problem)
        problems = {}
        for each in asked:
            if each.name not in found:
                try:
                    found |= self._find(leaves, [each], "job")
                except _GIVEN_UP as problem:
                    self._raise_if_spark_is_gone(problem)
                    problems[each.name] = problem
        _raise_if_all_failed(problems, len(asked))
        unknown |= {name: _reason(problem) for name, problem in problems.items()}
        return found

    def _find(self, leaves: pa.Table, filters: Sequence[Filter], how: How) -> dict[str, Found]:
        if not filters:
            return {}
        self._worker = self._worker or Worker(self.spark)
        found = self._worker.within(
            self.budget.seconds_for(leaves.num_rows), lambda: find(self.spark, leaves, filters, how, self.budget.bytes)
        )
        return found.by_name(filters)

    def _raise_if_spark_is_gone(self, problem: BaseException) -> None:
        context = self.spark.sparkContext._jsc
        if isinstance(problem, Py4JNetworkError) or context is None or context.sc().isStopped():
            raise problem


def _raise_if_all_failed(problems: Mapping[str, Exception], asked: int) -> None:
    """Of several filters not all fail by themselves: something else is wrong, a full disk perhaps."""
    failed = [each for each in problems.values() if not isinstance(each, TooLong | TooManyBytes)]
    if asked > 1 and len(failed) == asked:
        raise failed[0]


def _reason(problem: BaseException) -> str:
    if isinstance(problem, TooLong):
        return f"over its time: {problem}"
    if isinstance(problem, TooManyBytes):
        return f"over its memory: {problem}"
    return f"failed: {type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}"[:300]
