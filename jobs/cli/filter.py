"""`strix filter check|test|run|list|new`: from an idea for a filter to a topic, without starting a stream."""

import argparse
import os
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from jobs.archive.alert import alerts_of
from jobs.archive.export import TooManyRows
from jobs.archive.find import by_key
from jobs.archive.find_cutouts import find_cutouts
from jobs.archive.match_files import FORMS, MatchFile
from jobs.archive.matches import filter_of, match_tables
from jobs.archive.module_columns import absent_modules
from jobs.archive.stars import refuse_stars
from jobs.archive.versions import mixed_versions
from jobs.cli.console import say, table_console
from jobs.cli.filter_report import print_examples, print_list, print_test
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import add_schemas
from jobs.common.counting import counted
from jobs.common.local_paths import local_name, local_path
from jobs.config import load
from jobs.pipeline.filters import Filter, FilterError, Problem, folders, load_filters
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.dry_run import DryRun, dry_run
from jobs.pipeline.filters.example_alerts import find_examples
from jobs.pipeline.filters.examples import NOT_AS_CLAIMED, check_examples
from jobs.reports.pictures import style
from jobs.reports.pictures.sheet import Entry, contact_sheet
from jobs.spark.session import session_for
from jobs.storage.data_files import night_of
from jobs.storage.layout import Layout
from science_modules import registry

DIRECTORY = "conf/filters"
ON_SHEET = 48  # alerts

_TEMPLATE = """# strix filter check {path}
# strix filter test {path} --data data/night
description: "What an astronomer finds in it, one sentence."
owner: {owner}
reference: >-
  The paper or page that it follows.
# One Spark SQL expression over the common view, candidate.* and the modules' columns (docs/filters.md, strix columns).
# These modules need no weights; acai and braai do (acai.acai_h > 0.8): strix models add acai --from PATH|URL
where: |
  is_positive
  AND real_bogus > 0.65
  AND is_known_sso IS NOT TRUE
  AND (rise.is_rising_g OR rise.is_rising_r OR stetson_k.k < 0.7)
annotations:
  rate_g: rise.rate_g
  rate_r: rise.rate_r
  k: stetson_k.k
  mag: mag
# cutouts: true            # send the stamps
# per_object: first        # or every_hours: 24; default all
# max_per_night: 100       # what is over it is counted and listed, not sent
examples:
  # Rows of values (what is left out is NULL), or ids of real alerts: "ztf:1105522281015015000".
  match:
    - {{is_positive: true, real_bogus: 0.9, rise: {{is_rising_r: true}}}}
  no_match:
    - {{is_positive: true, real_bogus: 0.9, rise: {{is_rising_r: true}}, is_known_sso: true}}
    - {{is_positive: true, real_bogus: 0.9}}
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix filter", description=__doc__)
    verbs = options.add_subparsers(dest="verb", required=True, metavar="check|test|run|list|new")
    check = verbs.add_parser("check", help="check filters: point at what is wrong, try their examples")
    check.add_argument("filters", nargs="*", default=[DIRECTORY], help=f"files or directories (default: {DIRECTORY})")
    check.add_argument(
        "--data", help="output or packets with example alerts (default: $STRIX_REAL_ALERTS, where it is)"
    )
    test = verbs.add_parser("test", help="what a filter would have done to an output's alerts")
    test.add_argument("filter", help=f"name in {DIRECTORY} or a folder of it, or file")
    test.add_argument("--data", required=True, type=local_name, help="output of strix night")
    test.add_argument("--nights", help="YYYYMMDD or YYYYMMDD..YYYYMMDD (default: all)")
    test.add_argument("--sheet", type=local_path, help="write a contact sheet of matches (.png, .pdf, .svg)")
    add_schemas(test)
    run = verbs.add_parser("run", help="all that a filter matches in an output, with its annotations")
    run.add_argument("filter", metavar="NAME|FILE", help=f"name in {DIRECTORY} or a folder of it, or file")
    run.add_argument("--data", required=True, type=local_name, help="output of strix night")
    run.add_argument("--night", action="append", metavar="YYYYMMDD", help="may be repeated (default: all)")
    run.add_argument(
        "-o", "--out", type=local_path, required=True, help=f"file to write; its ending is {' '.join(FORMS)}"
    )
    listed = verbs.add_parser("list", help="filters, their versions and limits")
    listed.add_argument("filters", nargs="*", default=[DIRECTORY], help=f"files or directories (default: {DIRECTORY})")
    for each in (check, test, run, listed):
        each.add_argument("--config", help="job whose modules the filters may use (default: every module)")
    new = verbs.add_parser("new", help="begin a filter")
    new.add_argument("name", help="small letters, digits and _; also the topic's name")
    new.add_argument("--directory", type=local_path, default=Path(DIRECTORY))
    new.add_argument("--owner", default="me")
    return options


@verb("strix filter")
def main(arguments: list[str] | None = None) -> int:
    """Run one of the verbs.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix filter`; `sys.argv[1:]` if not given.

    Returns
    -------
    int
        0 if all is well; 1 for a filter that is wrong, or an example that does not give what it claims; 2 for options
        that cannot be; 3 if Java or a model is missing.
    """
    given = parser().parse_args(arguments)
    verbs = {"check": _check, "test": _test, "run": _run, "list": _list, "new": _new}
    return verbs[given.verb](given)


def _modules(given: argparse.Namespace) -> list[str]:
    return list(load(given.config).science.modules) if given.config else registry.names()


def _filters(given: argparse.Namespace) -> list[Filter]:
    """All that were named and those in folders of them, with all problems of all of them."""
    found: list[Filter] = []
    problems: list[Problem] = []
    for named in map(Path, given.filters):
        for path in folders(named):
            # A job takes a folder of a directory only where it names it: it may be of modules that the job lacks.
            modules = _modules(given) if path == named else registry.names()
            try:
                found += load_filters(path, modules)
            except FilterError as error:
                problems += error.problems
    if problems:
        raise FilterError(problems)
    return found


def _check(given: argparse.Namespace) -> int:
    filters = _filters(given)
    usual = Path(os.environ.get("STRIX_REAL_ALERTS", "nowhere"))  # may be absent: what is not at hand is said to be so
    alerts = find_examples(_there(given.data) if given.data else usual, filters)
    with session_for("filter check", "local[2]") as session:
        checked = check_examples(session, filters, alerts)
    print_examples(table_console(), filters, checked)
    _say_absent(filters, Path(given.data) if given.data else usual)
    wrong = [each.problem for each in checked if each.outcome == NOT_AS_CLAIMED]
    if wrong:
        raise FilterError(wrong)
    return OK


def _say_absent(filters: Sequence[Filter], data: Path) -> None:
    """Real alerts of an output that lacks a module are NULL to its filters, and not as claimed."""
    files = Layout(data).files("science") if (data / "science").is_dir() else []
    names = {name for each in filters for name in each.modules if _names_alerts(each)}
    if files and (absent := absent_modules(names, files)):
        say(f"{absent}: NULL for its alerts")


def _names_alerts(each: Filter) -> bool:
    return any(isinstance(one, str) for one in (*each.examples.match, *each.examples.no_match))


def _test(given: argparse.Namespace) -> int:
    each = filter_of(given.filter, _modules(given))
    layout = Layout(_there(given.data))
    refuse_stars(layout, "strix filter looks at")
    files = [path for path in layout.files("science") if _within(path, given.nights)]
    if not files:
        raise UsageError(f"{layout.root} has no science files{f' of {given.nights}' if given.nights else ''}")
    with session_for("filter test") as session:
        done = dry_run(session, each, files, Catalogue(_modules(given)))
    print_test(table_console(), each, done, absent_modules(each.modules, files))
    _say_versions(each, files)
    if given.sheet:
        _write_sheet(layout, each, done, given)
    return OK


def _run(given: argparse.Namespace) -> int:
    each = filter_of(given.filter, _modules(given))
    directory = _there(given.data)
    refuse_stars(Layout(directory), "strix filter looks at")
    try:
        out = MatchFile(given.out, each)
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        with session_for("filter run") as session, out:
            for table in match_tables(session, each, directory, given.night):
                out.write(table)
    except (FileNotFoundError, TooManyRows) as error:
        raise UsageError(str(error)) from None
    files = Layout(directory).files("science")
    absent = absent_modules(each.modules, files)
    if absent:
        say(f"{absent}: they are NULL to {each.name}")
    _say_versions(each, files)
    say(f"{counted(out.rows, 'match', 'matches')} of {each.name} {each.version}: {given.out}")
    return OK


def _say_versions(each: Filter, files: Sequence[Path]) -> None:
    """An archive holds what was answered at the time."""
    if mixed := mixed_versions(each.modules, files):
        say(f"note: {mixed}; to have one of them in all nights: strix enrich --again --night N --modules NAME")


def _there(name: str) -> Path:
    path = Path(name)
    if not path.is_dir():
        raise UsageError(f"--data {name}: no such directory")
    return path


def _within(path: Path, nights: str | None) -> bool:
    if not nights:
        return True
    first, _, last = nights.partition("..")
    if not re.fullmatch(r"\d{8}", first) or not re.fullmatch(r"(\d{8})?", last):
        raise UsageError(f"--nights {nights}: YYYYMMDD or YYYYMMDD..YYYYMMDD is wanted")
    night = night_of(path)
    return night.isdigit() and first <= night <= (last or first)


def _write_sheet(layout: Layout, each: Filter, done: DryRun, given: argparse.Namespace) -> None:
    """The first matches as a contact sheet."""
    if done.matches is None or not done.matches.num_rows:
        say("no matches, no sheet")
        return
    shown = done.matches.slice(0, ON_SHEET)
    keys = list(zip(*(shown[name].to_pylist() for name in ("survey", "alert_id", "night")), strict=True))
    entries = [Entry(alert, None) for alert in alerts_of(by_key(layout, keys))]
    title = f"{each.name}: {len(entries)} of {done.matched} matches"
    stamps = find_cutouts(layout, keys, given.schemas)
    style.save(contact_sheet(title, each.description, entries, stamps), given.sheet, dpi=130)
    say(f"{counted(len(entries), 'match', 'matches')}: {given.sheet}")


def _list(given: argparse.Namespace) -> int:
    filters, console, named = _filters(given), table_console(), [Path(each) for each in given.filters]
    for folder, own in groupby(filters, lambda each: Path(each.path).parent):
        print_list(console, list(own), str(folder), is_named=folder in {*named, *(path.parent for path in named)})
    return OK


def _new(given: argparse.Namespace) -> int:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", given.name):
        raise UsageError(f"{given.name!r}: small letters, digits and _, beginning with a letter, at most 60")
    path = given.directory / f"{given.name}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already")
    given.directory.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEMPLATE.format(path=path, owner=given.owner), encoding="utf-8")
    say(f"{path}: say what it looks for, then strix filter check {path}")
    return OK
