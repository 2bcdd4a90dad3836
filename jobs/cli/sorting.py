"""What `strix scores` and `strix sheet` share: which alerts of an output, in which order."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jobs.corridor.layout import Layout
from jobs.top_alerts import NoSuchColumn, columns_of, key_of, modules_of, science_files, top


@dataclass(frozen=True)
class Sorted:
    """The first alerts of an output.

    Attributes
    ----------
    key : str
        The column that sorted them.
    rows : pyarrow.Table
        As `jobs.top_alerts.top` gives them.
    """

    layout: Layout
    key: str
    ascending: bool
    rows: pa.Table

    @property
    def words(self) -> str:
        """The order, in words."""
        return f"{'lowest' if self.ascending else 'highest'} {self.key} first"


def add_options(parser: argparse.ArgumentParser, one_per_object: bool) -> None:
    """The directory, and the options that choose and sort alerts."""
    parser.add_argument("data", metavar="DIR", type=Path, help="output of `strix night` or `strix enrich`")
    parser.add_argument("--module", help="science module whose outputs are shown, and are meant by --sort")
    parser.add_argument("--sort", help="column, as anomaly.percentile, acai_h or mag (default: the module's first)")
    parser.add_argument("--ascending", action="store_true", help="lowest first")
    parser.add_argument("--night", help="only this night, YYYYMMDD (default: all)")
    parser.add_argument(
        "--one-per-object",
        action=argparse.BooleanOptionalAction,
        default=one_per_object,
        help="of each object only its first alert in this order",
    )


def sort(given: argparse.Namespace, count: int, whole_module: bool) -> Sorted:
    """Sort as the command line says.

    Parameters
    ----------
    whole_module : bool
        Give all outputs of the module, not the sorting column alone.

    Raises
    ------
    NoSuchColumn
        If there is no science table, no such night, module or column.
    """
    layout = Layout(Path(os.path.abspath(given.data)))
    files = science_files(layout, given.night)
    if not files:
        raise NoSuchColumn(_nothing(layout, given.night))
    columns = columns_of(files)
    module = given.module or _module_of(columns, given.sort)
    if given.module and given.module not in modules_of(columns):
        raise NoSuchColumn(f"no module {given.module!r} in {layout.root}; it has {', '.join(modules_of(columns))}")
    key = key_of(columns, given.sort, given.module) if given.sort else _first_output(columns, module)
    shown = [name for name in columns if name.startswith(f"{module}.")] if whole_module and module else []
    order = ((key, "ascending" if given.ascending else "descending"),)
    return Sorted(layout, key, given.ascending, top(files, order, count, shown, given.one_per_object))


def _module_of(columns: list[str], name: str | None) -> str | None:
    head = key_of(columns, name).partition(".")[0] if name else None
    return head if head in modules_of(columns) else None


def _first_output(columns: list[str], module: str | None) -> str:
    if module is None:
        raise NoSuchColumn("give --sort or --module: by which column, or by which module's first output")
    ranked = f"{module}.percentile"  # says more than the score that it is made from
    return ranked if ranked in columns else next(name for name in columns if name.startswith(f"{module}."))


def _nothing(layout: Layout, night: str | None) -> str:
    nights = sorted(path.name.removeprefix("night=") for path in layout.table("science").glob("night=*"))
    if not nights:
        return f"{layout.root} has no science table; `strix night` and `strix enrich` write one"
    return f"{layout.root} has no night {night}; it has {len(nights)} from {nights[0]} to {nights[-1]}"
