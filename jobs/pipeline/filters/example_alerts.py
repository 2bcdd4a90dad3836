"""The real alerts that examples name: from the science table of an output, or from packets, scored here and now."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.packets.messages import Message
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.leaves import ALWAYS, clean, read_leaves
from jobs.pipeline.filters.module_needs import givers
from jobs.pipeline.surveys import SURVEYS
from jobs.pipeline.surveys.candidate import to_common
from jobs.storage.layout import Layout
from jobs.storage.schema_union import joined
from science_modules import registry
from science_modules.common import artefacts

_ANY_TIME = 1e6  # MJD: examples are not refused as from the future


def find_examples(directory: Path, filters: Sequence[Filter], models: Path | None = None) -> pa.Table | None:
    """Clean columns of the alerts that these filters' examples name, as far as the directory has them.

    Parameters
    ----------
    directory : pathlib.Path
        An output (with a folder `science`), or packets (`*.avro`, in it or below it).
    filters : sequence of Filter
        Their examples say which alerts, their expressions which columns.
    models : pathlib.Path, optional
        For packets: the models directory. A module without its artefacts gives NULL.

    Returns
    -------
    pyarrow.Table or None
        None if no example names an alert or none is there.
    """
    ids = sorted({int(name.split(":")[1]) for each in filters for name in _named(each)})
    columns = {name for each in filters for name in each.columns}
    if not ids:
        return None
    if (directory / "science").is_dir():
        files = Layout(directory).files("science")
        found = [_only(leaves, ids) for leaves in read_leaves(files, columns)]
    else:
        found = [clean(rows, sorted({*columns, *ALWAYS})) for rows in _scored(directory, ids, columns, models)]
    found = [table for table in found if table.num_rows]
    return joined(found) if found else None


def packets_in(directory: Path) -> Iterator[pa.Table]:
    """All packets of `*.avro` files in a directory or below it, in the common view; what cannot be read is left out.

    Parameters
    ----------
    directory : pathlib.Path
        With packets of any of the surveys.

    Yields
    ------
    pyarrow.Table
        The packets of one file that have one survey and schema.
    """
    reader = decoder(tuple(survey.name for survey in SURVEYS), None)
    for path in sorted(directory.rglob("*.avro")):
        for group in reader.decode([Message(path.read_bytes())]).groups:
            table = group.survey.view(group.packets, group.versions, _ANY_TIME).table
            candidate = to_common(table["candidate"].combine_chunks(), group.survey)
            yield table.set_column(table.schema.get_field_index("candidate"), "candidate", candidate)


def _named(each: Filter) -> Iterator[str]:
    for example in (*each.examples.match, *each.examples.no_match):
        if isinstance(example, str):
            yield example


def _only(table: pa.Table, ids: Sequence[int]) -> pa.Table:
    return table.filter(pc.is_in(table["alert_id"], value_set=pa.array(ids, pa.int64())))


def _scored(directory: Path, ids: Sequence[int], columns: Iterable[str], models: Path | None) -> Iterator[pa.Table]:
    """The named alerts among the packets, in the common view, with the modules that the columns ask for."""
    rows = [_only(table, ids) for table in packets_in(directory)]
    rows = [table for table in rows if table.num_rows]
    if rows:
        yield _enrichment(columns, models).run(_once(pa.concat_tables(rows)))


def _once(table: pa.Table) -> pa.Table:
    """One row per alert, of its newest schema version: packets of one alert may lie in several files."""
    table = table.sort_by([("schema_version", "descending")])
    places = table.select(["survey", "alert_id"]).append_column("place", pa.array(range(table.num_rows)))
    first = places.group_by(["survey", "alert_id"]).aggregate([("place", "min")])["place_min"]
    return table.take(first)


def _enrichment(columns: Iterable[str], models: Path | None) -> Enrichment:
    """The modules that the columns need, with the modules that those need; without those that lack their artefacts."""
    there = [name for name in registry.names() if not artefacts.missing(registry.get(name), models)]
    wanted = {name.partition(".")[0] for name in columns} & set(there)
    while more := {giver for name in wanted for giver in givers(name) if giver in there} - wanted:
        wanted |= more
    modules = registry.resolve(sorted(name for name in wanted if givers(name) <= wanted))
    return Enrichment(modules, {module.name: artefacts.find(module, models) for module in modules})
