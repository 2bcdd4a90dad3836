"""Expressions that Spark has read once and evaluates for one batch after the other.

Reading 25 filters (parsing, resolving names, types) costs Spark's driver more than evaluating them for 200 alerts: 35 of
78 ms of its CPU. Nothing in that depends on the alerts, so the resolved projection is kept, and for every batch put over
a new LocalRelation. That takes Spark's inner classes; where they are not those of Spark 4.3, `over` says None and the
expressions are read anew each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

KEPT = 16  # projections; a job has one

_kept: dict[tuple[int, str, tuple[tuple[str, str], ...]], "Prepared"] = {}


@dataclass(frozen=True)
class Prepared:
    """A resolved projection over a LocalRelation without rows.

    Attributes
    ----------
    session : SparkSession
        The one that it was resolved in.
    projection : py4j object
        Spark's list of named expressions.
    relation : py4j object
        The LocalRelation that their columns belong to.
    """

    session: SparkSession
    projection: Any
    relation: Any

    @classmethod
    def of(cls, session: SparkSession, empty: pa.Table, expressions: Mapping[str, str]) -> "Prepared":
        """Resolve expressions over a table's columns.

        Parameters
        ----------
        session : SparkSession
        empty : pyarrow.Table
            Gives the columns; has no rows.
        expressions : mapping of str to str
            Spark SQL by the name of the column that it gives.
        """
        plan = _analyzed(selected(session.createDataFrame(empty), expressions))
        return cls(session, plan.projectList(), plan.child())

    def over(self, frame: DataFrame) -> DataFrame:
        """The projection over the rows of a frame.

        Parameters
        ----------
        frame : pyspark.sql.DataFrame
            A LocalRelation with the columns that the projection was resolved for.
        """
        relation, jvm = self.relation, self.session.sparkContext._jvm
        assert jvm is not None
        rows = relation.copy(relation.output(), _analyzed(frame).data(), False, relation.stream())
        plan = jvm.org.apache.spark.sql.catalyst.plans.logical.Project(self.projection, rows)
        made = jvm.org.apache.spark.sql.classic.Dataset.ofRows(self.session._jsparkSession, plan)
        return DataFrame(made, self.session)


def selected(frame: DataFrame, expressions: Mapping[str, str]) -> DataFrame:
    """The expressions over a frame, parsed and resolved anew.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Columns as the expressions name them.
    expressions : mapping of str to str
        Spark SQL by the name of the column that it gives.
    """
    return frame.select(*(sf.expr(sql).alias(name) for name, sql in expressions.items()))


def over(session: SparkSession, table: pa.Table, expressions: Mapping[str, str]) -> DataFrame | None:
    """Expressions over a table, resolved once per session, schema and expressions.

    Parameters
    ----------
    session : SparkSession
    table : pyarrow.Table
        Columns as the expressions name them.
    expressions : mapping of str to str
        Spark SQL by the name of the column that it gives.

    Returns
    -------
    pyspark.sql.DataFrame or None
        None where this Spark's inner classes are others; `selected` does it then.
    """
    key = (id(session), str(table.schema), tuple(expressions.items()))
    try:
        prepared = _kept.get(key) or Prepared.of(session, table.schema.empty_table(), expressions)
        made = prepared.over(session.createDataFrame(table))
    except (Py4JError, TypeError):
        return None
    _kept[key] = prepared
    while len(_kept) > KEPT:
        _kept.pop(next(iter(_kept)))
    return made


def _analyzed(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution().analyzed()
