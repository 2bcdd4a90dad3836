"""The datums of one writer schema to Arrow, slowly and surely: walk, fastavro, Arrow."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import fastavro
import pyarrow as pa

from jobs.pipeline.decode.conversion import conversion
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import Limits
from jobs.pipeline.decode.walk import Walk
from jobs.pipeline.decode.writer_schema import WriterSchema


@dataclass(frozen=True)
class RowFault:
    """Why a row of a call could not be decoded."""

    row: int
    fault: Fault


class Datums:
    """Splits and decodes datums of one writer schema.

    Parameters
    ----------
    writer : WriterSchema
    limits : Limits
    """

    def __init__(self, writer: WriterSchema, limits: Limits) -> None:
        self._writer = writer
        self._limits = limits
        self._walk = Walk(writer, limits.max_values)

    def split(self, block: bytes, count: int) -> tuple[Sequence[int], Fault | None]:
        """Where `count` datums that stand one behind the other begin and end.

        Returns
        -------
        bounds : list of int, length count + 1
            Datum i is block[bounds[i]:bounds[i + 1]]; shorter if a datum cannot be walked.
        fault : Fault or None
            What is wrong with the first datum that cannot be walked.
        """
        bounds = [0]
        try:
            for _ in range(count):
                bounds.append(self._walk(block, bounds[-1]))
        except Fault as fault:
            return bounds, fault
        return bounds, None

    def decode(self, datums: Sequence[bytes], target: pa.StructType) -> tuple[pa.StructArray, list[RowFault]]:
        """The datums as packets.

        Parameters
        ----------
        datums : sequence of bytes, length n
        target : pyarrow.StructType
            What to take, by name; what the writer lacks is NULL. For conversions see `conversion`.

        Returns
        -------
        packets : pyarrow.StructArray, length n
            NULL where a datum is refused.
        faults : list of RowFault
            truncated, bad_datum, trailing_bytes or too_large; ascending in row.
        """
        faults: list[RowFault] = []
        convert = conversion(self._writer.parsed, target, self._writer.named)
        records: list[dict[str, Any] | None] = []
        for row, datum in enumerate(datums):
            try:
                record = self._read(datum)
                records.append(convert(record) if convert else record)
            except (Fault, ValueError) as error:
                faults.append(RowFault(row, _fault(error)))
                records.append(None)
        return _packets(records, target, faults)

    def _read(self, datum: bytes) -> Any:
        if len(datum) > self._limits.max_packet_bytes:
            raise Fault("too_large", f"wants at most {self._limits.max_packet_bytes} bytes, found {len(datum)}")
        end = self._walk(datum, 0)
        if end != len(datum):
            raise Fault("trailing_bytes", f"wants the datum to end, found {len(datum) - end} bytes more", end)
        return _fastavro_read(datum, self._writer.parsed)


def _fastavro_read(datum: bytes, parsed: Any) -> Any:
    """What fastavro reads; it must end where the walk ended."""
    stream = BytesIO(datum)
    try:
        record = fastavro.schemaless_reader(stream, parsed, None)
    except (EOFError, IndexError, ValueError) as error:
        raise Fault("bad_datum", f"fastavro: {type(error).__name__}: {error}", stream.tell()) from None
    if stream.tell() != len(datum):
        raise Fault("trailing_bytes", f"wants the datum to end, found {len(datum) - stream.tell()} bytes more")
    return record


def _packets(
    records: list[dict[str, Any] | None], target: pa.StructType, faults: list[RowFault]
) -> tuple[pa.StructArray, list[RowFault]]:
    """All records at once; if one of them does not fit, one by one, so that it refuses only itself."""
    try:
        return pa.array(records, type=target), faults
    except (ValueError, TypeError, OverflowError):
        rows = [_packet(record, target) for record in records]
    bad = [RowFault(row, fault) for row, (_, fault) in enumerate(rows) if fault]
    packets = pa.concat_arrays([packet for packet, _ in rows])
    return packets, sorted(faults + bad, key=lambda each: each.row)


def _packet(record: dict[str, Any] | None, target: pa.StructType) -> tuple[pa.StructArray, Fault | None]:
    try:
        return pa.array([record], type=target), None
    except (ValueError, TypeError, OverflowError) as error:
        return pa.nulls(1, target), _fault(error)


def _fault(error: Exception) -> Fault:
    return error if isinstance(error, Fault) else Fault("bad_datum", f"does not fit the packet type: {error}")
