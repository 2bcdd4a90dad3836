"""Expressions over a table, by Spark SQL: in the driver for few alerts, as a job for many.

Filters get Spark sessions of their own, beside the job's: ANSI mode is set, whatever the job's is, so that an expression
means the same everywhere, and the optimiser's rules for joins, sub-queries and simplification are off: 25 filters are a
thousand small nodes that they walk again and again (25 filters, 5,000 alerts: 296 to 135 ms).
"""

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.pipeline.filters import prepared

How = Literal["auto", "local", "job"]

JOB_FROM = 4000  # alerts; CPU of 25 filters, driver against job: 1,000: 145 and 218 ms, 5,000: 305 and 263 ms
_ORDER = "_order"

_OFF = """
    BooleanSimplification CheckCartesianProducts CollapseProject CollapseRepartition CollapseWindow ColumnPruning
    CombineConcats CombineTypedFilters CombineUnions ConstantFolding ConstantPropagation CostBasedJoinReorder
    DecimalAggregates EliminateAggregateFilter EliminateDistinct EliminateLimits EliminateMapObjects EliminateOffsets
    EliminateOuterJoin EliminateSerialization EliminateSorts EliminateWindowPartitions FoldablePropagation
    GenerateOptimization InferFiltersFromConstraints InferFiltersFromGenerate InferWindowGroupLimit InjectRuntimeFilter
    LikeSimplification LimitPushDown LimitPushDownThroughWindow MergeScalarSubqueries NullDownPropagation
    NullPropagation ObjectSerializerPruning OptimizeCsvJsonExprs OptimizeIn OptimizeJoinCondition OptimizeOneRowPlan
    OptimizeOneRowRelationSubquery OptimizeRand OptimizeRepartition OptimizeUpdateFields OptimizeWindowFunctions
    PropagateEmptyRelation PruneFilters PullOutNestedDataOuterRefExpressions PushDownLeftSemiAntiJoin PushDownPredicates
    PushExtraPredicateThroughJoin PushFoldableIntoBranches PushLeftSemiLeftAntiThroughJoin PushPredicateThroughJoin
    PushPredicateThroughNonJoin PushProjectionThroughLimitAndOffset PushProjectionThroughUnion
    PushdownPredicatesAndPruneColumnsForCTEDef RemoveLiteralFromGroupExpressions RemoveNoopUnion
    RemoveRedundantAggregates RemoveRedundantAliases RemoveRedundantSorts RemoveRepetitionFromGroupExpressions
    ReorderAssociativeOperator ReorderJoin ReplaceNullWithFalseInPredicate SimplifyBinaryComparison
    SimplifyCaseConversionExpressions SimplifyCasts SimplifyConditionals SimplifyDateTimeConversions
    SimplifyExtractValueOps TransposeWindow UnwrapCastInBinaryComparison UpdateAttributeNullability
"""

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.followThreeValuedLogicInArrayExists": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{name}" for name in _OFF.split()
    ),
}

_FOLD = "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation"  # what evaluates a LocalRelation in the driver
_RULES = "spark.sql.optimizer.excludedRules"

_LOCAL = {**_SETTINGS, "spark.sql.execution.arrow.localRelationThreshold": "1g"}
# One generated method per task is too long for the compiler of the JVM where 25 filters stand in it.
_JOB = {**_LOCAL, "spark.sql.codegen.wholeStage": "false", _RULES: f"{_SETTINGS[_RULES]},{_FOLD}"}

_sessions: dict[tuple[str, str], SparkSession] = {}


def run(spark: SparkSession, table: pa.Table, expressions: Mapping[str, str], how: How = "auto") -> pa.Table:
    """The values of expressions, one column per name, rows in the table's order.

    Parameters
    ----------
    spark : SparkSession
        The job's; the expressions are evaluated in a session of their own beside it.
    table : pyarrow.Table
        Columns as the expressions name them.
    expressions : mapping of str to str
        Spark SQL by the name of the column that it gives.
    how : str
        local (LocalRelation, evaluated in the driver without a job), job, or auto: a job from JOB_FROM rows on.
    """
    if how == "auto":
        how = "job" if table.num_rows >= JOB_FROM else "local"
    session = _session(spark, how)
    ordered = table.append_column(_ORDER, pa.array(range(table.num_rows), pa.int64())).combine_chunks()
    asked = {_ORDER: f"`{_ORDER}`", **expressions}
    chosen = prepared.over(session, ordered, asked)
    if chosen is None:
        chosen = prepared.selected(session.createDataFrame(ordered), asked)
    return _in_order(chosen.toArrow() if how == "job" else _collected(chosen))


def _collected(frame: DataFrame) -> pa.Table:
    """The rows of a LocalRelation: `collect` takes them as they are, `toArrow` would start a job."""
    schema = to_arrow_schema(frame.schema)
    rows = frame.collect()
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)], schema=schema)


def _in_order(found: pa.Table) -> pa.Table:
    order = found[_ORDER].combine_chunks()
    if len(order) > 1 and not pc.all(pc.greater(order.slice(1), order.slice(0, len(order) - 1))).as_py():
        found = found.take(pc.sort_indices(order))
    return found.drop_columns([_ORDER])


def _session(spark: SparkSession, how: str) -> SparkSession:
    key = (str(spark.sparkContext.applicationId), how)
    if key not in _sessions:
        session = spark.newSession()
        for name, value in (_JOB if how == "job" else _LOCAL).items():
            session.conf.set(name, value)
        _sessions[key] = session
    return _sessions[key]
