"""`strix report DIR --night N`: a night on one page, readable offline."""

import argparse
import os
from pathlib import Path

from jobs.cli.console import complain, say
from jobs.corridor.layout import Layout, replace_file
from jobs.night_page.page import NoSuchNight, night_page, nights_of

OK, USAGE = 0, 2


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="strix report", description=__doc__)
    options.add_argument("data", metavar="DIR", type=Path, help="output of `strix night` or `strix enrich`")
    options.add_argument("--night", help="YYYYMMDD (default: the newest)")
    options.add_argument("-n", type=int, default=12, help="alerts in each list of those that stand out")
    options.add_argument("-o", "--output", type=Path, help="page (default: NIGHT.html)")
    options.add_argument("--schemas", default=os.environ.get("STRIX_SCHEMAS"), help="Avro schemas of the wire format")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Write the page; 2 if the output has no such night."""
    given = parser().parse_args(arguments)
    layout = Layout(Path(os.path.abspath(given.data)))
    try:
        night = given.night or _newest(layout)
        page = night_page(layout, night, max(given.n, 0), given.schemas)
    except NoSuchNight as error:
        complain(f"strix report: {error}")
        return USAGE
    output = given.output or Path(f"{night}.html")
    replace_file(output, page, durable=False)
    say(f"night {night}: {output} ({len(page) / 1e6:.1f} MB)")
    return OK


def _newest(layout: Layout) -> str:
    nights = nights_of(layout)
    if not nights:
        raise NoSuchNight(f"{layout.root} has no science table; `strix night` and `strix enrich` write one")
    return nights[-1]
