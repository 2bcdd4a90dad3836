"""The one Python pass over a batch: messages in; alerts in the common view with all science, and refusals, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.packets.content import content_hash
from jobs.packets.reading import SourceMessage
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.messages import Decoded, Group
from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.decode.unreadable import bisected
from jobs.pipeline.enrichment.isolation import Watchdog
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.enrichment.refusals import (
    NO_REFUSALS,
    Nights,
    decode_refusals,
    source_refusals,
    unviewed_refusals,
    view_refusals,
)
from jobs.pipeline.surveys import SURVEY_NAMES, SURVEYS
from jobs.pipeline.surveys.candidate import to_common
from jobs.pipeline.tables import science_schema
from jobs.storage.repeated_text import REPEATED, repeated
from science_modules import registry
from science_modules.common.view import CUTOUTS, PROVENANCE, VIEW

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
        self.enrichment = Enrichment(modules, artefacts, options.on_error, watchdog)
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
        refused = [source_refusals(messages), decode_refusals(readable, decoded)]
        tables = []
        for group in decoded.groups:
            for rows, outcome in bisected(partial(self._view, group, decoded, origins, nights), range(len(group.rows))):
                if isinstance(outcome, Fault):
                    refused.append(unviewed_refusals(group, rows, outcome, decoded, origins, nights))
                else:
                    tables.append(outcome[0])
                    refused.append(outcome[1])
        alerts = self._science(_in_order(tables)) if tables else self.schema.empty_table()
        self.watchdog.rest()
        refusals = pa.concat_tables([table for table in refused if table.num_rows] or [NO_REFUSALS])
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
            return table, NO_REFUSALS
        bad = np.array(sorted(viewed.refusals), dtype=np.int64)
        good = np.ones(table.num_rows, dtype=bool)
        good[bad] = False
        reasons = [viewed.refusals[row] for row in bad.tolist()]
        return table.filter(pa.array(good)), view_refusals(table.take(pa.array(bad)), reasons, nights)

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
