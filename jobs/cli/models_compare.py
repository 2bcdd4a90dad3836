"""`strix models compare A B --on DIR --labels FILE`: which of two classifiers is better on the same labelled alerts."""

import argparse
from pathlib import Path

from rich.table import Table

from jobs.archive.alert import alerts_of
from jobs.archive.find import by_key
from jobs.archive.find_cutouts import find_cutouts
from jobs.cli.console import say, table_console
from jobs.common.counting import counted
from jobs.reports.model_comparison import Comparison, compare_models
from jobs.reports.pictures import style
from jobs.reports.pictures.sheet import Entry, contact_sheet
from jobs.storage.layout import Layout


def compare(given: argparse.Namespace) -> None:
    """Compare, say it, and draw the sheet if one is wanted.

    Parameters
    ----------
    given : argparse.Namespace
        As the action's options are.
    """
    found = compare_models((given.first, given.second), given.on, given.labels, given.level)
    _print(found)
    if given.sheet:
        _draw(found, given.on, given.sheet, given.n)


def _print(found: Comparison) -> None:
    table = Table("recall", *found.names, title="right among what is labelled so, Wilson 95 %", title_justify="left")
    one, other = found.confusions
    for number, name in enumerate(found.classes):
        table.add_row(name, str(one.recall(number)), str(other.recall(number)))
    table.add_row("mean recall", f"{one.mean_recall:.3f}", f"{other.mean_recall:.3f}")
    table.add_row("accuracy", str(one.accuracy), str(other.accuracy))
    table_console().print(table)
    say(f"{found.names[1]} less {found.names[0]}: {found.paired}")
    say(_verdict(found))
    say(
        f"not compared: {found.unanswered:,} without an answer of both, {found.unlabelled:,} without a label of these classes"
    )
    for each in found.conflicts:
        sides = "; ".join(f"{name} ({source})" for name, source, _ in each.sides)
        say(f"labels of {each.object_id or each.alert_id} disagree: {sides}: {each.resolved or 'left out'}")


def _verdict(found: Comparison) -> str:
    result = found.paired
    if result.p_value < 0.05 and (result.low > 0 or result.high < 0):
        return f"{found.names[result.difference > 0]} is better, by more than chance"
    return "no difference that is more than chance"


def _draw(found: Comparison, directory: Path, path: Path, most: int) -> None:
    layout, rows = Layout.of(directory), found.disagreements()
    shown = rows[:most]
    keys = [(row["survey"], row["alert_id"], row["night"]) for row in shown]
    alerts = alerts_of(by_key(layout, keys))
    entries = [Entry(alert, row["words"]) for alert, row in zip(alerts, shown, strict=True)]
    title = f"{found.names[0]} / {found.names[1]}: {counted(len(rows), 'alert')} on which they disagree"
    style.save(contact_sheet(title, "label: first / second", entries, find_cutouts(layout, keys)), path, dpi=130)
    say(f"{len(shown)} of {len(rows)} alerts on which they disagree: {path}")
