"""The order of the columns of whole alerts, whichever store gives them."""

import pyarrow as pa

from science_modules.common.view import VIEW, VIEW_NAMES

_FIELDS = {column.name: column.field for column in VIEW}


def arranged(table: pa.Table) -> pa.Table:
    """A table of whole alerts with its columns in their order, and units beside those of the view.

    Parameters
    ----------
    table : pyarrow.Table
        The view's columns, then candidate, content_hash, provenance, then the modules by name, whatever order they came in.
    """
    own = {field.name: field for field in table.schema}
    first = [name for name in (*VIEW_NAMES, "candidate", "content_hash", "provenance") if name in own]
    names = [*first, *sorted(set(own) - set(first))]
    fields = [_FIELDS.get(name, own[name]) for name in names]
    columns = [table.column(name) for name in names]
    return pa.table(
        [each if each.type == to.type else each.cast(to.type) for each, to in zip(columns, fields, strict=True)],
        pa.schema(fields),
    )
