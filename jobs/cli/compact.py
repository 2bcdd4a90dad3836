"""`strix compact DIR`: merge the small files of closed nights; `--to-current` brings old nights to today's columns."""

import argparse
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.table import Table

from jobs.cli.console import styled, table_console
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import output_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_name
from jobs.ledger.changes import Change
from jobs.maintenance.compact import Wanted, compact
from jobs.maintenance.maintenance import NightMaintenance, total
from jobs.maintenance.merge_tasks import OnSpark, Runs, in_this_process
from jobs.maintenance.stored_files import all_nights
from jobs.storage.layout import TABLES, Layout
from jobs.storage.lock import OutputLock

# spark-submit sets it for the Python driver that it starts.
UNDER_SPARK_SUBMIT = "PYSPARK_GATEWAY_PORT"


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(
        prog="strix compact",
        description=__doc__,
        epilog="Rows, ids and the ledger's numbers stay; readers see a night's old files or its new ones. exit code:"
        " 0 done, 2 no such output or night, 3 files and ledger do not fit together, 4 output in use",
    )
    options.add_argument("output", metavar="DIR", type=local_name, help="the output of a job")
    options.add_argument("--night", nargs="+", default=[], metavar="YYYYMMDD", help="only these nights (default: all)")
    options.add_argument("--table", nargs="+", default=list(TABLES), choices=TABLES, help="only these tables")
    options.add_argument(
        "--to-current", action="store_true", help="rewrite files that lack columns of today's schema, too"
    )
    options.add_argument("--durable", action="store_true", help="sync files before each rename, against power loss")
    return options


@verb("strix compact")
def main(arguments: list[str] | None = None) -> int:
    """Compact, and say what was merged.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix compact`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    layout = output_of(given.output)
    unknown = sorted(set(given.night) - set(all_nights(layout)))
    if unknown:
        raise UsageError(f"{layout.root} has no night {unknown[0]}; it has {_some(all_nights(layout))}")
    with OutputLock(layout.lock, "compact"):
        return _compact(layout, given)


def _compact(layout: Layout, given: argparse.Namespace) -> int:
    maintenance = NightMaintenance(layout, given.durable)
    maintenance.recover()
    schemas = None
    if given.to_current:
        from jobs.maintenance.todays_schemas import todays_schemas

        schemas = todays_schemas(layout, given.table)
    with _runs() as run:
        _print(compact(maintenance, Wanted(tuple(given.table), tuple(given.night), schemas), run))
    return OK


@contextmanager
def _runs() -> Iterator[Runs]:
    """Under spark-submit merges are Spark's tasks; else they are run here, without Spark."""
    if not os.environ.get(UNDER_SPARK_SUBMIT):
        yield in_this_process
        return
    from jobs.spark.session import session_for

    with session_for("compact", None) as session:
        yield OnSpark(session)


def _print(changes: Iterable[Change]) -> None:
    """A line per table at the end; per night at a terminal while it goes on."""
    out = table_console()
    made: dict[str, list[Change]] = {}
    for change in changes:
        made.setdefault(change.table, []).append(change)
        if out.is_terminal:
            told = f"{change.table} {change.night}: {counted(len(change.old), 'file')} to {len(change.new)}"
            out.print(styled(told, "dim"))
    if not made:
        out.print("nothing to merge: no night has several small files")
        return
    table = Table(title="strix compact", title_justify="left")
    for name in ("table", "nights", "rows", "files before", "after", "MiB before", "after"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for name, done in made.items():
        old, new = [part for each in done for part in each.old], [part for each in done for part in each.new]
        rows, sizes = total(old)[0], [f"{total(parts)[1] / 2**20:,.1f}" for parts in (old, new)]
        table.add_row(name, f"{len(done):,}", f"{rows:,}", f"{len(old):,}", f"{len(new):,}", *sizes)
    out.print(table)


def _some(nights: list[str]) -> str:
    return f"{len(nights)}, {nights[0]} to {nights[-1]}" if nights else "none"
