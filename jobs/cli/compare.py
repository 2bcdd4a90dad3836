"""`strix compare A B`: two runs, output by output: what changed, by how much, with a picture."""

import argparse
from pathlib import Path

from rich.table import Table

from jobs.archive.comparing import Comparison, compare
from jobs.archive.words import number
from jobs.cli.console import say, table_console
from jobs.cli.frame import OK, Options, verb
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.common.typed_names import names_in
from jobs.reports.pictures import style
from jobs.reports.pictures.comparison import chosen, comparison

_MOST = 40  # lines of the table; --all shows every output


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(
        prog="strix compare",
        description="Two runs (versions of modules, or a stream and a release), output by output: what changed and by how much."
        " Alerts are paired by survey and id, stars of releases by name, alerts with stars by place.",
    )
    options.add_argument("a", metavar="A", type=local_path, help="output of a job or of `strix reprocess`")
    options.add_argument("b", metavar="B", type=local_path, help="another one")
    options.add_argument("--modules", type=names_in, default=(), metavar="NAMES", help="only these (default: all)")
    options.add_argument("--all", action="store_true", help=f"every output (default: the {_MOST} that changed most)")
    options.add_argument("-o", "--output", type=local_path, help="a picture of the outputs that changed most")
    return options


@verb("strix compare")
def main(arguments: list[str] | None = None) -> int:
    """Print what changed, and draw it if a picture is asked for.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix compare`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    found = compare(given.a, given.b, given.modules)
    _print(found, given.all)
    if given.output is not None:
        _draw(found, given)
    return OK


def _print(found: Comparison, everything: bool) -> None:
    say(f"{counted(found.pairs, 'pair')} {found.how}; only in A {found.only_a:,}, only in B {found.only_b:,}")
    for name, (a, b) in found.versions.items():
        say(f"{name}: version {a}" + (f" and {b}" if a != b else " in both"))
    changed = sorted((each for each in found.outputs if each.differ), key=lambda each: -each.differ)
    shown = found.outputs if everything else changed[:_MOST]
    say(f"{len(changed)} of {len(found.outputs)} outputs differ somewhere")
    if not shown:
        return
    table = Table()
    names = ("output", "both", "equal", "only A", "only B", "median |B - A|", "95 %", "largest")
    for name in names:
        table.add_column(name, justify="left" if name == "output" else "right", no_wrap=True)
    for each in shown:
        counts = (each.both, each.equal, each.only_a, each.only_b)
        sizes = (number(each.difference(percent)) if len(each.a) else "–" for percent in (50, 95, 100))
        table.add_row(each.output, *(f"{count:,}" for count in counts), *sizes)
    table_console().print(table)


def _draw(found: Comparison, given: argparse.Namespace) -> None:
    outputs = chosen(found.outputs)
    title = f"{Path(given.b).name} over {Path(given.a).name}"
    style.save(comparison(title, f"{counted(found.pairs, 'pair')} {found.how}", outputs), given.output, dpi=130)
    say(f"picture: {given.output}")
