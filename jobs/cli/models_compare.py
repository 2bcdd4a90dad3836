"""`strix models compare A B --on DIR --labels FILE`: which of two classifiers is better on the same labelled alerts."""

import argparse
from pathlib import Path

from rich.table import Table

from jobs.archive.alert import alerts_of
from jobs.cli.console import say, show_progress, table_console
from jobs.cli.outputs import shortest
from jobs.common.counting import counted
from jobs.measures.paired import Paired
from jobs.reports.evaluation.caveats import Memory, simulated_in_words
from jobs.reports.model_comparison import ComparedModels, Comparison, compare_models
from jobs.reports.pictures import style
from jobs.reports.pictures.sheet import Entry, contact_sheet


def compare(given: argparse.Namespace) -> None:
    """Compare, say it, and draw the sheet if one is wanted.

    Parameters
    ----------
    given : argparse.Namespace
        As the action's options are.
    """
    asked = ComparedModels(
        (given.first, given.second), given.on, given.labels, given.level, given.schemas, given.models
    )
    found = compare_models(asked, lambda done: show_progress(f"{counted(done, 'alert')} answered"))
    show_progress("")
    _print(found)
    if given.sheet:
        _draw(found, given.sheet, given.n)


def _print(found: Comparison) -> None:
    table = Table("recall", *found.names, title="right among what is labelled so, Wilson 95 %", title_justify="left")
    one, other = found.confusions
    for number, name in enumerate(found.classes):
        table.add_row(name, str(one.recall(number)), str(other.recall(number)))
    table.add_row("mean recall", f"{one.mean_recall:.3f}", f"{other.mean_recall:.3f}")
    table.add_row("accuracy", str(one.accuracy), str(other.accuracy))
    table_console().print(table)
    for line in _caveats(found):
        say(line)
    say(f"{found.names[1]} less {found.names[0]}: {found.paired}")
    for line in _verdict(found):
        say(line)
    say(
        f"not compared: {found.unanswered:,} without an answer of both, {found.unlabelled:,} without a label of these classes"
    )
    say(f"answers: {found.source.words}")
    for each in found.conflicts:
        sides = "; ".join(f"{name} ({source})" for name, source, _ in each.sides)
        say(f"labels of {each.object_id or each.alert_id} disagree: {sides}: {each.resolved or 'left out'}")


def _caveats(found: Comparison) -> list[str]:
    """Of which alerts the numbers are memory, or not of the sky."""
    told = [_memory(each) for each in found.memories if each.remembers or each.is_unknown]
    simulated = simulated_in_words(found.simulated, found.rows.num_rows)
    return [*told, *([f"{simulated}: this says nothing of the real sky"] if simulated else [])]


def _memory(memory: Memory) -> str:
    return f"{memory.words}{f'; its card says what: {shortest(memory.card)}' if memory.card else ''}"


def _verdict(found: Comparison) -> list[str]:
    """Which is better; on objects that one of them was trained on nobody can say it."""
    trained = " and of ".join(each.name for each in found.memories if each.remembers)
    if not trained:
        return [_better(found, found.paired)]
    told = [f"no verdict: some of these were in the training of {trained}; on them it cannot be tested"]
    if found.unseen is None:
        return told
    others = f"on the objects that neither is known to have seen: {found.unseen}"
    return [*told, others, f"on those: {_better(found, found.unseen)}"]


def _better(found: Comparison, result: Paired) -> str:
    unknown = " and of ".join(each.name for each in found.memories if each.is_unknown)
    condition = f", if these were not in the training of {unknown}" if unknown else ""
    if result.p_value < 0.05 and (result.low > 0 or result.high < 0):
        return f"{found.names[result.difference > 0]} is better, by more than chance{condition}"
    return f"no difference that is more than chance{condition}"


def _draw(found: Comparison, path: Path, most: int) -> None:
    rows = found.disagreements()
    pictured, stamps = found.source.pictured(
        [(row["survey"], row["alert_id"], row["night"], row["file"]) for row in rows[:most]]
    )
    words = {(row["survey"], row["alert_id"]): row["words"] for row in rows}
    shown = [Entry(alert, words[alert.key]) for alert in alerts_of(pictured)]
    title = f"{found.names[0]} / {found.names[1]}: {counted(len(rows), 'alert')} on which they disagree"
    style.save(contact_sheet(title, "label: first / second", shown, stamps), path, dpi=130)
    say(f"{len(shown)} of {len(rows)} alerts on which they disagree: {path}")
