"""The message that a match becomes: one Avro schema for every filter, every survey and every set of modules.

The columns have the names of the science table. What differs from job to job (the survey's own fields, the outputs of
the modules, a filter's annotations) is in maps, so that a new module or filter needs no new schema and no new reader.
The alert comes before the filter in the record: Avro writes a record as its fields one after the other, so an alert
that ten filters match is encoded once.
"""

import json
from typing import Any

import pyarrow as pa

from jobs.pipeline.surveys.candidate import candidate_type
from science_modules.common.view import LIGHT_CURVE, PROVENANCE, SCALARS, VIEW, Column

VERSION = "1.1"  # 1.0 lacks what is flagged and what is public
# Our own range, above every id of Rubin (100 x major + minor) and of any registry that starts from 1.
SCHEMA_ID = 1_000_101

NAMESPACE = "strix.v1_0"  # of all of 1.x: a registry that checks compatibility compares full names
REQUIRED = ("survey", "alert_id", "object_id")
VIEW_COLUMNS = tuple(column.name for column in VIEW)
LIGHT_CURVE_NAMES = tuple(column.name for column in LIGHT_CURVE)
# Identifiers are strings in JSON, small ones too: a reader must not have to look at the value to know the type.
ID_NAMES = frozenset({"alert_id", *(field.name for field in candidate_type() if pa.types.is_int64(field.type))})
CUTOUT_NAMES = ("science", "template", "difference")
# Where on the operator's disk a packet lay is of no use to a listener.
ORIGIN = tuple(field for field in PROVENANCE if field.name not in ("file", "index"))

AVRO_TYPES = {
    pa.float64(): "double",
    pa.float32(): "float",
    pa.int64(): "long",
    pa.int32(): "int",
    pa.string(): "string",
    pa.bool_(): "boolean",
}

# A writer that is not told the branch takes the first that fits: double before float, so that no digit is lost.
_SCALARS = ["null", "boolean", "int", "long", "double", "float", "string"]
VALUE = [*_SCALARS, {"type": "array", "items": _SCALARS}]


def _doc(column: Column) -> str:
    return f"{column.description} [{column.unit}]" if column.unit else column.description


def _scalar(column: Column) -> dict[str, Any]:
    kind = AVRO_TYPES[column.type]
    if column.name in REQUIRED:
        return {"name": column.name, "type": kind, "doc": _doc(column)}
    return _nullable(column.name, kind, _doc(column))


def _series(column: Column) -> dict[str, Any]:
    items = ["null", AVRO_TYPES[column.type.value_type]]
    return _nullable(column.name, {"type": "array", "items": items}, _doc(column))


def _nullable(name: str, kind: Any, doc: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", kind], "default": None, "doc": doc}


def _map(values: Any) -> dict[str, Any]:
    return {"type": "map", "values": values}


def _record(name: str, fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, **more, "fields": fields}


def alert_fields() -> list[dict[str, Any]]:
    """What is the same for every filter that an alert matches."""
    origin = [_nullable(each.name, AVRO_TYPES.get(each.type, "string"), "") for each in ORIGIN]
    return [
        *(_scalar(column) for column in SCALARS),
        _nullable("time_utc", "string", "mjd as people read it: ISO 8601, UTC"),
        *(_series(column) for column in LIGHT_CURVE),
        {"name": "candidate", "type": _map(VALUE), "doc": "the survey's own fields, as published"},
        {"name": "modules", "type": _map(_map(VALUE)), "doc": "outputs, version and error by module"},
        {"name": "provenance", "type": _record("Provenance", origin), "doc": "where the packet came from"},
        {"name": "stream", "type": "string", "doc": "the stream of batches that sent it"},
        {"name": "batch", "type": "long", "doc": "number of the batch in the stream"},
        {"name": "processed_at", "type": "string", "doc": "when the batch was planned; ISO 8601, UTC"},
    ]


def filter_fields() -> list[dict[str, Any]]:
    """What a filter adds."""
    stamps = [_nullable(name, "bytes", "as received") for name in CUTOUT_NAMES]
    return [
        {"name": "filter", "type": "string", "doc": "the filter that matched"},
        {"name": "filter_version", "type": "string", "doc": "hash of its content"},
        {"name": "annotations", "type": _map(VALUE), "doc": "what the filter adds, by name"},
        _nullable("cutouts", _record("Cutouts", stamps), "if the filter asks for them"),
        {
            "name": "left_out",
            "type": {"type": "array", "items": "string"},
            "doc": "what would have made the message larger than its topic takes",
        },
    ]


def record_schema(fields: list[dict[str, Any]], name: str = "Match") -> dict[str, Any]:
    """An Avro record of these fields.

    Parameters
    ----------
    fields : list of dict
        As Avro's JSON has them.
    name : str
        Of the record, in our namespace.

    Returns
    -------
    dict
        Avro's JSON.
    """
    doc = f"A filter's match with its alert; Strix message {VERSION}"
    return _record(name, fields, namespace=NAMESPACE, version=VERSION, doc=doc)


MATCH = record_schema([*alert_fields(), *filter_fields()])


def schema_json() -> str:
    """The schema as `conf/schemas`, the topic of schemas and a registry hold it."""
    return json.dumps(MATCH, indent=1)
