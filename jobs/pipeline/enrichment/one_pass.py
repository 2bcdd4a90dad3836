"""The one Python pass over a batch: messages in; alerts in the common view with all science, and refusals, out."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.packets.content import content_hash
from jobs.packets.reading import SourceMessage
from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.messages import Decoded, Group
from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.decode.unreadable import bisected
from jobs.pipeline.enrichment.isolation import Watchdog
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.surveys import SURVEY_NAMES, SURVEYS
from jobs.pipeline.surveys.candidate import to_common
from jobs.pipeline.tables import QUARANTINE, science_schema
from jobs.storage.layout import UNKNOWN_NIGHT
from jobs.storage.repeated_text import REPEATED, in_memory, repeated, texts_of
from science_modules import registry
from science_modules.common.view import CUTOUTS, PROVENANCE, VIEW

_NIGHT = pa.field("night", pa.string())
_NIGHT_IN_NAME = re.compile(r"(?<!\d)(20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)")
# Nights and what they were taken from, by origin, of packets that were in quarantine before.
Nights = Mapping[str, tuple[str, str]]
_VIEW_NAMES = [column.name for column in VIEW + CUTOUTS] + ["candidate"]


@dataclass(frozen=True)
class PassOptions:
    """What the pass is made of.

    Attributes
    ----------
    surveys : tuple of str
        Surveys whose packets are taken.
    schemas : str, SchemaPlaces or None
        Where the schemas of the Confluent wire format are: a directory, or a directory and a registry.
    modules : tuple of str
        Science modules, in any order.
    now_mjd : float
        Planning time of the batch, MJD TAI.
    on_error : str
        `null` (a module's failure becomes its error field) or `raise`.
    """

    surveys: tuple[str, ...]
    schemas: str | SchemaPlaces | None
    modules: tuple[str, ...]
    now_mjd: float
    on_error: Literal["null", "raise"] = "null"


@dataclass(frozen=True)
class PassResult:
    """What became of a list of messages.

    Attributes
    ----------
    alerts : pyarrow.Table
        Accepted alerts in order of message and index: the science columns, the cutouts, and `schema`, `value`.
    refused : pyarrow.Table
        QUARANTINE columns and `night` (string).
    seconds : dict of str to float
        What each module took [s].
    """

    alerts: pa.Table
    refused: pa.Table
    seconds: Mapping[str, float] = field(default_factory=dict)


class OnePass:
    """Decode, common view, content hash and science modules over a list of messages.

    Parameters
    ----------
    options : PassOptions
        Of the job.
    artefacts : mapping of str to mapping of str to bytes
        Verified files, by module and name.
    watchdog : Watchdog
        Told of each step.
    """

    def __init__(self, options: PassOptions, artefacts: Mapping[str, Mapping[str, bytes]], watchdog: Watchdog) -> None:
        self.options = options
        self.watchdog = watchdog
        self.decoder = decoder(options.surveys, options.schemas)
        modules = registry.resolve(options.modules)
        self.enrichment = Enrichment(modules, artefacts, options.on_error, lambda name: watchdog.step(f"module:{name}"))
        self.schema = alerts_schema(modules)

    def __call__(self, messages: Sequence[SourceMessage]) -> PassResult:
        """Run the pass.

        Parameters
        ----------
        messages : sequence of SourceMessage
            Those with a refusal are refused as they are.

        Raises
        ------
        Exception
            What a module raised, if `on_error` is raise.
        """
        readable = [each for each in messages if each.refusal is None]
        self.watchdog.step("decode")
        decoded = self.decoder.decode([each.message for each in readable])
        origins = _origins(readable, decoded)
        nights = {each.provenance["file"]: each.provenance["night"] for each in readable if "night" in each.provenance}
        refused = [source_refusals(messages), _decode_refusals(readable, decoded)]
        tables = []
        for group in decoded.groups:
            for rows, outcome in bisected(partial(self._view, group, decoded, origins, nights), range(len(group.rows))):
                if isinstance(outcome, Fault):
                    refused.append(_unviewed(group, rows, outcome, decoded, origins, nights))
                else:
                    tables.append(outcome[0])
                    refused.append(outcome[1])
        alerts = self._science(_in_order(tables)) if tables else self.schema.empty_table()
        self.watchdog.rest()
        refusals = pa.concat_tables([table for table in refused if table.num_rows] or [_NO_REFUSALS])
        return PassResult(alerts, refusals, self.enrichment.seconds if tables else {})

    def _view(
        self, whole: Group, decoded: Decoded, origins: pa.StructArray, nights: Nights, rows: range
    ) -> tuple[pa.Table, pa.Table]:
        """Some packets of a group in the common view, and those that it refuses."""
        self.watchdog.step(f"view:{whole.survey.name}")
        group = _part(whole, rows)
        viewed = group.survey.view(group.packets, group.versions, self.options.now_mjd)
        table = _complete(viewed.table, group, decoded, origins)
        table = table.append_column("content_hash", pa.array(content_hash(table), type=pa.int64()))
        if not viewed.refusals:
            return table, _NO_REFUSALS
        bad = np.array(sorted(viewed.refusals), dtype=np.int64)
        good = np.ones(table.num_rows, dtype=bool)
        good[bad] = False
        reasons = [viewed.refusals[row] for row in bad.tolist()]
        return table.filter(pa.array(good)), _view_refusals(table.take(pa.array(bad)), reasons, nights)

    def _science(self, alerts: pa.Table) -> pa.Table:
        enriched = self.enrichment.run(alerts)
        # The types are these already; a cast of some 600 leaves would cost a millisecond to say so.
        return pa.Table.from_arrays([enriched[name] for name in self.schema.names], schema=self.schema)


@lru_cache(maxsize=8)
def decoder(surveys: tuple[str, ...], schemas: str | SchemaPlaces | None) -> Decoder:
    """The decoder of this process for these surveys; parsed writer schemas stay with it.

    Parameters
    ----------
    surveys : tuple of str
        Whose packets are taken.
    schemas : str, SchemaPlaces or None
        See `PassOptions`.

    Raises
    ------
    LookupError
        If this process does not know one of them.
    """
    lacking = [name for name in surveys if name not in SURVEY_NAMES]
    if lacking:
        told = f"this process knows {', '.join(SURVEY_NAMES)}, lacks {', '.join(lacking)}"
        raise LookupError(
            f"{told}: give its adapter in $STRIX_SURVEY_PATH (executors: spark.executorEnv.STRIX_SURVEY_PATH)"
        )
    chosen = [survey for survey in SURVEYS if survey.name in surveys]
    directory, registry = (
        (schemas.directory, schemas.registry) if isinstance(schemas, SchemaPlaces) else (schemas, None)
    )
    return Decoder(chosen, Path(directory) if directory else None, registry=registry)


def alerts_schema(modules: list[Any]) -> pa.Schema:
    """The science table's columns, the cutouts and the packet itself.

    Parameters
    ----------
    modules : list of ScienceModule
        In the order of their columns.
    """
    stamps = [column.field for column in CUTOUTS]
    packet = [pa.field("schema", REPEATED), pa.field("value", pa.large_binary())]
    return pa.schema([*science_schema(modules), *stamps, *packet])


def _origins(messages: Sequence[SourceMessage], decoded: Decoded) -> pa.StructArray:
    """Provenance per datum: that of its message, the index counted on."""
    of_message = pa.array([each.provenance for each in messages], type=PROVENANCE)
    per_datum = of_message.take(pa.array(decoded.message))
    children = {field.name: per_datum.field(position) for position, field in enumerate(PROVENANCE)}
    children["index"] = pc.add(children["index"], pa.array(decoded.index, type=pa.int64()))
    return pa.StructArray.from_arrays(list(children.values()), fields=list(PROVENANCE))


def _complete(view: pa.Table, group: Group, decoded: Decoded, origins: pa.StructArray) -> pa.Table:
    """The view with candidate of the common type, provenance, the packet, and the datum's number for sorting."""
    rows = pa.array(group.rows)
    provenance = origins.take(rows)
    children = [provenance.field(position) for position in range(len(PROVENANCE) - 1)]
    children.append(view["schema_version"].combine_chunks())
    candidate = to_common(view["candidate"].combine_chunks(), group.survey)
    table = view.set_column(view.schema.get_field_index("candidate"), "candidate", candidate).select(_VIEW_NAMES)
    table = table.append_column("provenance", pa.StructArray.from_arrays(children, fields=list(PROVENANCE)))
    values = pa.array([decoded.values[row] for row in group.rows.tolist()], type=pa.large_binary())
    schemas = repeated(decoded.schemas[row] for row in group.rows.tolist())
    return table.append_column("schema", schemas).append_column("value", values).append_column("_row", rows)


def _part(group: Group, rows: range) -> Group:
    if len(rows) == len(group.rows):
        return group
    packets, some = group.packets.slice(rows.start, len(rows)), slice(rows.start, rows.stop)
    return Group(group.survey, group.rows[some], packets, group.versions[some])


def _in_order(tables: list[pa.Table]) -> pa.Table:
    """One table in the order of the datums; that of a single group is in order, and stays where it is."""
    if len(tables) == 1:
        return tables[0].drop_columns(["_row"])
    return pa.concat_tables(tables, promote_options="default").sort_by("_row").drop_columns(["_row"])


def _unviewed(
    group: Group, rows: range, fault: Fault, decoded: Decoded, origins: pa.StructArray, known: Nights
) -> pa.Table:
    """Packets of a group at which the view raised."""
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


def _view_refusals(rows: pa.Table, reasons: list[Refusal], known: Nights) -> pa.Table:
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


def _decode_refusals(messages: Sequence[SourceMessage], decoded: Decoded) -> pa.Table:
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
        return _NO_REFUSALS
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
    return pa.Table.from_pydict(columns, schema=_NO_REFUSALS.schema)


_NO_REFUSALS = in_memory(pa.schema([*QUARANTINE, _NIGHT])).empty_table()


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
