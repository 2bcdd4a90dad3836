"""The Arrow schemas of the tables that a batch writes."""

import pyarrow as pa

from jobs.pipeline.surveys.candidate import candidate_type
from science_modules.common.contract import ScienceModule
from science_modules.common.view import CUTOUTS, PROVENANCE, SCALARS, VIEW, Column

_STR, _I64, _BIN = pa.string(), pa.int64(), pa.binary()


def _scalar(name: str) -> pa.Field:
    return next(column.field for column in SCALARS if column.name == name)


CONTENT_HASH = Column(
    "content_hash", _I64, "", "hash of mjd, ra, dec, band, flux, flux_err: equal for the same measurement"
)

RAW = pa.schema(
    [
        *(_scalar(name) for name in ("survey", "alert_id", "object_id", "mjd", "night")),
        CONTENT_HASH.field,
        Column("schema", _STR, "", "Avro writer schema of value; NULL for Confluent wire format").field,
        Column("value", pa.large_binary(), "", "the alert's Avro datum, or the wire message, as received").field,
        Column("provenance", PROVENANCE, "", "where the packet came from").field,
    ]
)

CUTOUT_TABLE = pa.schema(
    [
        *(_scalar(name) for name in ("survey", "alert_id", "night")),
        *(column.field for column in CUTOUTS),
    ]
)

QUARANTINE = pa.schema(
    [
        Column("quarantine_id", _STR, "", "names this entry: hash of its origin and bytes").field,
        Column("reason", _STR, "", "reason code").field,
        Column("message", _STR, "", "what was wanted and what was found").field,
        Column("failed_at", _STR, "", "step or module that refused it").field,
        Column("night_from", _STR, "", "what dated it: packet, name, timestamp or nothing").field,
        Column("survey", _STR, "", "survey, where it was known").field,
        Column("alert_id", _I64, "", "alert id, where it was known").field,
        Column("size", _I64, "byte", "size of what was refused").field,
        Column("schema", _STR, "", "Avro writer schema of value; NULL if value is as received").field,
        Column("value", pa.large_binary(), "", "the refused bytes").field,
        Column("provenance", PROVENANCE, "", "where the packet came from").field,
    ]
)


def science_schema(modules: list[ScienceModule]) -> pa.Schema:
    """The science table: the common view, the survey's fields, the origin, one struct column per module.

    Parameters
    ----------
    modules : list of ScienceModule
        In the order of their columns.
    """
    fields = [column.field for column in VIEW]
    fields.append(Column("candidate", candidate_type(), "", "the survey's own per-alert fields, as published").field)
    fields.append(CONTENT_HASH.field)
    fields.append(Column("provenance", PROVENANCE, "", "where the packet came from").field)
    for module in modules:
        description = f"{module.name} {module.version}: {module.source}"
        fields.append(Column(module.name, module.arrow_type, "", description).field)
    return pa.schema(fields)
