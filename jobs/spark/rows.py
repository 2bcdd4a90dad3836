"""Rows of the data source: the common view of accepted packets, or the rejected packets with their reasons."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from jobs.common.counting import counted
from jobs.common.times import tai_of_unix
from jobs.common.typed_names import did_you_mean
from jobs.packets.reading import SourceMessage, batched
from jobs.pipeline.batch.stage import CHUNK_BYTES, CHUNK_MESSAGES, GUARDED_ATTEMPT, guarded
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions, PassResult
from jobs.pipeline.surveys import SURVEY_NAMES, Survey, survey_of
from jobs.pipeline.surveys.candidate import to_own
from jobs.pipeline.tables import CONTENT_HASH, QUARANTINE
from jobs.spark.options import OptionProblem, ReadOptions
from science_modules.common.view import CUTOUTS, PROVENANCE, VIEW

_LOG = logging.getLogger("strix.spark")
# Beside the columns that are given unasked: the packet itself.
_ON_DEMAND = [CONTENT_HASH.field, pa.field("schema", pa.string()), pa.field("value", pa.large_binary())]


def schema_of(options: ReadOptions) -> pa.Schema:
    """The Arrow schema of the rows.

    Parameters
    ----------
    options : ReadOptions
        Survey, columns and rejected decide.

    Raises
    ------
    OptionProblem
        If `columns` names one that the rows do not have.
    """
    default, on_demand = _available(options)
    if not options.columns:
        return pa.schema(default)
    known = {field.name: field for field in [*default, *on_demand]}
    for name in options.columns:
        if name not in known:
            raise _no_column(name, list(known), options)
    return pa.schema([known[name] for name in dict.fromkeys(options.columns)])


def as_spark_takes(schema: pa.Schema) -> pa.Schema:
    """The same columns in the Arrow types that Spark expects of a reader: since 4.2 it refuses large_binary for binary.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the rows.
    """
    return to_arrow_schema(from_arrow_schema(schema), timezone="UTC")


def _available(options: ReadOptions) -> tuple[list[pa.Field], list[pa.Field]]:
    """The columns that are given unasked, and those that are given where `columns` names them."""
    if options.rejected:
        return [*QUARANTINE, pa.field("night", pa.string())], []
    view = [column.field for column in VIEW + CUTOUTS]
    return [*view, *_candidate(options), pa.field("provenance", PROVENANCE)], _ON_DEMAND


def _candidate(options: ReadOptions) -> list[pa.Field]:
    """The survey's own fields, of its own type; none where rows may be of several surveys."""
    survey = survey_of(options.survey)
    return [pa.field("candidate", survey.candidate)] if survey else []


def _no_column(name: str, known: list[str], options: ReadOptions) -> OptionProblem:
    if name == "candidate" and not options.rejected:
        return OptionProblem(
            "columns names candidate, whose type is the survey's own; set option survey to " + " or ".join(SURVEY_NAMES)
        )
    return OptionProblem(f"columns names {name!r}{did_you_mean(name, known)}; the rows have {', '.join(known)}")


@dataclass(frozen=True)
class Rows:
    """Decodes messages into the rows that are asked for; runs in a task.

    Parameters
    ----------
    options : ReadOptions
        Which packets, which columns.
    planned_at : float
        When the batch was planned, Unix seconds [s]: packets from the future of it are rejected, today and at every
        restart.
    """

    options: ReadOptions
    planned_at: float

    def __call__(self, messages: Iterator[SourceMessage]) -> Iterator[pa.RecordBatch]:
        """The messages of a task as rows; what was left out is logged at the end.

        Parameters
        ----------
        messages : iterator of SourceMessage
            Of one task.

        Yields
        ------
        pyarrow.RecordBatch
            Of `schema_of(options)`, in Spark's Arrow types.
        """
        schema = as_spark_takes(schema_of(self.options))
        left_out: Counter[str] = Counter()
        for passed in self._passed(messages):
            left_out.update(passed.refused["reason"].to_pylist())
            table = passed.refused if self.options.rejected else passed.alerts
            if table.num_rows:
                yield from _as(table, schema, self.options).combine_chunks().to_batches()
        if left_out and not self.options.rejected:
            _say(left_out)

    def _passed(self, messages: Iterator[SourceMessage]) -> Iterator[PassResult]:
        options = PassOptions(self.options.surveys, self.options.schemas, (), tai_of_unix(self.planned_at))
        one_pass = OnePass(options, {}, Watchdog(Limits()))
        for group in batched(messages, CHUNK_MESSAGES, CHUNK_BYTES):
            # A packet that twice killed its worker is found in child processes, and rejected.
            yield from guarded(one_pass)(group) if _attempt() >= GUARDED_ATTEMPT else [one_pass(group)]


def _attempt() -> int:
    context = TaskContext.get()
    return context.attemptNumber() if context else 0


def _as(table: pa.Table, schema: pa.Schema, options: ReadOptions) -> pa.Table:
    """These columns; `candidate` holds the fields of all surveys and becomes the one survey's."""
    survey = survey_of(options.survey)
    columns = [_column(table[field.name].combine_chunks(), field, survey) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(array: pa.Array, field: pa.Field, survey: Survey | None) -> pa.Array:
    if survey is not None and field.name == "candidate":
        return to_own(array, survey)
    return array if array.type == field.type else array.cast(field.type)


def _say(counts: "Counter[str]") -> None:
    told = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    _LOG.warning(
        "strix: %s rejected, not among the rows: %s; option rejected=true gives them",
        counted(sum(counts.values()), "packet"),
        told,
    )
