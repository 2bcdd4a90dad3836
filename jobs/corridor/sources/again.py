"""Reading a few packets of a batch a second time, by their origin: for what is found to conflict after the stage."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import BinaryType, StructField, StructType

from jobs.corridor.one_pass import decoder
from jobs.corridor.sources.ranges import batched
from jobs.corridor.stage import Read

_ORIGIN = ("file", "index", "offset")


@dataclass(frozen=True)
class _Finder:
    read: Read
    surveys: tuple[str, ...]
    schemas: str | None
    wanted: dict[tuple[Any, ...], list[dict[str, Any]]]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        known = decoder(self.surveys, self.schemas)
        for messages in batched(self.read(batches), 64, 16 * 1024 * 1024):
            decoded = known.decode([each.message for each in messages if each.refusal is None])
            readable = [each for each in messages if each.refusal is None]
            for number, value in enumerate(decoded.values):
                origin = readable[decoded.message[number]].provenance
                origin = {**origin, "index": origin["index"] + int(decoded.index[number])}
                for match in self.wanted.get(tuple(origin.get(name) for name in _ORIGIN), []):
                    found = {**match, "value": value, "schema": decoded.schemas[number], "provenance": origin}
                    yield pa.RecordBatch.from_pydict({"found": [pickle.dumps(found)]})


def find_packets(
    frame: DataFrame, read: Read, surveys: tuple[str, ...], schemas: str | None, wanted: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The wanted packets with `value`, `schema` and `provenance`.

    Parameters
    ----------
    wanted : sequence of dict
        Each with file, index and offset, as provenance has them.
    """
    by_origin: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for each in wanted:
        by_origin.setdefault(tuple(each[name] for name in _ORIGIN), []).append(each)
    finder = _Finder(read, surveys, schemas, by_origin)
    schema = StructType([StructField("found", BinaryType())])
    answer = frame.mapInArrow(finder, schema).toArrow()
    return [pickle.loads(row) for row in answer["found"].to_pylist()]  # noqa: S301 - our own executors' answer
