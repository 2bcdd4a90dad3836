"""What modules read, from the science files of a night: the columns of the common view, and answers that stay."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.pipeline.enrichment.modules import ALWAYS
from jobs.pipeline.tables import science_schema
from jobs.storage.schema_union import in_schema
from science_modules import registry
from science_modules.common.contract import ScienceModule
from science_modules.common.view import CUTOUTS

STAMP_COLUMNS = [column.name for column in CUTOUTS]


def reads_stamps(module: ScienceModule) -> bool:
    """Whether a module needs cutouts.

    Parameters
    ----------
    module : ScienceModule
    """
    return bool(registry.columns_of(module.inputs) & set(STAMP_COLUMNS))


def input_schema(modules: Sequence[ScienceModule], read: Sequence[ScienceModule]) -> pa.Schema:
    """The columns of the science table that modules read; of `candidate` the fields that they name.

    Parameters
    ----------
    modules : sequence of ScienceModule
        Those that run.
    read : sequence of ScienceModule
        Those whose answers in the files are read.
    """
    science = science_schema(list(read))
    inputs = [name for module in modules for name in module.inputs + module.optional_inputs]
    wanted = registry.columns_of(inputs) | set(ALWAYS)
    fields = [field for field in science if field.name in wanted]
    return pa.schema([_named(field, inputs) if field.name == "candidate" else field for field in fields])


def _named(candidate: pa.Field, inputs: Iterable[str]) -> pa.Field:
    """The candidate column with the fields that inputs name; all of it where one names it whole."""
    if "candidate" in inputs:
        return candidate
    names = {name.partition(".")[2] for name in inputs if name.startswith("candidate.")}
    return candidate.with_type(pa.struct([field for field in candidate.type if field.name in names]))


def lacking(path: Path, modules: Sequence[ScienceModule]) -> dict[str, str]:
    """Modules that need a column which a science file does not have, as one of an older version may not, and why.

    Parameters
    ----------
    path : pathlib.Path
        The science file.
    modules : sequence of ScienceModule
        Those that are run, whose outputs others may read.

    Returns
    -------
    dict of str to str
        The reason by the module's name; empty if nothing is missing.
    """
    with pq.ParquetFile(path) as file:
        there = {*file.schema_arrow.names, *STAMP_COLUMNS, *(module.name for module in modules)}
    absent = {module.name: sorted(registry.columns_of(module.inputs) - there) for module in modules}
    return {
        name: f"no input: the science files have no column {', '.join(columns)}"
        for name, columns in absent.items()
        if columns
    }


class ScienceRows:
    """Rows of science files, a row group in hand at a time."""

    def __init__(self, paths: Sequence[str], schema: pa.Schema) -> None:
        self.paths = paths
        self.schema = schema

    def take(self, plan: pa.Table) -> pa.Table:
        """The rows that a plan names (columns file, group, row), in its order.

        Parameters
        ----------
        plan : pyarrow.Table
            At least one row.
        """
        files, groups, rows = (plan[name].to_numpy() for name in ("file", "group", "row"))
        order = np.lexsort((rows, groups, files))
        tables = []
        for part in np.split(order, np.flatnonzero(np.diff(files[order]) | np.diff(groups[order])) + 1):
            tables.append(self._group(int(files[part[0]]), int(groups[part[0]])).take(pa.array(rows[part])))
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(tables).take(pa.array(back)).combine_chunks()

    def _group(self, number: int, group: int) -> pa.Table:
        with pq.ParquetFile(self.paths[number]) as file:
            there = set(file.schema_arrow.names)
            return in_schema(file.read_row_group(group, columns=_leaves(self.schema, there)), self.schema)


def _leaves(schema: pa.Schema, there: set[str]) -> list[str]:
    """The columns to read: of a struct the fields alone that are wanted."""
    names: list[str] = []
    for field in schema:
        if field.name in there:
            struct = pa.types.is_struct(field.type)
            names.extend(f"{field.name}.{child.name}" for child in field.type) if struct else names.append(field.name)
    return names
