"""The columns that filters read, flat and clean: no sentinel, no NaN, one name per column, one type per kind.

Only what a filter names is read from the files, down to single fields of `candidate` and of a module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.pipeline.filters.columns import sentinels
from jobs.pipeline.filters.kinds import Kind, kind_of
from jobs.storage.schema_union import in_schema, joined

ALWAYS = ("survey", "alert_id", "object_id", "mjd", "night")
FILE, ROW = "_file", "_row"
ROWS_PER_READ = 20_000
# A text or a list beyond these is no name and no light curve; it is NULL to filters, so that no alert costs without bound.
MOST_TEXT, MOST_POINTS = 1024, 10_000  # bytes, elements


def read_leaves(
    files: Sequence[Path], columns: Iterable[str], rows_per_read: int = ROWS_PER_READ
) -> Iterator[pa.Table]:
    """The clean columns of science files, as tables of about so many rows.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Science files.
    columns : iterable of str
        Names as filters write them; ALWAYS is added.
    rows_per_read : int
        Files are put together until they have so many rows; one file is never split.

    Yields
    ------
    pyarrow.Table
        One column per name, and `_file` (number of the file, from 0) and `_row` (number of the row in it, from 0). A
        column that some of the files put together lack (their job did not run its module) is NULL in their rows, an
        `error` says there that the module was not run; a column that all of them lack is missing (`with_missing`).
    """
    names = sorted({*columns, *ALWAYS})
    held: list[pa.Table] = []
    rows = 0
    for number, path in enumerate(files):
        held.append(_placed(_flat(_read(path, names), names), number))
        rows += held[-1].num_rows
        if rows >= rows_per_read:
            yield _cleaned(_together(held))
            held, rows = [], 0
    if held:
        yield _cleaned(_together(held))


def clean(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Science rows as the flat, clean columns of these names.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of the science table, with `survey`.
    names : sequence of str
        As filters write them; `survey` is added, a name that the table lacks is left out.
    """
    return _cleaned(_flat(table, sorted({*names, "survey"})))


def _flat(table: pa.Table, names: Sequence[str]) -> pa.Table:
    leaves = {name: _leaf(table, name) for name in names}
    return pa.table({name: array for name, array in leaves.items() if array is not None})


def _cleaned(table: pa.Table) -> pa.Table:
    survey = table["survey"].combine_chunks()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return pa.table({name: clean_leaf(array, name, survey) for name, array in columns.items()})


def clean_leaf(array: pa.Array, name: str, survey: pa.Array) -> pa.Array:
    """One column, widened to its kind, NULL where it holds a sentinel of its alert's survey or NaN, or is too long.

    Parameters
    ----------
    array : pyarrow.Array
        The column's values, one per alert.
    name : str
        As filters write it; sentinels are looked for in `candidate.` fields only.
    survey : pyarrow.Array
        The survey's name, one per alert.

    Raises
    ------
    TypeError
        For a type that filters cannot read.
    """
    kind = kind_of(array.type)
    if kind is None:
        raise TypeError(
            f"{name} is {array.type} in the file, filters read numbers, strings, booleans and lists of them"
        )
    if name.startswith("candidate."):
        array = _without_sentinels(array, name.removeprefix("candidate."), survey)
    return without_nan(_of_sensible_length(_widened(array, kind)))


def _of_sensible_length(array: pa.Array) -> pa.Array:
    """Texts, lists and lists of texts, with NULL for those that are longer than any real one."""
    if pa.types.is_string(array.type):
        return _no_longer(array, pc.binary_length(array), MOST_TEXT)
    if not pa.types.is_list(array.type):
        return array
    array = _no_longer(array, pc.list_value_length(array), MOST_POINTS)
    if not pa.types.is_string(array.type.value_type):
        return array
    return _with_values(array, _of_sensible_length)


def _no_longer(array: pa.Array, lengths: pa.Array, most: int) -> pa.Array:
    longest = pc.max(lengths).as_py()
    if longest is None or longest <= most:
        return array
    return pc.if_else(pc.greater(lengths, most), pa.scalar(None, array.type), array)


def without_nan(array: pa.Array) -> pa.Array:
    """Numbers, or lists of them, with NULL for NaN.

    Parameters
    ----------
    array : pyarrow.Array
        Of any type; what holds no floating-point numbers is returned as it is.
    """
    if pa.types.is_floating(array.type):
        nan = pc.is_nan(array)
        return pc.if_else(nan, pa.scalar(None, array.type), array) if pc.any(nan).as_py() else array
    if pa.types.is_list(array.type) and pa.types.is_floating(array.type.value_type):
        return _with_values(array, without_nan)
    return array


def _with_values(lists: pa.ListArray, change: Callable[[pa.Array], pa.Array]) -> pa.ListArray:
    """The same lists of changed values."""
    if lists.offset and lists.null_count:  # Arrow makes no lists of a slice's offsets and a mask
        lists = pa.concat_arrays([lists, lists[:0]])
    mask = lists.is_null() if lists.null_count else None
    return pa.ListArray.from_arrays(lists.offsets, change(lists.values), mask=mask)


def _read(path: Path, names: Sequence[str]) -> pa.Table:
    file = pq.ParquetFile(path)
    there = set(file.schema_arrow.names)
    return file.read(columns=[name for name in names if name.partition(".")[0] in there], use_threads=False)


def _leaf(table: pa.Table, name: str) -> pa.Array | None:
    top, _, inner = name.partition(".")
    if top not in table.column_names:
        return None
    array = table[top].combine_chunks()
    if not inner:
        return array
    return pc.struct_field(array, inner) if array.type.get_field_index(inner) >= 0 else None


def _widened(array: pa.Array, kind: Kind) -> pa.Array:
    return array if array.type == kind.arrow else array.cast(kind.arrow)


def _without_sentinels(array: pa.Array, field: str, survey: pa.Array) -> pa.Array:
    for name, values in sentinels(field).items():
        if values:
            meaningless = pc.is_in(array, value_set=pa.array(values, array.type))
            its_own = pc.fill_null(pc.equal(survey, name), False)
            array = pc.if_else(pc.and_(its_own, meaningless), pa.scalar(None, array.type), array)
    return array


def _placed(table: pa.Table, file: int) -> pa.Table:
    rows = pa.array(range(table.num_rows), pa.int64())
    return table.append_column(FILE, pa.array([file] * table.num_rows, pa.int64())).append_column(ROW, rows)


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    """One table; a column that some files lack is NULL there, or says that its module was not run."""
    return joined(tables).combine_chunks()


def with_missing(table: pa.Table, kinds: Mapping[str, Kind]) -> pa.Table:
    """The table with a column for every name that it lacks: NULL, or that its module was not run.

    Parameters
    ----------
    table : pyarrow.Table
        Columns under the names that filters write.
    kinds : mapping of str to Kind
        The columns that are wanted.
    """
    lacking = [pa.field(name, kind.arrow) for name, kind in kinds.items() if name not in table.column_names]
    return in_schema(table, pa.schema([*table.schema, *lacking])) if lacking else table
