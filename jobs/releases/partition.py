"""One partition of a release: read, joined, in the common view, through the modules of the stream, written, recorded."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.common import faults
from jobs.pipeline.batch.night_file import write_parquet_options
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.surveys.candidate import candidate_type
from jobs.releases.reading import ROWS_AT_ONCE, Reading, read_partition
from jobs.releases.records import CORRECTED, DONE, LEFT, QUARANTINED, Run
from jobs.releases.view import VIEW_SCHEMA, WITHOUT_POINTS, without_points
from jobs.storage.writing import replace_table, replacing
from science_modules import registry
from science_modules.common.view import CUTOUTS


@dataclass(frozen=True)
class Work:
    """What all partitions of a run have in common.

    Attributes
    ----------
    run : Run
    reading : Reading
    enrichment : Enrichment
        As of the stream.
    light_curves : bool
        Whether the tables keep them.
    on_error : {"null", "raise"}
        Whether a partition that fails is quarantined, or ends the run.
    rest : callable
        Called when no module is at work.
    """

    run: Run
    reading: Reading
    enrichment: Enrichment
    light_curves: bool = True
    on_error: str = "null"
    rest: Callable[[], None] = lambda: None


def do(work: Work, number: int) -> None:
    """Work through a partition and record what became of it; one that raises is quarantined with its reason.

    Parameters
    ----------
    work : Work
    number : int
        The partition's place in the plan.
    """
    began = time.monotonic()
    try:
        told = _done(work, number)
    except Exception as error:
        if work.on_error == "raise":
            raise
        told = {"state": QUARANTINED, "message": f"{type(error).__name__}: {error}"[:500]}
    finally:
        work.rest()
    faults.point("before_record", number)
    work.run.record(number, {**told, "seconds": round(time.monotonic() - began, 3)})


def _done(work: Work, number: int) -> dict[str, Any]:
    views, refusals = read_partition(work.reading, work.reading.plan.partitions[number])
    told: dict[str, Any] = {"state": DONE, "stars": 0, "points": 0, "modules": {}}
    if views is not None:
        told |= _written(work, number, views)
    if refusals.num_rows:
        replace_table(work.run.refused(number), refusals)
    told["refused"] = dict(Counter(refusals["reason"].to_pylist()))
    return told


def _written(work: Work, number: int, views: Iterator[pa.Table]) -> dict[str, Any]:
    """Write a partition's stars, in the order of the sky."""
    names = [module.name for module in work.enrichment.modules]
    columns = [pa.field(module.name, module.arrow_type) for module in work.enrichment.modules]
    kept = VIEW_SCHEMA if work.light_curves else WITHOUT_POINTS
    schema = pa.schema([*kept, *columns])
    counted: Counter[str] = Counter()
    with replacing(work.run.table(number)) as temporary:
        with pq.ParquetWriter(temporary, schema, **write_parquet_options(schema)) as writer:
            for stars in views:
                table = work.enrichment.run(_with_nulls(stars, work))
                written = table if work.light_curves else without_points(table)
                writer.write_table(written.select(schema.names).cast(schema), row_group_size=ROWS_AT_ONCE)
                _count(counted, table, names)
                _count_baselines(counted, table)
        faults.point("before_publish", number)
    told = _told(counted, names)
    return told if work.reading.options.baseline is None else told | {"baseline": _baselines(counted)}


def _with_nulls(table: pa.Table, work: Work) -> pa.Table:
    """What only a packet has, NULL, where a module reads it."""
    wanted = registry.columns_of([name for module in work.enrichment.modules for name in module.inputs])
    packet = [*(column.field for column in CUTOUTS), pa.field("candidate", candidate_type())]
    for each in packet:
        if each.name in wanted:
            table = table.append_column(each, pa.nulls(table.num_rows, each.type))
    return table


def _count(counted: "Counter[str]", table: pa.Table, modules: list[str]) -> None:
    counted["stars"] += table.num_rows
    counted["points"] += int(pc.sum(pc.list_value_length(table["lc_mjd"])).as_py() or 0)
    for name in modules:
        reasons = pc.struct_field(table[name].combine_chunks(), "error")
        counted[f"{name}:answered"] += reasons.null_count
        for entry in reasons.drop_null().value_counts().to_pylist():
            counted[f"{name}:{entry['values'][:120]}"] += entry["counts"]


def _count_baselines(counted: "Counter[str]", table: pa.Table) -> None:
    levels = pc.list_flatten(pc.struct_field(table["release"].combine_chunks(), "baseline"))
    counted["corrected points"] += len(levels) - levels.null_count


def _baselines(counted: "Counter[str]") -> dict[str, int]:
    """Points from which a baseline was subtracted, and the others."""
    return {CORRECTED: counted["corrected points"], LEFT: counted["points"] - counted["corrected points"]}


def _told(counted: "Counter[str]", modules: list[str]) -> dict[str, Any]:
    said: dict[str, dict[str, int]] = {name: {} for name in modules}
    for key, count in counted.items():
        name, colon, reason = key.partition(":")
        if colon:
            said[name][reason] = count
    return {"stars": counted["stars"], "points": counted["points"], "modules": said}
