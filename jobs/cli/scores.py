"""`strix scores DIR`: the alerts with the highest scores, for people or for other programs."""

import argparse
from collections import Counter

from rich.table import Table

from jobs.cli.console import Console, complain, pour
from jobs.cli.sorting import Sorted, add_options, sort
from jobs.pictures.words import iso_utc, number
from jobs.table_files import to_csv, to_json, to_votable
from jobs.top_alerts import IDENTITY, NoSuchColumn

OK, USAGE = 0, 2
_OUTPUTS_ON_SCREEN = 7
_WIDTH_IN_A_PIPE = 240


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="strix scores", description=__doc__)
    add_options(options, one_per_object=False)
    options.add_argument("--top", type=int, default=20, help="alerts")
    form = options.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="write CSV")
    form.add_argument("--json", dest="form", action="store_const", const="json", help="write a JSON array")
    form.add_argument("--votable", dest="form", action="store_const", const="votable", help="write a VOTable")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Print the alerts; 2 if the output has no such night, module or column."""
    given = parser().parse_args(arguments)
    try:
        found = sort(given, max(given.top, 0), whole_module=True)
    except NoSuchColumn as error:
        complain(f"strix scores: {error}")
        return USAGE
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
    outputs = [name for name in found.rows.column_names if name not in IDENTITY or name == found.key]
    outputs = [name for name in outputs if name.rpartition(".")[2] not in ("version", "error")]
    shown = list(dict.fromkeys([found.key, *outputs]))[:_OUTPUTS_ON_SCREEN]
    table = Table(title=f"{found.rows.num_rows} alerts, {found.words}", title_justify="left")
    for name in ("", "object", "alert", "UTC", "band", "mag"):
        table.add_column(name, no_wrap=True, justify="right" if name in ("", "mag") else "left")
    for name in shown:
        table.add_column(name.rpartition(".")[2], justify="right", style="bold" if name == found.key else "")
    for place, row in enumerate(found.rows.to_pylist()):
        mark = " SIMULATED" if row["is_simulated"] else ""
        identity = [f"{row['object_id']}{mark}", str(row["alert_id"]), iso_utc(row["mjd"])[:19], row["band"]]
        table.add_row(str(place + 1), *identity, number(row["mag"]), *(_value(row[name]) for name in shown))
    console = Console()
    (console if console.is_terminal else Console(width=_WIDTH_IN_A_PIPE)).print(table)
    _say_versions(console, found)
    if left := len(outputs) - len(shown):
        console.print(f"{left} more outputs are in --csv, --json and --votable")
    if not found.rows.num_rows:
        console.print(f"no alert has a {found.key}")


def _say_versions(console: Console, found: Sorted) -> None:
    """Of the answers that are shown, where they have several."""
    name = f"{found.key.partition('.')[0]}.version"
    versions = Counter(found.rows[name].to_pylist() if name in found.rows.column_names else ())
    if len(versions) > 1:
        told = ", ".join(f"{version} ({count})" for version, count in sorted(versions.items(), key=str))
        console.print(f"answers of several versions: {told}")


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return number(value) if isinstance(value, float | int | str | bool) else "–"
