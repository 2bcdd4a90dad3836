"""`strix report DIR --night N`: a night on one page, readable offline."""

import argparse
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from jobs.archive.stars import refuse_stars
from jobs.cli.console import say
from jobs.cli.frame import OK, Options, verb
from jobs.cli.outputs import add_schemas
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.reports.night_page.page import NoSuchNight, night_page, nights_of
from jobs.reports.night_page.science_part import score_columns
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_file

RECENT_NIGHTS = 7


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix report", description=__doc__)
    options.add_argument("data", metavar="DIR", type=local_path, help="output of `strix night` or `strix enrich`")
    options.add_argument("--night", help=f"YYYYMMDD (default: the fullest with scores of the newest {RECENT_NIGHTS})")
    options.add_argument("-n", type=int, default=12, help="alerts in each list of those that stand out")
    options.add_argument("-o", "--output", type=local_path, help="page (default: NIGHT.html)")
    add_schemas(options)
    return options


@verb("strix report")
def main(arguments: list[str] | None = None) -> int:
    """Write the page and say of which night; 2 if the output has no such night.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix report`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    layout = Layout.of(given.data)
    refuse_stars(layout, "strix report tells of")
    night, why = (given.night, "") if given.night else _fullest(layout)
    page = night_page(layout, night, max(given.n, 0), given.schemas)
    output = given.output or Path(f"{night}.html")
    replace_file(output, page, durable=False)
    say(f"night {night}{why}: {output} ({len(page) / 1e6:.1f} MB)")
    return OK


def _fullest(layout: Layout) -> tuple[str, str]:
    """The night with most alerts among the newest that have scores, and why it: a night may just have begun."""
    nights = nights_of(layout)[-RECENT_NIGHTS:]
    if not nights:
        raise NoSuchNight(f"{layout.root} has no science table; `strix night` and `strix enrich` write one")
    files = {night: layout.files("science", night) for night in nights}
    alerts = {night: sum(pq.read_metadata(path).num_rows for path in files[night]) for night in nights}
    fullest = sorted(nights, key=lambda each: (-alerts[each], -int(each)))
    night = next((each for each in fullest if _has_scores(files[each])), fullest[0])
    newest = nights[-1]
    if night == newest:
        return night, f" (the newest, {counted(alerts[night], 'alert')})"
    which = f"the newest {counted(len(nights), 'night')}" + ("" if night == fullest[0] else " that have scores")
    told = f"{counted(alerts[night], 'alert')}, the most of {which}"
    return night, f" ({told}; the newest, {newest}, has {alerts[newest]:,}: --night {newest})"


def _has_scores(files: Iterable[Path]) -> bool:
    return any(score_columns([path]) for path in files)
