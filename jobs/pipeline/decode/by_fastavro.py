"""What compiled code lacks, by fastavro: slow, and for datums that have been walked."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import fastavro
import pyarrow as pa

from jobs.pipeline.decode.compiled import RowFault
from jobs.pipeline.decode.compiled.nodes import Array, Enum, Fixed, Map, Node, Primitive, Union
from jobs.pipeline.decode.conversion import conversion
from jobs.pipeline.decode.fault import Fault


class FastavroReader:
    """Reads datums of one writer schema as packets of one type.

    Parameters
    ----------
    root : Node
        The writer schema.
    target : pyarrow.StructType
        The fields to keep, by name; what the writer lacks is NULL.
    """

    def __init__(self, root: Node, target: pa.StructType) -> None:
        self._schema = fastavro.parse_schema(written_out(root, set()), named_schemas={})
        self._convert, self._target = conversion(root, target), target

    def read(self, datums: Sequence[bytes]) -> tuple[pa.StructArray, list[RowFault]]:
        """The packets, NULL where a datum is refused.

        Parameters
        ----------
        datums : sequence of bytes, length n
            Walked before: fastavro believes every length.

        Returns
        -------
        packets : pyarrow.StructArray, length n
            Of the target type.
        faults : list of RowFault
            bad_datum: a value cannot be taken as what is wanted; in no order.
        """
        records: list[Any] = []
        faults: list[RowFault] = []
        for row, datum in enumerate(datums):
            try:
                record = fastavro.schemaless_reader(BytesIO(datum), self._schema, None)
                records.append(self._convert(record) if self._convert else record)
            except (EOFError, IndexError, ValueError) as error:
                faults.append(RowFault(row, _unfit(error)))
                records.append(None)
        return _packets(records, self._target, faults)


def written_out(node: Node, known: set[str]) -> Any:
    """The schema as fastavro takes it, without what plays no part in reading; a named type is written out once.

    Parameters
    ----------
    node : Node
        The writer schema, or a part of it.
    known : set of str
        Names of the types that are written out already; those met here are added.

    Returns
    -------
    str, list or dict
        Avro's JSON.
    """
    match node:
        case Primitive(kind):
            return kind
        case Array(items):
            return {"type": "array", "items": written_out(items, known)}
        case Map(values):
            return {"type": "map", "values": written_out(values, known)}
        case Union(branches):
            return [written_out(branch, known) for branch in branches]
    if node.name in known:
        return node.name
    known.add(node.name)
    match node:
        case Fixed(name, size):
            return {"type": "fixed", "name": name, "size": size}
        case Enum(name, symbols):
            return {"type": "enum", "name": name, "symbols": list(symbols)}
    fields = [{"name": name, "type": written_out(of, known)} for name, of in node.fields]
    return {"type": "record", "name": node.name, "fields": fields}


def _packets(
    records: list[Any], target: pa.StructType, faults: list[RowFault]
) -> tuple[pa.StructArray, list[RowFault]]:
    """All records at once; if one of them does not fit, one by one, so that it refuses only itself."""
    try:
        return pa.array(records, type=target), faults
    except (ValueError, TypeError, OverflowError):
        rows = [_packet(record, target) for record in records]
    bad = [RowFault(row, fault) for row, (_, fault) in enumerate(rows) if fault]
    return pa.concat_arrays([packet for packet, _ in rows]), faults + bad


def _packet(record: Any, target: pa.StructType) -> tuple[pa.StructArray, Fault | None]:
    try:
        return pa.array([record], type=target), None
    except (ValueError, TypeError, OverflowError) as error:
        return pa.nulls(1, target), _unfit(error)


def _unfit(error: Exception) -> Fault:
    return Fault("bad_datum", f"does not fit the packet type: {error}")
