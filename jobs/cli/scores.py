"""`strix scores DIR`: the objects with the highest scores, each by its best alert; for people or for other programs."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Table

from jobs.archive.position import DISTANCE
from jobs.archive.table_files import to_csv, to_json, to_votable
from jobs.archive.top_alerts import IDENTITY
from jobs.archive.words import number, utc_to_the_second
from jobs.cli.console import Console, pour, table_console
from jobs.cli.frame import OK, Options, verb
from jobs.cli.outputs import show_command
from jobs.cli.sorting import N_ALERTS, Sorted, add_options, sort
from jobs.common.plain_text import visible
from jobs.labels.class_outputs import class_scores, leading
from jobs.reports.pictures.module_words import answer_text, score_text

_OUTPUTS_ON_SCREEN = 7
# Columns of every table, by their heads; the two last only where they were asked for.
_FACTS = {"band": "band", "mag": "mag", DISTANCE.name: "arcsec", N_ALERTS.name: "alerts"}
_OWN = (*IDENTITY, DISTANCE.name, N_ALERTS.name)
_WORDS = ("object", "alert", "UTC", "band", "reason")
_WHOLE = ("", "object", "alert", "UTC", "band", "mag")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix scores", description=__doc__)
    add_options(options)
    options.add_argument("--top", type=int, default=20, help="rows")
    form = options.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="write CSV")
    form.add_argument("--json", dest="form", action="store_const", const="json", help="write a JSON array")
    form.add_argument("--votable", dest="form", action="store_const", const="votable", help="write a VOTable")
    return options


@verb("strix scores")
def main(arguments: list[str] | None = None) -> int:
    """Print the alerts; 2 if the output has no such night, module or column.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix scores`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    found = sort(given, max(given.top, 0), whole_module=True)
    if given.form:
        pour(_written(found, given.form))
    else:
        _print(found)
    return OK


def _written(found: Sorted, form: str) -> str:
    if form == "votable":
        return to_votable(found.rows, "alerts", f"Alerts of {found.layout.root.name}, {found.words}")
    return to_csv(found.rows) if form == "csv" else to_json(found.rows)


def _print(found: Sorted) -> None:
    outputs = _leading([name for name in found.rows.column_names if name not in (*_OWN, found.key)])
    shown = [*([found.key] if found.key not in _OWN else []), *outputs][:_OUTPUTS_ON_SCREEN]
    facts = [name for name in _FACTS if name in found.rows.column_names]
    table = Table(title=f"{found.rows.num_rows} {found.what}, {found.words}", title_justify="left")
    reasons = _reasons(found)
    heads = [*(_FACTS[name] for name in facts), *_heads(shown), *(["reason"] if any(reasons) else [])]
    for name in ("", "object", "alert", "UTC", *heads):
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=name in _WHOLE)
    for place, row in enumerate(found.rows.to_pylist()):
        mark = " SIMULATED" if row["is_simulated"] else ""
        identity = [
            f"{row['object_id']}{mark}",
            "–" if row["alert_id"] is None else str(row["alert_id"]),
            utc_to_the_second(row["mjd"]),
        ]
        cells = [*(_value(row[name]) for name in facts), *(_output(row, name) for name in shown)]
        table.add_row(str(place + 1), *identity, *cells, *([reasons[place]] if any(reasons) else []))
    console = table_console()
    console.print(table)
    _say_versions(console, found)
    left = len(set(outputs) - set(shown))
    if left and found.rows.num_rows:
        console.print(f"{left} more outputs are in --csv, --json and --votable")
    if not found.rows.num_rows:
        lies = f"no alert lies within {found.radius:g} arcsec" if found.radius else f"no alert has a {found.key}"
        console.print(lies)
    else:
        console.print(f"next: {show_command(found.rows.slice(0, 1).to_pylist()[0], found.layout)}", soft_wrap=True)


def _leading(columns: Sequence[str]) -> list[str]:
    """Outputs of one module, those that say most first."""
    full = {name.rpartition(".")[2]: name for name in columns}
    return [full[name] for name in leading(full) if name not in ("version", "error")]


def _heads(columns: Sequence[str]) -> list[str]:
    """Outputs by their last name, and by the whole where two columns would be called the same."""
    short = [name.rpartition(".")[2] for name in columns]
    taken = Counter([*short, "object", "alert", "UTC", *_FACTS.values()])
    return [last if taken[last] == 1 else name for last, name in zip(short, columns, strict=True)]


def _say_versions(console: Console, found: Sorted) -> None:
    """Of the answers that are shown, where they have several."""
    name = f"{found.key.partition('.')[0]}.version"
    versions = Counter(found.rows[name].to_pylist() if name in found.rows.column_names else ())
    if len(versions) > 1:
        told = ", ".join(f"{version} ({count})" for version, count in sorted(versions.items(), key=str))
        console.print(f"answers of several versions: {told}")


def _reasons(found: Sorted) -> list[str]:
    """Why the module that is shown did not answer all of it; empty where it did."""
    name = f"{found.key.partition('.')[0]}.error"
    known = found.rows[name].to_pylist() if name in found.rows.column_names else [None] * found.rows.num_rows
    return [visible(reason or "") for reason in known]


def _output(row: Mapping[str, object], name: str) -> str:
    """An output of a row; a class with its own probability, probabilities as elsewhere."""
    value, (module, _, own) = row[name], name.rpartition(".")
    values = {other.removeprefix(f"{module}."): row[other] for other in row if other.startswith(f"{module}.")}
    if isinstance(value, float) and own in class_scores(values):
        return score_text(value)
    return answer_text(own, value, values) if isinstance(value, str) else _value(value)


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return number(value) if isinstance(value, float | int | str | bool) else "–"
