"""`strix show ID`: one alert or object as a picture and in words."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from rich.table import Table

from jobs.archive.alert import Alert, alerts_of, merged
from jobs.archive.find import NotFound, find, find_object
from jobs.archive.find_cutouts import find_cutouts
from jobs.archive.near import Source, sources_near
from jobs.archive.position import Cone
from jobs.archive.release_points import COLUMNS, with_release
from jobs.cli.console import Console, styled
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import add_schemas
from jobs.cli.sorting import add_near, near
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.reports.pictures import style
from jobs.reports.pictures.module_words import in_words
from jobs.reports.pictures.show import facts_of, picture
from jobs.storage.layout import Layout

_FORMATS = (".png", ".svg", ".pdf", ".jpg")
# Other objects as near as this are told: surveys split one source into two, and two surveys name it twice.
SAME_PLACE_ARCSEC = 1.5


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix show", description=__doc__)
    options.add_argument("id", metavar="ID", nargs="?", help="alert id or object id; not needed with --near")
    options.add_argument("--alert", type=int, metavar="N", help="this alert of the object (default: its newest)")
    options.add_argument("--data", metavar="DIR", type=local_path, default=Path("data/night"), help="output of a job")
    options.add_argument("--survey", choices=SURVEY_NAMES, help="whose id it is, where two surveys have it")
    options.add_argument(
        "--dr", metavar="DIR", type=local_path, help="output of `strix reprocess`: draw its star at the place, too"
    )
    add_near(options)
    add_schemas(options)
    options.add_argument("-o", "--output", type=local_path, help=f"picture, {', '.join(_FORMATS)} (default: ID.png)")
    return options


@verb("strix show")
def main(arguments: list[str] | None = None) -> int:
    """Print what is known and write the picture; 2 if there is no such alert or object.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix show`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if given.output is not None and given.output.suffix not in _FORMATS:
        found = given.output.suffix or "nothing"
        raise UsageError(f"{given.output}: a picture is written as {', '.join(_FORMATS)}, not as {found}")
    layout = Layout.of(given.data)
    around = _around(layout, near(given))
    rows = _rows(layout, given, around)
    alerts = alerts_of(rows)
    shown = merged(alerts, given.alert)
    output = given.output or Path(re.sub(r"[^A-Za-z0-9_-]", "_", given.id or shown.facts["object_id"]) + ".png")
    key = (*shown.key, shown.facts["night"])
    triplet = None if shown.is_star else find_cutouts(layout, [key], given.schemas).get(shown.key)
    drawn, told = _with_release(shown, given.dr)
    told += _no_light_curves(layout) if shown.is_star else []
    style.save(picture(drawn, triplet, len(alerts)), output)
    others = [each for each in around or _same_place(layout, shown) if each.object_id != rows["object_id"][0].as_py()]
    _print(shown, alerts, others)
    for line in told:
        Console().print(line, soft_wrap=True)
    Console().print(f"picture: {output}", soft_wrap=True)
    return OK


def _with_release(alert: Alert, release: Path | None) -> tuple[Alert, list[str]]:
    """The alert with the points of the release's stars at its place, and what to say of them."""
    ra, dec = alert.facts["ra"], alert.facts["dec"]
    if release is None or None in (ra, dec):
        return alert, []
    from jobs.lookup.release import ReleaseStore

    store = ReleaseStore(release)
    stars = store.within(Cone(ra, dec, SAME_PLACE_ARCSEC), ["ra", "dec", "object_id", *COLUMNS])
    if not stars.num_rows:
        return alert, [f"data release: no star of {release} within {SAME_PLACE_ARCSEC:g} arcsec"]
    rows = stars.select(["object_id", "distance_arcsec", *({"lc_mjd"} & set(stars.column_names))]).to_pylist()
    told = [
        f"data release: {each['object_id']}, {each['distance_arcsec']:.1f} arcsec"
        + (f", {counted(len(each['lc_mjd']), 'point')}" if "lc_mjd" in each else "")
        for each in rows
    ]
    if lacking := store.no_light_curves():
        return alert, [*told, f"data release: {lacking}"]
    return with_release(alert, stars), told


def _no_light_curves(layout: Layout) -> list[str]:
    """What to do for the light curve of a star whose run left it out."""
    from jobs.lookup.release import ReleaseStore

    lacking = ReleaseStore(layout.root).no_light_curves()
    return [lacking] if lacking else []


def _around(layout: Layout, cone: Cone | None) -> list[Source]:
    """The objects in the circle that was asked for, the nearest first; none if none was."""
    if cone is None:
        return []
    found = sources_near(layout, cone)
    if not found:
        place = f"{cone.radius_arcsec:g} arcsec of RA {cone.ra:.6f}, Dec {cone.dec:+.6f}"
        raise NotFound(f"{layout.root} has no alert within {place}; --radius says how far to look")
    return found


def _same_place(layout: Layout, alert: Alert) -> list[Source]:
    ra, dec = alert.facts["ra"], alert.facts["dec"]
    return sources_near(layout, Cone(ra, dec, SAME_PLACE_ARCSEC)) if None not in (ra, dec) else []


def _rows(layout: Layout, given: argparse.Namespace, around: Sequence[Source]) -> pa.Table:
    """The alerts of what was named, else of the object nearest to the position."""
    if given.id is not None:
        return find(layout, given.id, given.survey)
    if around:
        return find_object(layout, around[0].object_id, around[0].survey)
    raise ValueError("give an ID, or --near 'RA DEC'")


def _which(alert: Alert, alerts: Sequence[Alert]) -> str:
    if alert.is_star:
        return f"{alert.survey} star of a data release, {counted(len(alert.curve), 'point')}"
    newest = max(alerts, key=lambda each: (each.facts["mjd"], -each.facts["alert_id"]))
    which = "newest of" if alert.key == newest.key else "one of"
    return f"{alert.survey} alert {alert.facts['alert_id']}, {which} {len(alerts)}"


def _print(alert: Alert, alerts: Sequence[Alert], others: Sequence[Source]) -> None:
    console = Console()
    mark = [styled(" SIMULATED ", "bold white on red")] if alert.simulated else []
    console.print(styled(alert.facts["object_id"], "bold"), *mark, sep="  ")
    console.print(_which(alert, alerts))
    table = Table(show_header=False, box=None, pad_edge=False)
    bands = ", ".join(sorted(set(alert.curve.band.tolist()))) if alert.is_star else str(alert.facts["band"])
    rows = [("time", alert.time), ("band", bands), ("position", alert.position), *facts_of(alert)]
    for name, text in rows:
        table.add_row(name, text)
    for said in alert.said:
        table.add_row(styled(said.module, "bold"), in_words(said))
    console.print(table)
    for other in others:
        count = "" if alert.is_star else f", {counted(other.alerts, 'alert')}"
        console.print(f"also here: object {other.object_id}, {other.distance_arcsec:.1f} arcsec{count}")
    for name, address in alert.links:
        console.print(f"{name:<8}{address}", soft_wrap=True)
