"""`strix sheet DIR`: a contact sheet of the alerts that stand out."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from jobs.archive.alert import Alert, alerts_of
from jobs.archive.find import by_key, stars_by_name
from jobs.archive.find_cutouts import Key, Triplet, find_cutouts
from jobs.archive.words import number
from jobs.cli.console import say
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import add_schemas
from jobs.cli.sorting import Sorted, add_options, sort
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.reports.pictures import style
from jobs.reports.pictures.module_words import called, score_text, scores
from jobs.reports.pictures.sheet import Entry, contact_sheet

MOST = 300  # alerts; a figure of more is higher than an image may be


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix sheet", description=__doc__)
    add_options(options)
    options.add_argument("-n", type=int, default=24, help=f"alerts, at most {MOST}")
    options.add_argument(
        "-o", "--output", type=local_path, default=Path("sheet.png"), help="picture (.png, .pdf, .svg)"
    )
    add_schemas(options)
    return options


@verb("strix sheet")
def main(arguments: list[str] | None = None) -> int:
    """Write the sheet; 2 if the output has no such night or column.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix sheet`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if not 1 <= given.n <= MOST:
        raise UsageError(f"-n is {given.n}, it can be 1 to {MOST}")
    found = sort(given, given.n, whole_module=False)
    stars = found.layout.is_release
    rows, stamps = _stars(found) if stars else _alerts(found, given.schemas)
    values = found.rows[found.key].to_pylist()
    entries = [Entry(each, _told(each, found.key, value)) for each, value in zip(alerts_of(rows), values, strict=True)]
    title = f"{len(entries)} {'stars' if stars else 'alerts' if given.all_alerts else 'objects'} by {found.key}"
    drawn = contact_sheet(title, _subtitle(found, given.night, stars), entries, stamps)
    style.save(drawn, given.output, dpi=130)
    say(f"{counted(len(entries), 'star' if stars else 'alert')}, {found.words}: {given.output}")
    return OK


def _told(alert: Alert, key: str, value: float | int | str | None) -> str:
    """What sorted an alert by its name, and the class that its module calls with its own probability."""
    module, _, name = key.rpartition(".")
    said = [each for each in alert.said if each.module == module]
    is_score = any(answer.name == name for each in said for answer in scores(each))
    told = f"{name} {score_text(value) if is_score and isinstance(value, float) else number(value)}"
    named = [called(each)[0][1] for each in said if called(each)]
    return " · ".join([told, *named])


def _alerts(found: Sorted, schemas: str | None) -> tuple[pa.Table, Mapping[Key, Triplet]]:
    keys = list(zip(*(found.rows[name].to_pylist() for name in ("survey", "alert_id", "night")), strict=True))
    return by_key(found.layout, keys), find_cutouts(found.layout, keys, schemas)


def _stars(found: Sorted) -> tuple[pa.Table, Mapping[Key, Triplet]]:
    """Stars of a data release, which have no alert to be named by, and no cutouts."""
    keys = list(zip(*(found.rows[name].to_pylist() for name in ("survey", "object_id")), strict=True))
    return stars_by_name(found.layout, keys), {}


def _subtitle(found: Sorted, night: str | None, stars: bool) -> str:
    if stars:
        return f"{found.layout.root.name}, a data release, {found.words} · light curve"
    when = f"night {night}" if night else "all nights"
    return f"{found.layout.root.name}, {when}, {found.words} · science, template, difference (north up, east left), light curve"
