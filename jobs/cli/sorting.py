"""What `strix scores` and `strix sheet` share: which alerts of an output, in which order."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jobs.archive.near import counts
from jobs.archive.position import DISTANCE, Cone, cone_of
from jobs.archive.top_alerts import NoSuchColumn, columns_of, key_of, lowest_first, modules_of, top
from jobs.common.local_paths import local_path
from jobs.index.holders import files_with_objects
from jobs.labels.class_outputs import class_scores
from jobs.storage.layout import Layout

N_ALERTS = pa.field(
    "n_alerts", pa.int64(), metadata={"unit": "", "description": "alerts of the object in the nights looked at"}
)


@dataclass(frozen=True)
class Sorted:
    """The first alerts of an output.

    Attributes
    ----------
    key : str
        The column that sorted them.
    rows : pyarrow.Table
        As `jobs.archive.top_alerts.top` gives them; with one row per object also N_ALERTS.
    radius : float
        Of the circle that was asked for [arcsec]; 0 if none was.
    """

    layout: Layout
    key: str
    ascending: bool
    rows: pa.Table
    radius: float = 0.0

    @property
    def what(self) -> str:
        """What a row is."""
        return "objects by their best alert" if N_ALERTS.name in self.rows.column_names else "alerts"

    @property
    def words(self) -> str:
        """The order, in words."""
        if self.key == DISTANCE.name:
            return "nearest first"
        return f"{'lowest' if self.ascending else 'highest'} {self.key} first"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The directory, and the options that choose and sort alerts.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of the verb.
    """
    parser.add_argument("data", metavar="DIR", type=local_path, help="output of `strix night` or `strix enrich`")
    parser.add_argument("--module", help="science module whose outputs are shown, and are meant by --sort")
    parser.add_argument(
        "--sort",
        help="column, as anomaly.percentile, acai_h or mag (default: the module's first, of classes the first p_);"
        " highest first, but lowest first where low values stand out: places (rank_, 1 is the best), anomaly.score",
    )
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--ascending", dest="ascending", action="store_true", default=None, help="lowest first")
    direction.add_argument("--descending", dest="ascending", action="store_false", help="highest first")
    parser.add_argument("--night", help="only this night, YYYYMMDD (default: all)")
    parser.add_argument("--all-alerts", action="store_true", help="every alert, not the first of each object alone")
    add_near(parser)


def add_near(parser: argparse.ArgumentParser) -> None:
    """The options that name a circle on the sky; `near` reads them.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of the verb.
    """
    parser.add_argument(
        "--near", metavar="'RA DEC'", help="only near this position: degrees, or sexagesimal as '12:34:56.7 -01:02:03'"
    )
    parser.add_argument("--radius", type=float, default=5.0, metavar="ARCSEC", help="how near (default: 5 arcsec)")


def near(given: argparse.Namespace) -> Cone | None:
    """The circle that the command line names, if it does.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_near` made.

    Raises
    ------
    NoPosition
        If it is none.
    """
    return cone_of(str(given.near), float(given.radius)) if given.near is not None else None


def sort(given: argparse.Namespace, count: int, whole_module: bool) -> Sorted:
    """Sort as the command line says.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_options` made.
    count : int
        Alerts at the most.
    whole_module : bool
        Give all outputs of the module, not the sorting column alone.

    Raises
    ------
    NoSuchColumn
        If there is no science table, no such night, module or column.
    NoPosition
        If --near is none.
    """
    layout = Layout.of(given.data)
    files = layout.files("science", given.night)
    if not files:
        raise NoSuchColumn(_nothing(layout, given.night))
    columns = columns_of(files)
    module = given.module or _module_of(columns, given.sort)
    if given.module and given.module not in modules_of(columns):
        raise NoSuchColumn(f"no module {given.module!r} in {layout.root}; it has {', '.join(modules_of(columns))}")
    cone = near(given)
    key = _key(columns, module, given, cone)
    shown = [name for name in columns if name.startswith(f"{module}.")] if whole_module and module else []
    ascending = key == DISTANCE.name or _ascending(given, files, key)
    order = ((key, "ascending" if ascending else "descending"),)
    rows = top(files, order, count, shown, not given.all_alerts, cone)
    if not given.all_alerts:
        objects = set(zip(rows["survey"].to_pylist(), rows["object_id"].to_pylist(), strict=True))
        rows = rows.append_column(N_ALERTS, counts(files_with_objects(layout, objects, files), rows))
    return Sorted(layout, key, ascending, rows, given.radius if cone else 0.0)


def _key(columns: list[str], module: str | None, given: argparse.Namespace, cone: Cone | None) -> str:
    """What sorts: what was named, else near a position the distance, else the module's first output."""
    if cone and (given.sort == DISTANCE.name or not (given.sort or module)):
        return "distance_arcsec"
    return key_of(columns, given.sort, given.module) if given.sort else _first_output(columns, module)


def _ascending(given: argparse.Namespace, files: Sequence[Path], key: str) -> bool:
    """As told, else as the column declares."""
    return lowest_first(files, key) if given.ascending is None else bool(given.ascending)


def _module_of(columns: list[str], name: str | None) -> str | None:
    head = key_of(columns, name).partition(".")[0] if name and name != DISTANCE.name else None
    return head if head in modules_of(columns) else None


def _first_output(columns: list[str], module: str | None) -> str:
    if module is None:
        raise NoSuchColumn(
            "give --sort or --module: by which column, or by which module's first output; or --near: where"
        )
    ranked = f"{module}.percentile"  # says more than the score that it is made from
    if ranked in columns:
        return ranked
    own = [name.removeprefix(f"{module}.") for name in columns if name.startswith(f"{module}.")]
    return f"{module}.{next(iter([*class_scores(own), *own]))}"


def _nothing(layout: Layout, night: str | None) -> str:
    there = layout.nights_in_words("science")
    if not there:
        return f"{layout.root} has no science table; `strix night` and `strix enrich` write one"
    return f"{layout.root} has no night {night}; it has {there}"
