"""The datums of one writer schema to Arrow, fast: compiled code, and the slow way for whatever that does not take.

The slow way decides what is refused and how it is said, so which of the two is used changes the time and nothing else.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.pipeline.decode.compiled import DatumDecoder
from jobs.pipeline.decode.datums import Datums, RowFault
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import Limits
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import WriterSchema


class FastDatums(Datums):
    """Splits and decodes datums of one writer schema with compiled code.

    Parameters
    ----------
    writer : WriterSchema
    limits : Limits

    Notes
    -----
    The compiled decoder bounds the items of a datum, the slow one their values. A datum too short to hold
    `limits.max_values` values passes both; a longer one (real packets never are) is left to the slow way.
    """

    def __init__(self, writer: WriterSchema, limits: Limits) -> None:
        super().__init__(writer, limits)
        self._largest = min(_bytes_of_values(writer, limits.max_values), limits.max_packet_bytes)
        self._compiled = lru_cache(maxsize=8)(self._compile)

    def split(self, block: bytes, count: int) -> tuple[Sequence[int], Fault | None]:
        """See `Datums.split`."""
        walker = self._compiled(_NOTHING)
        if walker is None:
            return super().split(block, count)
        bounds, refusal = walker.split(block, count)
        sound = refusal is None or len(bounds) > count
        if not sound or np.diff(bounds).max(initial=0) > self._largest:
            return super().split(block, count)
        return bounds.tolist(), None

    def decode(self, datums: Sequence[bytes], target: pa.StructType) -> tuple[pa.StructArray, list[RowFault]]:
        """See `Datums.decode`."""
        decoder = self._compiled(target)
        if decoder is None:
            return super().decode(datums, target)
        fits = [len(datum) <= self._largest for datum in datums]
        packets, refusals = decoder.decode([datum if fit else b"" for datum, fit in zip(datums, fits, strict=True)])
        if not refusals:
            return packets, []
        # A datum of no bytes is refused too: no record is empty.
        return self._slowly(datums, target, packets, [refusal.row for refusal in refusals])

    def _slowly(
        self, datums: Sequence[bytes], target: pa.StructType, packets: pa.StructArray, rows: list[int]
    ) -> tuple[pa.StructArray, list[RowFault]]:
        """The same packets, with some of their rows decoded the slow way."""
        slow, faults = super().decode([datums[row] for row in rows], target)
        places = np.arange(len(packets))
        places[rows] = len(packets) + np.arange(len(rows))
        together = pa.concat_arrays([packets, slow]).take(pa.array(places))
        return together, [RowFault(rows[each.row], each.fault) for each in faults]

    def _compile(self, target: pa.StructType) -> DatumDecoder | None:
        if not _is_plain(target):
            return None
        try:
            with only_faults():
                return DatumDecoder(self._writer.bare, target)
        except Fault:  # UnsupportedSchema, and whatever else a schema does to a compiler: the slow way decides
            return None


_NOTHING = pa.struct([])
# The two ways read these alike. Maps with a repeated key, for one, they do not: a dict keeps the last of its values.
_PLAIN = {pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.binary()}


def _is_plain(target: pa.DataType) -> bool:
    if pa.types.is_struct(target):
        return all(_is_plain(field.type) for field in target)
    return _is_plain(target.value_type) if pa.types.is_list(target) else target in _PLAIN


def _bytes_of_values(writer: WriterSchema, values: int) -> int:
    """How many bytes a datum has at least whose arrays and maps hold this many values."""
    return int(values * min(_densities(writer.parsed, writer), default=1.0))


def _densities(schema: Any, writer: WriterSchema) -> list[float]:
    """Bytes per value of the least item of every array and map in a type."""
    if isinstance(schema, list):
        return [density for branch in schema for density in _densities(branch, writer)]
    if isinstance(schema, str):
        return []  # a primitive, or a named type, which is looked at where it is defined
    if schema["type"] in ("record", "error"):
        return [density for field in schema["fields"] for density in _densities(field["type"], writer)]
    items = schema.get("items", schema.get("values"))
    if items is None:
        return []
    extent, key = writer.extents.of(items), int("values" in schema)
    return [(extent.size + key) / (extent.values + key), *_densities(items, writer)]
