"""`strix ledger check DIR | show DIR`: whether every alert is accounted for, and what became of them."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from jobs.audit.check import check_ledger
from jobs.audit.gaps import Checked
from jobs.cli.answers import ANSWER_COLUMNS, answer_cells, commonest_first
from jobs.cli.console import pour, table_console
from jobs.cli.frame import Options, verb
from jobs.cli.outputs import output_of
from jobs.cli.run import say_gaps
from jobs.common.local_paths import local_name
from jobs.config import ConfigError
from jobs.ledger.changes import Change
from jobs.ledger.counts import Counts, add_counts, add_night, empty_counts
from jobs.ledger.journal import Journal
from jobs.ledger.not_sent import told_not_sent
from jobs.ledger.streams import records
from jobs.maintenance.rescored import NightsNow, rescorings
from jobs.storage.layout import Layout

_NUMBERS = ("read", "decoded", "duplicates", "quarantined", "enriched", "null_flux", "bad_history")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix ledger", description=__doc__)
    actions = options.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="0 if every number adds up; else 1, and each gap is a line on stderr")
    check.add_argument(
        "--deep", action="store_true", help="also read every page of every file and compare it with its checksum"
    )
    check.add_argument("--night", help="only batches that hold packets of this night (YYYYMMDD)")
    show = actions.add_parser("show", help="per night: read, decoded, duplicates, quarantined, enriched, nulls")
    show.add_argument("--night", help="YYYYMMDD, or unknown")
    for each in (check, show):
        each.add_argument("directory", metavar="DIR", type=local_name, help="the output of a job")
        each.add_argument("--json", action="store_true", help="write JSON")
    return options


@verb("strix")
def main(arguments: list[str] | None = None) -> int:
    """Run the verb; 0, or 1 if a number does not add up, 2 if there is no ledger or no such night.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix ledger`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    return {"check": _check, "show": _show}[given.action](given)


def _check(given: argparse.Namespace) -> int:
    layout = output_of(given.directory)
    checked = check_ledger(layout, deep=given.deep, nights=None if given.night is None else [given.night])
    if given.night is not None and not checked.batches:
        raise ConfigError(
            f"no batch of {layout.root} holds packets of night {given.night}; `strix ledger show` has all"
        )
    if given.json:
        pour(json.dumps(_checked_json(checked), indent=1) + "\n")
    else:
        table_console().print(_summary(checked))
        _print_notes(checked.notes)
    return say_gaps(checked.gaps)


def _checked_json(checked: Checked) -> dict[str, Any]:
    content = asdict(checked)
    return {**content, "all_accounted_for": not checked.gaps, "quarantined": dict(sorted(checked.quarantined.items()))}


def _summary(checked: Checked) -> Table:
    title = "some packets are not accounted for" if checked.gaps else "every packet is accounted for"
    table = Table(title=title, title_justify="left", show_header=False, min_width=len(title))
    table.add_column()
    table.add_column(justify="right")
    for name in ("batches", "read", "decoded", "duplicates"):
        table.add_row(name, f"{getattr(checked, name):,}")
    table.add_row("quarantined", f"{checked.quarantined.total():,}")
    for reason, count in sorted(checked.quarantined.items()):
        table.add_row(f"  {reason}", f"{count:,}")
    if checked.verified is not None:
        sound = checked.verified.files - len(checked.verified.unverified)
        table.add_row("files read with checksums", f"{sound:,}")
        table.add_row("MB read", f"{checked.verified.bytes / 1e6:,.0f}")
    table.add_row("gaps", f"{len(checked.gaps):,}")
    return table


def nights_of(layout: Layout, night: str | None = None) -> dict[str, Counts]:
    """The ledger's numbers per night, over all batches; of nights that were scored again, their answers now.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night : str, optional
        YYYYMMDD or `unknown`; all nights if not given.

    Raises
    ------
    ConfigError
        If no batch has this night.
    """
    nights: dict[str, Counts] = {}
    now = NightsNow(layout)
    for record in records(layout, nights=None if night is None else [night]):
        for name, counts in now.of(record).items():
            if night in (None, name):
                add_night(nights.setdefault(name, empty_counts()), counts)
    if night is not None and night not in nights:
        there = sorted({name for record in records(layout) for name in record.nights})
        raise ConfigError(f"no night {night} in {layout.root}; there are {', '.join(there) or 'none'}")
    return {name: nights[name] for name in sorted(nights) if night in (None, name)}


def _show(given: argparse.Namespace) -> int:
    layout = output_of(given.directory)
    nights, again = nights_of(layout, given.night), scored_again(layout, given.night)
    notes = [
        note
        for record in records(layout, nights=nights.keys())
        if nights.keys() & record.nights.keys()
        for note in told_not_sent(record)
    ]
    total = empty_counts()
    for counts in nights.values():
        add_counts(total, counts)
    if given.json:
        changes = [change.to_json() for change in again]
        content = {"nights": nights, "total": total, "notes": notes, "scored_again": changes}
        pour(json.dumps(content, indent=1, sort_keys=True) + "\n")
        return 0
    out = table_console()
    out.print(_nights_table(nights, total))
    if total["modules"]:
        out.print(_modules_table(nights, total))
    if again:
        out.print(_again_table(again))
    _print_notes(notes)
    return 0


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        table_console().print(f"note: {note}", soft_wrap=True)


def scored_again(layout: Layout, night: str | None = None) -> list[Change]:
    """The changes that scored nights again, oldest first.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night : str, optional
        YYYYMMDD or `unknown`; all nights if not given.
    """
    histories = Journal(layout).histories()
    keys = [key for key in histories.keys if key[0] == "science" and night in (None, key[1])]
    changes = [each for key in keys if (history := histories.get(key)) for each in history.changes]
    return sorted(rescorings(changes), key=lambda change: (change.at, change.id))


def _again_table(changes: Sequence[Change]) -> Table:
    """What was scored again, when, with which versions, and where the old files are."""
    table = Table(title="scored again", title_justify="left")
    for name in ("when", "night", "module", "version", "before", "alerts", "files", "old files"):
        table.add_column(name, justify="right" if name in ("alerts", "files") else "left")
    for change in changes:
        files = f"{len(change.old):,} to {len(change.new):,}"
        for module, each in change.answers.items():
            before, alerts = each["before"], f"{sum(each['before'].values()):,}"
            versions = each["version"], ", ".join(sorted(before))
            table.add_row(change.at, change.night, module, *versions, alerts, files, change.kept or "removed")
    return table


def _nights_table(nights: dict[str, Counts], total: Counts) -> Table:
    table = Table(title="packets by night", title_justify="left", show_footer=len(nights) > 1)
    table.add_column("night", "total")
    for name in _NUMBERS:
        table.add_column(name.replace("_", " "), _number(total, name), justify="right")
    table.add_column("why quarantined", commonest_first(total["quarantined"]))
    for night, counts in nights.items():
        table.add_row(night, *(_number(counts, name) for name in _NUMBERS), commonest_first(counts["quarantined"]))
    return table


def _modules_table(nights: dict[str, Counts], total: Counts) -> Table:
    table = Table(title="answers by module", title_justify="left")
    for name in ("night", "module", *ANSWER_COLUMNS):
        table.add_column(name, justify="right" if name in ANSWER_COLUMNS[:-1] else "left")
    for night, counts in [*nights.items(), *([("total", total)] if len(nights) > 1 else [])]:
        for module, numbers in sorted(counts["modules"].items()):
            table.add_row(night, module, *answer_cells(numbers))
    return table


def _number(counts: Counts, name: str) -> str:
    value = counts[name]
    return f"{sum(value.values()) if isinstance(value, dict) else value:,}"
