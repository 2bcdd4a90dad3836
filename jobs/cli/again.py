"""`strix enrich --again --night N`: nights that are scored, scored again in place."""

import argparse

from rich.table import Table

from jobs.cli.answers import ANSWER_COLUMNS, answer_cells
from jobs.cli.console import table_console
from jobs.common.counting import counted
from jobs.config import ConfigError, load, overrides
from jobs.ledger.changes import Change
from jobs.pipeline.sinks.hbase import HBASE
from jobs.pipeline.sinks.registry import SINKS

# What a rescoring reads and writes is the output's science table, and what HBase has of it; nothing is sent.
_NOT_FOR_THIS = ("input", "topics", *(kind.section for kind in SINKS if kind is not HBASE))


def add_options(options: argparse.ArgumentParser) -> None:
    """The options that go with `--again`.

    Parameters
    ----------
    options : argparse.ArgumentParser
        Of a job that rescores; it has the options of a job, too.
    """
    group = options.add_argument_group("scoring nights of --output again, in place")
    group.add_argument(
        "--again",
        action="store_true",
        help="run --modules over nights that are scored; their answers replace the old ones, or are added;"
        " other columns and packets stay, nothing is sent; with --hbase they are written there, too",
    )
    group.add_argument(
        "--night", action="extend", nargs="+", default=[], metavar="YYYYMMDD", help="with --again: these nights"
    )
    group.add_argument(
        "--keep-old",
        action="store_true",
        help="with --again: keep the files that are replaced under OUTPUT/_replaced/ (default: they are removed)",
    )


def is_asked(given: argparse.Namespace) -> bool:
    """Whether nights are to be scored again.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_options` made.

    Raises
    ------
    ConfigError
        If an option that goes with `--again` was given without it.
    """
    if not given.again and (given.night or given.keep_old):
        option = "--night" if given.night else "--keep-old"
        raise ConfigError(f"{option} goes with --again: strix enrich --again --night YYYYMMDD --output DIR")
    return bool(given.again)


def run(given: argparse.Namespace) -> int:
    """Score nights again and say what became of them; 0, also if nothing would have changed.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_options` and the options of a job made.

    Raises
    ------
    ConfigError
        If an option was given that says where alerts come from or where they go. What `rescore` raises.
    """
    from jobs.launcher.rescoring import Asked, rescore

    told = overrides(given)
    for name in _NOT_FOR_THIS:
        if name in told:
            raise ConfigError(f"--again scores the science table of --output and sends nothing; leave out --{name}")
    asked = Asked(tuple(given.night), named="modules" in told, keep_old=given.keep_old)
    outcome = rescore(load(given.config, told), asked)
    out = table_console()
    changed = [each for each in outcome.nights if each.change is not None]
    if changed:
        out.print(_table([each.change for each in changed if each.change is not None]))
    for each in outcome.nights:
        lines = [*_unchanged(each.choice.unchanged, each.change is None), *each.notes, *_kept(each.change)]
        for line in lines:
            out.print(f"night {each.night}: {line}", highlight=False, soft_wrap=True, markup=False)
    for night, alerts in outcome.stored.items():
        became = f"{counted(alerts, 'alert')} written to HBase" if alerts else "HBase has its alerts as they are"
        out.print(f"night {night}: {became}", highlight=False, soft_wrap=True, markup=False)
    for name, problem in outcome.left_out.items():
        out.print(f"{name} was left out: {problem}", highlight=False, soft_wrap=True, markup=False)
    out.print("next:")
    out.print(f"  strix ledger check {outcome.layout.root}", highlight=False, soft_wrap=True, markup=False)
    return 0


def _unchanged(modules: tuple[str, ...], nothing: bool) -> list[str]:
    """Why modules, or none at all, were run."""
    told = f"{', '.join(modules)} scored all its alerts already, as they are today" if modules else ""
    if nothing:
        return [f"nothing was scored: {told or 'no module is left to run'}"]
    return [told] if told else []


def _kept(change: Change | None) -> list[str]:
    if change is None or not change.kept:
        return []
    lost = {name: each["lost"] for name, each in change.answers.items() if each["lost"]}
    why = "".join(f"; {name} had {counted(count, 'answer')} whose input is gone" for name, count in lost.items())
    return [f"the files as they were are in {change.kept}{why}"]


def _table(changes: list[Change]) -> Table:
    table = Table(title="strix enrich --again", title_justify="left")
    for name in ("night", "module", "version", "before", *ANSWER_COLUMNS):
        table.add_column(name, justify="right" if name in ANSWER_COLUMNS[:-1] else "left")
    for change in changes:
        for module, each in change.answers.items():
            versions = each["version"], ", ".join(sorted(each["before"]))
            table.add_row(change.night, module, *versions, *answer_cells(each["now"]))
    return table
