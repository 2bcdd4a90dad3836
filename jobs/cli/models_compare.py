"""`strix models compare A B --on DIR --labels FILE`: which of two classifiers is better on the same labelled alerts."""

import argparse

from rich.table import Table

from jobs.archive.alert import alerts_of
from jobs.cli.console import say, show_progress, table_console
from jobs.cli.frame import UsageError
from jobs.cli.outputs import shortest
from jobs.common.counting import counted
from jobs.measures.paired import Paired
from jobs.reports.evaluation.caveats import Memory, simulated_in_words
from jobs.reports.model_comparison import ComparedModels, Comparison, compare_models
from jobs.reports.pictures import style
from jobs.reports.pictures.sheet import Entry, contact_sheet

_THRESHOLDS = (0.1, 0.2, 0.5, 0.9)


def compare(given: argparse.Namespace) -> None:
    """Compare, say it, and draw the sheet if one is wanted.

    Parameters
    ----------
    given : argparse.Namespace
        As the action's options are.

    Raises
    ------
    UsageError
        If a score is named and nothing is to be drawn.
    """
    if given.score and not given.sheet:
        raise UsageError("--score chooses what -o draws: give -o FILE too")
    asked = ComparedModels(
        (given.first, given.second), given.on, given.labels, given.level, given.schemas, given.models
    )
    found = compare_models(asked, lambda done: show_progress(f"{counted(done, 'alert')} answered"))
    show_progress("")
    _print(found)
    if given.sheet:
        _draw(found, given)


def _print(found: Comparison) -> None:
    table = Table("recall", *found.names, title="right among what is labelled so, Wilson 95 %", title_justify="left")
    one, other = found.confusions
    for number, name in enumerate(found.classes):
        table.add_row(name, str(one.recall(number)), str(other.recall(number)))
    table.add_row("mean recall", f"{one.mean_recall:.3f}", f"{other.mean_recall:.3f}")
    table.add_row("accuracy", str(one.accuracy), str(other.accuracy))
    table_console().print(table)
    if found.by_score:
        table_console().print(_areas(found))
        table_console().print(_rates(found))
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


def _areas(found: Comparison) -> Table:
    title = "each score: area under the ROC curve, bootstrap over objects, 95 %"
    table = Table("score of", "n / others", *found.names, "second less first", title=title, title_justify="left")
    for each in found.by_score:
        area = each.area
        counts = f"{area.n_members:,} / {area.n_others:,}"
        told = f"{area}{', more than chance' if area.is_more_than_chance else ''}"
        numbers = (f"{area.first:.3f}", f"{area.second:.3f}", told)
        table.add_row(each.name, counts, *(numbers if area.n_members and area.n_others else ("no examples of both",)))
    return table


def _rates(found: Comparison) -> Table:
    title = "missed / false alarms (FNR / FPR) where the score is the threshold or more"
    head = ("score of", "whose", *(f"{each:g}" for each in _THRESHOLDS), "both alike")
    table = Table(*head, title=title, title_justify="left")
    for each in found.by_score:
        for number, name in enumerate(found.names):
            table.add_row(each.name, name, *(each.at(number, at) for at in _THRESHOLDS), each.alike(number))
    return table


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


def _draw(found: Comparison, given: argparse.Namespace) -> None:
    rows = found.apart(given.score, given.threshold) if given.score else found.disagreements()
    pictured, stamps = found.source.pictured(
        [(row["survey"], row["alert_id"], row["night"], row["file"]) for row in rows[: given.n]]
    )
    words = {(row["survey"], row["alert_id"]): row["words"] for row in rows}
    shown = [Entry(alert, words[alert.key]) for alert in alerts_of(pictured)]
    what = (
        f"whose scores of {given.score} lie on two sides of {given.threshold:g}"
        if given.score
        else "on which they disagree"
    )
    title = f"{found.names[0]} / {found.names[1]}: {counted(len(rows), 'alert')} {what}"
    style.save(contact_sheet(title, "label: first / second", shown, stamps), given.sheet, dpi=130)
    say(f"{len(shown)} of {counted(len(rows), 'alert')} {what}: {given.sheet}")
