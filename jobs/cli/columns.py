"""`strix columns`: every column of the tables, with type, unit and meaning."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from rich.table import Table

from jobs.cli.console import complain, pour, table_console
from jobs.cli.frame import Options
from jobs.common.typed_names import did_you_mean
from science_modules import registry
from science_modules.common.view import CUTOUTS, LIGHT_CURVE, PROVENANCE, SCALARS, Column

HEAD = """# Columns

Made with `strix columns --markdown`; a test holds this page to the code. Types are Arrow's. NULL means "not known", never a
number that stands for it.
"""


@dataclass(frozen=True)
class Row:
    """A column as people read it."""

    name: str
    type: str
    unit: str
    meaning: str


def sections() -> dict[str, list[Row]]:
    """The columns of table science, those of the cutouts, and what every module adds, by heading."""
    return {
        "The alert (table science)": list(_of_view(SCALARS)),
        "Its light curve (table science): parallel lists, ascending in time": list(_of_view(LIGHT_CURVE)),
        "Cutouts (table cutouts)": list(_of_view(CUTOUTS)),
        "Where it came from (struct provenance)": [_of_field("provenance", field) for field in PROVENANCE],
        **{f"Module {name}": list(_of_module(name)) for name in registry.names()},
    }


def _of_view(columns: Iterable[Column]) -> Iterator[Row]:
    for column in columns:
        yield Row(column.name, str(column.type).replace("element: ", ""), column.unit, column.description)


def _of_field(struct: str, field: pa.Field) -> Row:
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    return Row(f"{struct}.{field.name}", str(field.type), metadata["unit"], metadata["description"])


def _of_module(name: str) -> Iterator[Row]:
    module = registry.get(name)
    for output in module.outputs:
        yield Row(f"{name}.{output.name}", output.type, output.unit, output.description)
    yield Row(f"{name}.version", "string", "", f"version of the module that answered, now {module.version}")
    yield Row(f"{name}.error", "string", "", "why an output is NULL; NULL where all are there")


def page() -> str:
    """All sections as Markdown."""
    return "\n".join([HEAD, *(_markdown(title, rows) for title, rows in sections().items())])


def _markdown(title: str, rows: Iterable[Row]) -> str:
    cells = [f"| `{row.name}` | {row.type} | {row.unit} | {row.meaning.replace('|', chr(92) + '|')} |" for row in rows]
    return "\n".join([f"## {title}", "", "| column | type | unit | meaning |", "|---|---|---|---|", *cells, ""])


def main(arguments: list[str]) -> int:
    """Print the columns, or those whose names contain a text; 2 if there is none.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix columns`.
    """
    parser = Options(prog="strix columns", description="What every column means, with type and unit.")
    parser.add_argument("name", nargs="?", help="a column, a module, or a part of a name; default: all")
    parser.add_argument("--markdown", action="store_true", help="all of them as a page")
    given = parser.parse_args(arguments)
    if given.markdown:
        pour(page())
        return 0
    rows = [row for group in sections().values() for row in group]
    found = [row for row in rows if not given.name or given.name in row.name]
    if not found:
        hint = did_you_mean(given.name, [row.name for row in rows])
        complain(f"strix columns: no column has {given.name!r} in its name{hint}")
        return 2
    table = Table("column", "type", "unit", "meaning")
    for row in found:
        table.add_row(row.name, row.type, row.unit, row.meaning)
    table_console().print(table)
    return 0
