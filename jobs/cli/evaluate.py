"""`strix evaluate NAME --data DIR --labels FILE`: how good a classifier is, on a page and as numbers."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from jobs.cli.console import say, show_progress, table_console
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import add_schemas, shortest
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.reports.evaluation.caveats import simulated_in_words
from jobs.reports.evaluation.evaluation import ANSWERS, Evaluation, Question, evaluate
from jobs.reports.evaluation.page import empty_classes, evaluation_page, left_out, unseen_accuracy
from jobs.reports.evaluation.pairing import Pairing
from jobs.storage.writing import replace_file, replace_json

PAGE, NUMBERS = "evaluation.html", "evaluation.json"
MOST = 60  # alerts on a sheet


def parser() -> Options:
    """The options."""
    options = Options(
        prog="strix evaluate",
        description="Measure a module that answers classes on labelled alerts: confusion, calibration, error rates, parts,"
        " worst mistakes. Without --labels: what it calls the alerts, over the sky.",
    )
    options.add_argument("name", help="module, or NAME@VERSION as installed: stamp, acai, braai, stamp@2.1.0")
    options.add_argument(
        "--data", required=True, type=local_path, metavar="DIR",
        help="output of a job (its answers are read where they are of the installed version), or packets",
    )  # fmt: skip
    options.add_argument("--labels", nargs="+", type=local_path, default=[], metavar="FILE", help="docs/training.md")
    options.add_argument("--against", metavar="OTHER", help="another module: class by class over the same objects")
    options.add_argument("-o", "--output", type=local_path, metavar="DIR", help="default: evaluation_NAME")
    options.add_argument("--level", choices=("coarse", "leaf"), default="coarse", help="how fine the classes are")
    options.add_argument("--first", action="store_true", help="count the earliest answered alert of each object alone")
    options.add_argument("-n", type=int, default=9, help=f"mistakes shown of each class, at most {MOST}")
    options.add_argument(
        "--models", type=local_path, help="directory of artefacts (default: $STRIX_MODELS, else models)"
    )
    add_schemas(options)
    return options


@verb("strix evaluate")
def main(arguments: list[str] | None = None) -> int:
    """Evaluate, write page and numbers, and say the most important; 2 if it cannot be, 3 if weights or files lack.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix evaluate`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if not 0 <= given.n <= MOST:
        raise UsageError(f"-n is {given.n}, it can be 0 to {MOST}")
    question = Question(
        name=given.name,
        data=given.data,
        output=given.output or Path(f"evaluation_{given.name}"),
        labels=given.labels,
        against=given.against,
        level=given.level,
        first=given.first,
        n_mistakes=given.n,
        schemas=given.schemas,
        models=given.models,
    )
    found = evaluate(question, lambda done: show_progress(f"{counted(done, 'alert')} answered"))
    show_progress("")
    _write(found, sys.argv[1:] if arguments is None else arguments)
    _print(found)
    return OK


def _write(found: Evaluation, arguments: Sequence[str]) -> None:
    command = shlex.join(["strix", "evaluate", *(each for each in arguments if each != "evaluate")])
    output = found.question.output
    replace_json(output / NUMBERS, found.as_dict())
    replace_file(output / PAGE, evaluation_page(found, command))


def _print(found: Evaluation) -> None:
    console = table_console()
    if found.measured:
        console.print(_measures(found))
        if empty := empty_classes(found.measured.confusion):
            say(f"neither labelled nor called: {', '.join(empty)}")
        for line in _memory(found):
            say(line)
        say(f"accuracy {found.measured.confusion.accuracy}, mean recall {found.measured.confusion.mean_recall:.3f}")
    else:
        say(f"{found.title}, no labels:")
        console.print(_called(found))
    if words := simulated_in_words(found.chosen.simulated, found.alerts):
        say(words)
    if found.pairing:
        say(_against(found.pairing))
    for words, n in left_out(found):
        say(f"not counted: {words}: {n:,}")
    if found.conflicts:
        say(
            f"labels that disagree: {counted(len(found.conflicts), 'object or alert', 'objects or alerts')}, on the page"
        )
    say(f"answers: {found.source.words}")
    output = found.question.output
    say(f"page: {output / PAGE}; numbers: {output / NUMBERS}, {output / ANSWERS}")


def _measures(found: Evaluation) -> Table:
    assert found.measured is not None
    counts = found.measured.confusion
    what = "the earliest alert of each object" if found.question.first else "alerts"
    table = Table("class", "recall", "precision", title=f"{found.title}, {what}, Wilson 95 %", title_justify="left")
    table.add_column("objects", justify="right")
    shown = [number for number, name in enumerate(counts.classes) if name not in empty_classes(counts)]
    for number in shown:
        table.add_column(counts.classes[number], justify="right")
    for number in shown:
        name, cells = counts.classes[number], [f"{n:,}" for n in counts.counts[number, shown]]
        objects = f"{found.chosen.objects.get(name, 0):,}"
        table.add_row(name, str(counts.recall(number)), str(counts.precision(number)), objects, *cells)
    return table


def _against(pair: Pairing) -> str:
    of_objects, of_alerts = pair.called_alike(pair.by_object), pair.called_alike(pair.by_alert)
    one, other = pair.names
    return (
        f"against {other}: called alike {of_objects} of objects ({one} at the earliest alert, {other} at the latest),"
        f" {of_alerts} of alerts; class by class on the page, #against"
    )


def _memory(found: Evaluation) -> list[str]:
    """A warning: on what it was trained on, a model is always good."""
    assert found.memory is not None
    others, card = unseen_accuracy(found), found.memory.card
    where = f"; what it was trained on, its card says: {shortest(card)}" if card else ""
    return [f"{found.memory.words}{where}", *([f"on the other objects: {others}"] if others else [])]


def _called(found: Evaluation) -> Table:
    table = Table("called")
    table.add_column("alerts", justify="right")
    for name, n in zip(found.distribution.classes, found.distribution.called, strict=True):
        table.add_row(name, f"{n:,}")
    return table
