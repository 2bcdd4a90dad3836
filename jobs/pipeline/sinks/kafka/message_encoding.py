"""Rows of the science table to messages, in Avro's wire format or as JSON."""

import base64
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

import erfa
import fastavro
import numpy as np
import pyarrow as pa

from jobs.common.times import MJD_ZERO, tai_to_utc
from jobs.pipeline.sinks.kafka import message_columns as columns
from jobs.pipeline.sinks.kafka.message import (
    ID_NAMES,
    LIGHT_CURVE_NAMES,
    ORIGIN,
    REQUIRED,
    SCHEMA_ID,
    VIEW_COLUMNS,
    filter_fields,
    record_schema,
)

FORMATS = ("avro", "json")
# A double holds integers up to here exactly; what reads JSON often knows no others.
EXACT = 2**53
_SOME_MJD, _LAST_MJD = 50_000.0, 2958465.0  # years 1995 and 9958


@dataclass(frozen=True)
class Batch:
    """What the messages of one batch have in common; `processed_at` is the ledger's, no clock's."""

    stream: str
    batch: int
    processed_at: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """What a filter adds to an alert.

    Attributes
    ----------
    filter_version : str
        Hash of the filter's content.
    annotations : mapping
        Values by name.
    cutouts : mapping of str to bytes, or None
        By kind, as received; None if the filter asks for none.
    """

    filter: str
    filter_version: str
    annotations: Mapping[str, Any]
    cutouts: Mapping[str, bytes | None] | None = None

    def part(self, left_out: Sequence[str]) -> dict[str, Any]:
        """The fields of the message that the filter gives.

        Parameters
        ----------
        left_out : sequence of str
            Of cutouts, light_curve; without cutouts if they are among them.
        """
        return {
            "filter": self.filter,
            "filter_version": self.filter_version,
            "annotations": dict(self.annotations),
            "cutouts": None if "cutouts" in left_out else self.cutouts,
            "left_out": list(left_out),
        }


class Encoder(Protocol):
    """Makes messages: first what all filters of an alert share, then the whole."""

    def alerts(self, table: pa.Table, batch: Batch) -> list[bytes]:
        """The part that all filters of an alert share.

        Parameters
        ----------
        table : pyarrow.Table
            Rows of the science table.
        batch : Batch
            The one that they are of.

        Returns
        -------
        list of bytes
            One per row.
        """

    def message(self, alert: bytes, match: Match, left_out: Sequence[str] = ()) -> bytes:
        """A whole message.

        Parameters
        ----------
        alert : bytes
            The shared part of its alert.
        match : Match
            What the filter adds.
        left_out : sequence of str
            Of cutouts, light_curve: what would have made it too large.
        """


def encoder(format_: str, schema_id: int = SCHEMA_ID) -> Encoder:
    """The encoder of a format, of FORMATS.

    Parameters
    ----------
    format_ : str
        Of FORMATS.
    schema_id : int
        That Avro messages carry.
    """
    return JsonEncoder() if format_ == "json" else AvroEncoder(schema_id)


def without_light_curve(table: pa.Table) -> pa.Table:
    """Rows whose history is left out, for messages that would be too large with it.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns of the science table's light curve.

    Returns
    -------
    pyarrow.Table
        The same rows; these columns are NULL.
    """
    for name in LIGHT_CURVE_NAMES:
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.nulls(table.num_rows, field.type))
    return table


def iso_utc(mjd: pa.ChunkedArray) -> pa.Array:
    """MJD TAI as ISO 8601 UTC, to the millisecond.

    Parameters
    ----------
    mjd : pyarrow.ChunkedArray of float64
        Days, TAI, shape (n,).

    Returns
    -------
    pyarrow.StringArray
        Shape (n,); NULL where it is no time, or one beyond the year 9958.
    """
    utc = tai_to_utc(mjd.to_numpy().astype(np.float64))
    known = np.isfinite(utc) & (utc < _LAST_MJD)
    # The bare routine: it does not warn of years for which leap seconds are not known yet.
    year, month, day, clock, _ = erfa.ufunc.d2dtf(b"UTC", 3, MJD_ZERO, np.where(known, utc, _SOME_MJD))
    parts = zip(year.tolist(), month.tolist(), day.tolist(), clock.tolist(), strict=True)
    text = ["{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z".format(y, m, d, *hmsf) for y, m, d, hmsf in parts]
    return pa.array(text, pa.string(), mask=~known)


class AvroEncoder:
    """Messages in wire format: a zero byte, the schema's id, the datum.

    Parameters
    ----------
    schema_id : int
        Of the message's schema; 32 bits, unsigned.
    """

    def __init__(self, schema_id: int) -> None:
        self._head = pa.scalar(struct.pack(">bI", 0, schema_id), pa.binary())
        self._filter = fastavro.parse_schema(record_schema(filter_fields(), "Filter"))

    def alerts(self, table: pa.Table, batch: Batch) -> list[bytes]:
        """The fields of message.alert_fields(), in their order.

        Parameters
        ----------
        table : pyarrow.Table
            Rows of the science table.
        batch : Batch
            The one that they are of.

        Returns
        -------
        list of bytes
            One per row, with the head of the wire format.
        """
        table = table.combine_chunks()
        provenance = _column(table, "provenance")
        origin = [_origin(provenance, field) for field in ORIGIN]
        optional = [name for name in VIEW_COLUMNS if name not in REQUIRED]
        plain = [*(_column(table, name) for name in optional), iso_utc(table["mjd"]), *origin]
        made = columns.together(columns.nullable, plain)
        view = dict(zip(optional, made, strict=False))
        view |= {name: columns.datum(_column(table, name)) for name in REQUIRED}
        parts = [
            self._head,
            *(view[name] for name in VIEW_COLUMNS if name not in LIGHT_CURVE_NAMES),
            made[len(optional)],
            *(view[name] for name in LIGHT_CURVE_NAMES),
            columns.known_fields(_column(table, "candidate")),
            columns.map_of(batch.modules, [columns.every_field(_column(table, name)) for name in batch.modules]),
            *made[len(optional) + 1 :],
            *(columns.constant(each) for each in (batch.stream, batch.batch, batch.processed_at)),
        ]
        return list(columns.join(parts).to_pylist())

    def message(self, alert: bytes, match: Match, left_out: Sequence[str] = ()) -> bytes:
        """The alert's fields and the filter's.

        Parameters
        ----------
        alert : bytes
            As `alerts` gives it.
        match : Match
            What the filter adds.
        left_out : sequence of str
            Of cutouts, light_curve.
        """
        out = BytesIO()
        fastavro.schemaless_writer(out, self._filter, match.part(left_out))
        return alert + out.getvalue()


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _origin(provenance: pa.StructArray, field: pa.Field) -> pa.Array:
    column = provenance.flatten()[provenance.type.get_field_index(field.name)]
    if not pa.types.is_timestamp(field.type):
        return column
    return pa.array([_time(at) for at in column.to_pylist()], pa.string())


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


class JsonEncoder:
    """Messages as JSON; ids are strings, as no integer above 2^53 survives every reader."""

    def alerts(self, table: pa.Table, batch: Batch) -> list[bytes]:
        """Objects that are not closed yet.

        Parameters
        ----------
        table : pyarrow.Table
            Rows of the science table.
        batch : Batch
            The one that they are of.

        Returns
        -------
        list of bytes
            One per row.
        """
        times = iso_utc(table["mjd"]).to_pylist()
        rows = table.select([*VIEW_COLUMNS, "candidate", "provenance", *batch.modules]).to_pylist()
        return [to_json(_shared(row, time, batch))[:-1].encode() for row, time in zip(rows, times, strict=True)]

    def message(self, alert: bytes, match: Match, left_out: Sequence[str] = ()) -> bytes:
        """The alert's fields and the filter's.

        Parameters
        ----------
        alert : bytes
            As `alerts` gives it.
        match : Match
            What the filter adds.
        left_out : sequence of str
            Of cutouts, light_curve.
        """
        return alert + b"," + to_json(match.part(left_out))[1:].encode()


def _shared(row: dict[str, Any], time: str | None, batch: Batch) -> dict[str, Any]:
    origin = row["provenance"] or {}
    return {
        **{name: row[name] for name in VIEW_COLUMNS},
        "time_utc": time,
        # NaN is not equal to itself.
        "candidate": {name: each for name, each in row["candidate"].items() if each is not None and each == each},
        "modules": {name: row[name] for name in batch.modules},
        "provenance": {field.name: origin.get(field.name) for field in ORIGIN},
        "stream": batch.stream,
        "batch": batch.batch,
        "processed_at": batch.processed_at,
    }


def to_json(record: Mapping[str, Any]) -> str:
    """A message's record as JSON: ids as strings, cutouts in base64, what is not finite as null.

    Parameters
    ----------
    record : mapping
        Values by name, nested.
    """
    return json.dumps(_plain(record), separators=(",", ":"), allow_nan=False)


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and (name in ID_NAMES or abs(value) > EXACT):
        return str(value)
    return value
