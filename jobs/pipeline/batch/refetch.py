"""Reading a few packets of a batch a second time, by their origin: for what is found to conflict after the stage."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.types import BinaryType, StructField, StructType

from jobs.packets.problems import InputChanged, InputUnreadable, ServiceUnavailable, problem_to_json, raise_problem
from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage, batched, messages_of
from jobs.pipeline.batch.staging import ORIGIN
from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.sources.tasks import Reader


@dataclass(frozen=True)
class _Finder:
    read: Reader
    works: list[list[Range]]
    surveys: tuple[str, ...]
    schemas: str | SchemaPlaces | None
    wanted: dict[tuple[Any, ...], list[dict[str, Any]]]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for found in self._found(batches):
                yield _answer({"found": found})
        except ServiceUnavailable as unavailable:
            yield _answer({"unavailable": str(unavailable)})
        except (InputChanged, InputUnreadable) as problem:
            yield _answer({"problem": problem_to_json(problem)})

    def _messages(self, batches: Iterable[pa.RecordBatch]) -> Iterator[SourceMessage]:
        """Each row of a task is the number of a list of ranges."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from messages_of(self.read(self.works[number]))

    def _found(self, batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
        known = decoder(self.surveys, self.schemas)
        for messages in batched(self._messages(batches), 64, 16 * 1024 * 1024):
            decoded = known.decode([each.message for each in messages if each.refusal is None])
            readable = [each for each in messages if each.refusal is None]
            for number, value in enumerate(decoded.values):
                origin = readable[decoded.message[number]].provenance
                origin = {**origin, "index": origin["index"] + int(decoded.index[number])}
                for match in self.wanted.get(tuple(origin.get(name) for name in ORIGIN), []):
                    yield {**match, "value": value, "schema": decoded.schemas[number], "provenance": origin}


def _answer(content: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"found": [pickle.dumps(content)]})


def find_packets(
    spark: SparkSession,
    works: Sequence[Sequence[Range]],
    read: Reader,
    surveys: tuple[str, ...],
    schemas: str | SchemaPlaces | None,
    wanted: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The wanted packets with `value`, `schema` and `provenance`.

    Parameters
    ----------
    spark : SparkSession
        A task for each of `works`.
    works : sequence of sequence of Range
        What each task reads.
    read : callable
        Turns the ranges of a task into messages.
    surveys : tuple of str
        Whose packets are taken.
    schemas : str, SchemaPlaces or None
        See `PassOptions`.
    wanted : sequence of dict
        Each with the fields of ORIGIN, as provenance has them.

    Returns
    -------
    list of dict
        In no order.

    Raises
    ------
    ServiceUnavailable
        If the source did not answer.
    InputChanged, InputUnreadable
        If a file is not what it was when it was planned.
    """
    by_origin: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for each in wanted:
        by_origin.setdefault(tuple(each[name] for name in ORIGIN), []).append(each)
    finder = _Finder(read, [list(each) for each in works], surveys, schemas, by_origin)
    schema = StructType([StructField("found", BinaryType())])
    frame = spark.range(0, len(works), 1, len(works))
    answer = frame.mapInArrow(finder, schema).toArrow()
    rows = [pickle.loads(row) for row in answer["found"].to_pylist()]  # noqa: S301 - our own executors' answer
    for row in rows:
        if "unavailable" in row:
            raise ServiceUnavailable(row["unavailable"])
        raise_problem(row.get("problem", ()))
    return [row["found"] for row in rows]
