"""`strix show ID`: one alert or object as a picture and in words."""

import argparse
import os
import re
from pathlib import Path

from rich.table import Table

from jobs.cli.console import Console, complain, styled
from jobs.corridor.layout import Layout
from jobs.find_alerts import NotFound, find
from jobs.find_stamps import find_stamps
from jobs.pictures import style
from jobs.pictures.alert import Alert, alerts_of, merged
from jobs.pictures.show import facts_of, in_words, picture

OK, USAGE = 0, 2
_FORMATS = (".png", ".svg", ".pdf", ".jpg")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="strix show", description=__doc__)
    options.add_argument("id", metavar="ID", help="alert id or object id")
    options.add_argument("--data", metavar="DIR", type=Path, default=Path("data/night"), help="output of a job")
    options.add_argument("--survey", choices=("ztf", "lsst"), help="whose id it is, where two surveys have it")
    options.add_argument("--schemas", default=os.environ.get("STRIX_SCHEMAS"), help="Avro schemas of the wire format")
    options.add_argument("-o", "--output", type=Path, help=f"picture, {', '.join(_FORMATS)} (default: ID.png)")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Print what is known and write the picture; 2 if there is no such alert or object."""
    given = parser().parse_args(arguments)
    output = given.output or Path(re.sub(r"[^A-Za-z0-9_-]", "_", given.id) + ".png")
    if output.suffix not in _FORMATS:
        return _refuse(f"{output}: a picture is written as {', '.join(_FORMATS)}, not as {output.suffix or 'nothing'}")
    layout = Layout(Path(os.path.abspath(given.data)))
    try:
        alerts = alerts_of(find(layout, given.id, given.survey))
    except NotFound as error:
        return _refuse(str(error))
    shown = merged(alerts)
    triplet = find_stamps(layout, [(*shown.key, shown.facts["night"])], given.schemas).get(shown.key)
    style.save(picture(shown, triplet, len(alerts)), output)
    _print(shown, len(alerts))
    Console().print(f"picture: {output}", soft_wrap=True)
    return OK


def _print(alert: Alert, alerts: int) -> None:
    console = Console()
    mark = [styled(" SIMULATED ", "bold white on red")] if alert.simulated else []
    console.print(styled(alert.facts["object_id"], "bold"), *mark, sep="  ")
    console.print(f"{alert.survey} alert {alert.facts['alert_id']}, newest of {alerts}")
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = [("time", alert.time), ("band", str(alert.facts["band"])), ("position", alert.position), *facts_of(alert)]
    for name, text in rows:
        table.add_row(name, text)
    for said in alert.said:
        table.add_row(styled(said.module, "bold"), in_words(said))
    console.print(table)


def _refuse(message: str) -> int:
    complain(f"strix show: {message}")
    return USAGE
