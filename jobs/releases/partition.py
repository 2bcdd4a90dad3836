"""One partition of a release: read, joined, in the common view, through the modules of the stream, written, recorded."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.common import faults
from jobs.pipeline.batch.night_file import write_parquet_options
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.surveys.candidate import candidate_type
from jobs.releases.cells import FINE_ORDER, edge_cells, healpix, in_ranges
from jobs.releases.copies import copies, repeated_names
from jobs.releases.format import Format, Index, ReadOptions
from jobs.releases.joining import stars
from jobs.releases.objects import Objects, concatenated
from jobs.releases.plan import Partition, Plan, PlannedFile, cells_in
from jobs.releases.records import DONE, QUARANTINED, Run
from jobs.releases.refused import DUPLICATE_ID, REFUSED, UNREADABLE, FileRefused, refused
from jobs.releases.view import VIEW_SCHEMA, WITHOUT_POINTS, Stars, grouped, view, without_points
from jobs.storage.writing import replace_table, replacing
from science_modules import registry
from science_modules.common.view import CUTOUTS

ROWS_AT_ONCE = 2048  # of the view and of a row group: memory holds so many, a look-up reads so many


@dataclass(frozen=True)
class Work:
    """What all partitions of a run have in common.

    Attributes
    ----------
    run : Run
    plan : Plan
    release : Format
    options : ReadOptions
    enrichment : Enrichment
        As of the stream.
    ranges : list of (int, int)
        Only these runs of cells; all where there are none.
    where : pyarrow.compute.Expression or None
        Which stars are kept.
    light_curves : bool
        Whether the tables keep them.
    on_error : {"null", "raise"}
        Whether a partition that fails is quarantined, or ends the run.
    rest : callable
        Called when no module is at work.
    """

    run: Run
    plan: Plan
    release: Format
    options: ReadOptions
    enrichment: Enrichment
    ranges: list[tuple[int, int]]
    where: pc.Expression | None
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
        told = _done(work, number, work.plan.partitions[number])
    except Exception as error:
        if work.on_error == "raise":
            raise
        told = {"state": QUARANTINED, "message": f"{type(error).__name__}: {error}"[:500]}
    finally:
        work.rest()
    faults.point("before_record", number)
    work.run.record(number, {**told, "seconds": round(time.monotonic() - began, 3)})


def _done(work: Work, number: int, partition: Partition) -> dict[str, Any]:
    found, bad, strangers = _read(work, partition)
    told: dict[str, Any] = {"state": DONE, "stars": 0, "points": 0, "modules": {}}
    if found:
        objects, doubled = _each_once(work, concatenated(found))
        bad.append(doubled)
        told |= _written(work, number, partition, _stars(work, objects))
    refusals = pa.concat_tables([REFUSED.empty_table(), *bad])
    refusals = refusals.filter(pc.invert(pc.is_in(refusals["object_id"], value_set=pa.array(strangers, pa.string()))))
    if refusals.num_rows:
        replace_table(work.run.refused(number), refusals)
    told["refused"] = dict(Counter(refusals["reason"].to_pylist()))
    return told


def _read(work: Work, partition: Partition) -> tuple[list[Objects], list[pa.Table], list[str]]:
    """The objects of all files, what was refused, and names of objects beyond the edge, which another partition tells of.

    A file that cannot be read is refused, the others are read.
    """
    found: list[Objects] = []
    bad: list[pa.Table] = []
    strangers: list[str] = []
    for file in (work.plan.files[number] for number in partition.files):
        choosing = partial(_wanted, work, partition, strangers)
        try:
            _check_same(file)
            objects, refusals = work.release.read(Path(file.path), work.options, choosing)
        except FileRefused as error:
            bad.append(refused(error.reason, file.path, [None], [str(error)]))
            continue
        found.append(objects)
        bad.append(refusals)
    return found, bad, strangers


def _check_same(file: PlannedFile) -> None:
    try:
        now = PlannedFile.of(file.path)
    except OSError as error:
        raise FileRefused(UNREADABLE, f"was there when the release was planned; {error.strerror}") from None
    if now != file:
        told = f"planned with {file.size} bytes of mtime {file.mtime_ns} ns, it has {now.size} of {now.mtime_ns}"
        raise FileRefused(UNREADABLE, f"changed since the release was planned: {told}; use a new --output")


def _wanted(work: Work, partition: Partition, strangers: list[str], index: Index) -> NDArray[np.bool_]:
    """The rows of the partition's cells, and those at their edges, which may belong to its stars: their names are added."""
    cells = cells_in(index, work.release)
    inside = np.asarray((cells >= partition.first) & (cells < partition.behind))
    if not work.release.by_position:
        return inside & in_ranges(cells, work.ranges)
    around = edge_cells(index.ra, index.dec)
    beyond = ((around >= partition.first) & (around < partition.behind)).any(axis=1) & ~inside
    strangers += index.name.filter(pa.array(beyond)).to_pylist()
    return np.asarray(inside | beyond)


def _each_once(work: Work, objects: Objects) -> tuple[Objects, pa.Table]:
    """Where a name says which object is which star's part, a name that is there twice is refused the second time."""
    if not work.release.by_position:
        return objects, REFUSED.empty_table()
    again = np.flatnonzero(repeated_names(objects.name))
    names = objects.name.take(pa.array(again)).to_pylist()
    told = refused(DUPLICATE_ID, "", names, ["wants each objectid once, it was read before"] * len(names))
    return objects.take(np.setdiff1d(np.arange(len(objects)), again)), told


def _stars(work: Work, objects: Objects) -> Stars:
    """Objects that belong together; in the order of names, so that nothing depends on what else a partition reads."""
    objects = objects.take(np.argsort(objects.name.to_numpy(zero_copy_only=False).astype(str), kind="stable"))
    if work.release.by_position:
        return grouped(objects, stars(objects.ra, objects.dec, objects.catalogue))
    names = objects.name.to_numpy(zero_copy_only=False).astype(str)
    _, first, star = np.unique(names, return_index=True, return_inverse=True)
    return grouped(objects, first[star], copies(objects, star))


def _written(work: Work, number: int, partition: Partition, found: Stars) -> dict[str, Any]:
    """Write the partition's own stars, in the order of the sky."""
    own = _own(work, partition, found)
    modules = work.enrichment.modules
    columns = [pa.field(module.name, module.arrow_type) for module in modules]
    kept = VIEW_SCHEMA if work.light_curves else WITHOUT_POINTS
    schema = pa.schema([*kept, *columns])
    counted: Counter[str] = Counter()
    path = work.run.table(number)
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, schema, **write_parquet_options(schema)) as writer:
            for table in _scored(work, found, own, partition.limit):
                written = table if work.light_curves else without_points(table)
                writer.write_table(written.select(schema.names).cast(schema), row_group_size=ROWS_AT_ONCE)
                _count(counted, table, [module.name for module in modules])
        faults.point("before_publish", number)
    return _told(counted, [module.name for module in modules])


def _own(work: Work, partition: Partition, found: Stars) -> Any:
    """Stars whose first object lies in the partition's cells, by their place on the sky; the others have a partition too."""
    objects, place = found.objects, found.first
    ra, dec = objects.ra[place], objects.dec[place]
    cells = cells_in(Index(objects.name.take(pa.array(place)), ra, dec, np.empty(0, np.int64)), work.release)
    own = np.flatnonzero((cells >= partition.first) & (cells < partition.behind) & in_ranges(cells, work.ranges))
    return own[np.lexsort((own, healpix(ra[own], dec[own], FINE_ORDER)))]


def _scored(work: Work, found: Stars, own: Any, limit: int | None) -> Iterator[pa.Table]:
    left = len(own) if limit is None else limit
    for start in range(0, len(own), ROWS_AT_ONCE):
        rows = own[start : start + ROWS_AT_ONCE]
        release = work.release
        survey = release.survey or work.options.survey
        table = view(found, rows, survey, release.name, release.simulated, release.public)
        table = table if work.where is None else table.filter(work.where)
        table = table.slice(0, left)
        left -= table.num_rows
        if table.num_rows:
            yield work.enrichment.run(_with_nulls(table, work))
        if left <= 0:
            return


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


def _told(counted: "Counter[str]", modules: list[str]) -> dict[str, Any]:
    said: dict[str, dict[str, int]] = {name: {} for name in modules}
    for key, count in counted.items():
        name, colon, reason = key.partition(":")
        if colon:
            said[name][reason] = count
    return {"stars": counted["stars"], "points": counted["points"], "modules": said}
