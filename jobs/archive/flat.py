"""Flat names: `acai_acai_h` for the field `acai_h` of column `acai`, since most formats know no structs."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa


def flat_names(schema: pa.Schema) -> dict[str, str]:
    """Every column without structs: its flat name to its path, as `acai_acai_h` to `acai.acai_h`; in order.

    Names are unique whatever their case, as FITS wants them: where two would be one, those of structs keep their dot as
    a double underscore.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of a table with structs.
    """
    paths = [".".join(parts) for field in schema for parts in _leaves(field)]
    taken = Counter(_flat(path).casefold() for path in paths)
    return {path.replace(".", "__") if taken[_flat(path).casefold()] > 1 else _flat(path): path for path in paths}


def flat_columns(schema: pa.Schema, columns: Sequence[str] | None) -> dict[str, str]:
    """The same for the columns that are asked for: flat names, paths, or structs of which every field is meant.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of a table with structs.
    columns : sequence of str or None
        Flat names, paths or structs; None for all.

    Returns
    -------
    dict of str to str
        Flat name to path, in the order asked for.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    names = flat_names(schema)
    if columns is None:
        return names
    by_path = {path: name for name, path in names.items()}
    found: dict[str, str] = {}
    for asked in columns:
        own = [path for path in by_path if asked in (path, by_path[path]) or path.startswith(f"{asked}.")]
        if not own:
            raise KeyError(
                f"no column {asked!r}; it may be one of {', '.join(field.name for field in schema)}, or a field"
            )
        found |= {by_path[path]: path for path in own}
    return found


def _flat(path: str) -> str:
    return path.replace(".", "_")


def _leaves(field: pa.Field) -> Iterator[tuple[str, ...]]:
    if not pa.types.is_struct(field.type):
        yield (field.name,)
        return
    for child in field.type:
        yield from ((field.name, *rest) for rest in _leaves(child))
