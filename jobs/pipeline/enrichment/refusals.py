"""What a pass refuses, as rows of quarantine: by the source, by the decoder, by the survey's view."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from jobs.packets.reading import SourceMessage
from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.messages import Decoded, Group
from jobs.pipeline.tables import QUARANTINE
from jobs.storage.layout import UNKNOWN_NIGHT
from jobs.storage.repeated_text import in_memory, repeated, texts_of

_NIGHT = pa.field("night", pa.string())
_NIGHT_IN_NAME = re.compile(r"(?<!\d)(20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)")
# Nights and what they were taken from, by origin, of packets that were in quarantine before.
Nights = Mapping[str, tuple[str, str]]
NO_REFUSALS = in_memory(pa.schema([*QUARANTINE, _NIGHT])).empty_table()


def source_refusals(messages: Sequence[SourceMessage]) -> pa.Table:
    """Quarantine rows of the messages that the source itself could not read.

    Parameters
    ----------
    messages : sequence of SourceMessage
        Those without a refusal are left out.

    Returns
    -------
    pyarrow.Table
        Columns of QUARANTINE and `night`.
    """
    bad = [each for each in messages if each.refusal is not None]
    return refusals_table(
        [each.refusal for each in bad if each.refusal],
        values=[each.message.value for each in bad],
        schemas=[each.message.schema for each in bad],
        provenance=[each.provenance for each in bad],
    )


def decode_refusals(messages: Sequence[SourceMessage], decoded: Decoded) -> pa.Table:
    """Quarantine rows of what could not be decoded.

    Parameters
    ----------
    messages : sequence of SourceMessage
        That were decoded.
    decoded : Decoded
        Of these messages.
    """
    origins = [
        {**messages[each.message].provenance, "index": messages[each.message].provenance["index"] + each.index}
        for each in decoded.refused
    ]
    return refusals_table(
        [each.refusal for each in decoded.refused],
        values=[each.value for each in decoded.refused],
        schemas=[each.schema for each in decoded.refused],
        provenance=origins,
    )


def view_refusals(rows: pa.Table, reasons: list[Refusal], known: Nights) -> pa.Table:
    """Quarantine rows of packets that a survey's view refuses.

    Parameters
    ----------
    rows : pyarrow.Table, n rows
        The packets as the view gives them.
    reasons : list of Refusal, length n
        One per row.
    known : mapping of str to (str, str)
        Night and what it was taken from, by file, of packets that were in quarantine before.
    """
    nights = [
        (str(night), "packet")
        if refusal.reason in ("no_id", "no_position") and night
        else known.get(origin["file"]) or _night_of(origin)
        for night, origin, refusal in zip(
            rows["night"].to_pylist(), rows["provenance"].to_pylist(), reasons, strict=True
        )
    ]
    ids = [
        None if refusal.reason == "no_id" else alert
        for alert, refusal in zip(rows["alert_id"].to_pylist(), reasons, strict=True)
    ]
    return refusals_table(
        reasons,
        values=rows["value"].to_pylist(),
        schemas=texts_of(rows["schema"]),
        provenance=rows["provenance"].to_pylist(),
        nights=nights,
        surveys=rows["survey"].to_pylist(),
        alert_ids=ids,
    )


def unviewed_refusals(
    group: Group, rows: range, fault: Fault, decoded: Decoded, origins: pa.StructArray, known: Nights
) -> pa.Table:
    """Quarantine rows of packets of a group at which the view raised.

    Parameters
    ----------
    group : Group
        Of one survey and schema.
    rows : range
        Which of its packets.
    fault : Fault
        What was raised.
    decoded : Decoded
        That holds their bytes and schemas.
    origins : pyarrow.StructArray
        Provenance of each datum of `decoded`.
    known : mapping of str to (str, str)
        As of `view_refusals`.
    """
    numbers = group.rows[rows.start : rows.stop].tolist()
    provenance = [origins[number].as_py() for number in numbers]
    return refusals_table(
        [refusal_of(fault, "view")] * len(numbers),
        values=[decoded.values[number] for number in numbers],
        schemas=[decoded.schemas[number] for number in numbers],
        provenance=provenance,
        nights=[known.get(origin["file"]) or _night_of(origin) for origin in provenance],
        surveys=[group.survey.name] * len(numbers),
    )


def refusals_table(
    reasons: Sequence[Refusal],
    values: Sequence[bytes | None],
    schemas: Sequence[str | None],
    provenance: Sequence[Mapping[str, Any]],
    nights: Sequence[tuple[str, str]] | None = None,
    surveys: Sequence[str | None] | None = None,
    alert_ids: Sequence[int | None] | None = None,
) -> pa.Table:
    """Quarantine rows with their `night`; each has a name made from its origin and its bytes.

    Parameters
    ----------
    reasons : sequence of Refusal, length n
        One per row.
    values : sequence of (bytes or None), length n
        The refused bytes.
    schemas : sequence of (str or None), length n
        Writer schemas (JSON).
    provenance : sequence of mapping, length n
        Fields of PROVENANCE.
    nights : sequence of (str, str), length n, optional
        Night, and what it was taken from; by default from the provenance.
    surveys, alert_ids : sequence, length n, optional
        Where they are known.

    Returns
    -------
    pyarrow.Table
        Columns of QUARANTINE and `night`, n rows.
    """
    if not reasons:
        return NO_REFUSALS
    nights = nights if nights is not None else [_night_of(origin) for origin in provenance]
    columns = {
        "quarantine_id": [_name(origin, value) for origin, value in zip(provenance, values, strict=True)],
        "reason": [each.reason for each in reasons],
        "message": [each.message for each in reasons],
        "failed_at": [each.where for each in reasons],
        "night_from": [source for _, source in nights],
        "survey": surveys or [None] * len(reasons),
        "alert_id": alert_ids or [None] * len(reasons),
        "size": [len(value or b"") for value in values],
        "schema": repeated(schemas),
        "value": list(values),
        "provenance": list(provenance),
        "night": [night for night, _ in nights],
    }
    return pa.Table.from_pydict(columns, schema=NO_REFUSALS.schema)


def _name(origin: Mapping[str, Any], value: bytes | None) -> str:
    where = "|".join(str(origin.get(key)) for key in ("topic", "partition", "offset", "file", "index"))
    return hashlib.sha256(where.encode() + b"\0" + (value or b"")).hexdigest()[:16]


def _night_of(origin: Mapping[str, Any]) -> tuple[str, str]:
    """Night and what it was taken from, for a packet that cannot be dated: its file's or topic's name, its timestamp.

    A replayed one stays in the night in which quarantine holds it: its origin has a `night`.
    """
    if "night" in origin:
        return cast(tuple[str, str], origin["night"])
    for name in (origin.get("topic"), origin.get("file")):
        found = _NIGHT_IN_NAME.findall(Path(name).name if name else "")
        if found:
            return found[-1], "name"
    timestamp = origin.get("timestamp")
    if isinstance(timestamp, datetime):
        return timestamp.astimezone(UTC).strftime("%Y%m%d"), "timestamp"
    return UNKNOWN_NIGHT, "nothing"
