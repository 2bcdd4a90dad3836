"""`strix get object|alert|cone|latest|sso`: alerts and objects from HBase, while the night runs, or from an archive."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.table import Table

from jobs.archive.flat import flat_columns
from jobs.archive.portable import portable
from jobs.archive.position import position_of
from jobs.archive.table_files import to_csv, to_json, to_votable
from jobs.archive.words import number, utc_to_the_second
from jobs.cli.console import complain, pour, say, table_console
from jobs.cli.frame import OK, USAGE, Options, UsageError, verb
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.common.typed_names import names_in
from jobs.lookup.narrowing import narrowed
from jobs.lookup.opening import STORES, open_store
from jobs.lookup.store import LookupStore, NotThere, Page
from jobs.storage.layout import Layout
from jobs.storage.schema_union import leaves
from jobs.storage.writing import replacing
from jobs.store.summary import summary_schema
from science_modules.common.view import CUTOUTS

FORMS = ("csv", "json", "votable", "parquet")
ENDINGS = {".csv": "csv", ".json": "json", ".vot": "votable", ".xml": "votable", ".parquet": "parquet"}
_UNITS = {"": 1 / 3600, "arcsec": 1 / 3600, "arcmin": 1 / 60, "deg": 1.0}
_CUTOUTS = tuple(column.name for column in CUTOUTS)
# Of an alert, what stands on the screen; the rest is in every other form.
_ON_SCREEN = ("object_id", "alert_id", "survey", "mjd", "band", "mag", "flux", "flux_err", "real_bogus")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix get", description=__doc__)
    questions = options.add_subparsers(dest="question", required=True)
    _object(_question(questions, "object", "all alerts of an object, in the order of time"))
    _alert(_question(questions, "alert", "one alert, whole"))
    _cone(_question(questions, "cone", "the objects within a circle on the sky, nearest first"))
    _latest(_question(questions, "latest", "the newest alerts of a filter or a night"))
    sso = _question(questions, "sso", "the alerts of a Solar-system body, the newest first")
    sso.add_argument("name", metavar="NAME", help="as the survey names it")
    sso.add_argument("--limit", type=int, default=100, help="alerts (default: 100)")
    _where(sso)
    return options


def _question(questions: Any, name: str, does: str) -> argparse.ArgumentParser:
    options: argparse.ArgumentParser = questions.add_parser(name, help=does, description=f"{does}.")
    where = options.add_argument_group("where to look")
    where.add_argument(
        "--store", metavar="STORE", help=f"{', '.join(STORES)}, or the output of `strix reprocess`; default: the archive"
        " where --data is given, else HBase",
    )  # fmt: skip
    where.add_argument(
        "--data", type=local_path, metavar="DIR", help="archive: output of `strix night` or `strix enrich`"
    )
    where.add_argument(
        "--hbase", metavar="HOST:PORT", help="Thrift server; default $STRIX_HBASE, else that of `strix services`"
    )
    where.add_argument("--namespace", help="of the tables in HBase (default: strix)")
    form = options.add_argument_group("how to answer")
    form.add_argument(
        "--columns", type=names_in, metavar="A,B", help="these only: object_id, candidate.rb, acai_acai_h, ..."
    )
    form.add_argument("--form", choices=FORMS, help="default: a table for people, or what the ending of -o says")
    form.add_argument("-o", "--output", type=local_path, help=f"file: {', '.join(ENDINGS)}")
    return options


def _object(options: argparse.ArgumentParser) -> None:
    options.add_argument("id", metavar="ID", help="as ZTF21aaxtctv; Rubin's are numbers")
    options.add_argument("--survey", help="where two surveys name objects alike")
    _where(options)


def _alert(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "id", type=_alert_id, metavar="ID", help="a number; an object's name goes to `strix get object`"
    )
    options.add_argument("--survey", help="where two surveys have the same id")
    options.add_argument(
        "--cutouts", nargs="?", const=Path(), type=local_path, metavar="FOLDER",
        help="write its cutouts into a folder, as received; in Parquet they are columns",
    )  # fmt: skip


def _cone(options: argparse.ArgumentParser) -> None:
    options.add_argument("ra", metavar="RA", help="degrees, or sexagesimal: 12:34:56.7, 12h34m56.7s")
    options.add_argument("dec", metavar="DEC", help="degrees, or sexagesimal: -01:02:03, -1d2m3s")
    options.add_argument("radius", type=_radius, metavar="RADIUS", help="30 (arcsec), 2arcmin, 0.5deg; at most 5deg")
    options.add_argument("--alerts", action="store_true", help="alerts instead of objects")
    options.add_argument("--limit", type=int, default=100, help="rows (default: 100)")
    options.add_argument("--token", help="of the page before, for the next one")
    _where(options)


def _latest(options: argparse.ArgumentParser) -> None:
    of = options.add_mutually_exclusive_group(required=True)
    of.add_argument("--filter", metavar="NAME", help="what a filter sent")
    of.add_argument("--night", metavar="N", help="YYYYMMDD")
    options.add_argument("--limit", type=int, default=100, help="alerts (default: 100)")
    _where(options)


def _where(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--where",
        metavar="EXPR",
        help='only alerts for which this is TRUE, as in a filter: "mag < 19 AND braai.p_real > 0.9"',
    )


def _alert_id(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        told = f"an alert id is a number, found {text!r}; an object's name goes to `strix get object`"
        raise argparse.ArgumentTypeError(told) from None


def _radius(text: str) -> float:
    """A radius as people write it [deg]."""
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(arcsec|arcmin|deg|)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"a radius is 30 (arcsec), 2arcmin or 0.5deg, found {text!r}")
    return float(found[1]) * _UNITS[found[2]]


@verb("strix get")
def main(arguments: list[str] | None = None) -> int:
    """Answer; 2 if there is no such thing or the question cannot be, 3 if the store does not answer.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix get`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    store = narrowed(open_store(given.store, given.data, given.hbase, given.namespace), vars(given).get("where"))
    answer = _answer(store, given)
    form = _form(given)
    rows = answer.rows
    wants_cutouts = given.question == "alert" and given.cutouts is not None
    none_kept = wants_cutouts and all(rows[name].null_count == rows.num_rows for name in _CUTOUTS)
    if none_kept and form != "parquet":
        rows = rows.drop_columns(_CUTOUTS)
    elif wants_cutouts and form != "parquet":
        rows = _cutouts_written(rows, given.cutouts)
    if given.question in ("object", "cone") and (lacking := _no_light_curves(store, given)):
        complain(f"strix get: {lacking}")
    rows = _chosen(rows, given.columns)
    if form is None:
        _print(rows)
    else:
        _write(rows, form, given.output)
    if answer.token:
        say(f"more: --token '{answer.token}'")
    if none_kept:
        complain(f"strix get: {_why_no_cutouts(store, given.id)}")
        return USAGE
    return OK


def _why_no_cutouts(store: LookupStore, alert_id: int) -> str:
    from jobs.lookup.hbase import HBaseStore

    told = f"no cutouts of alert {alert_id} are there; its packet had none, or they were not kept"
    if isinstance(store, HBaseStore):
        return (
            f"{told}: HBase has them with `cutouts: true` in the job's section hbase, or by"
            " `strix store load DIR --cutouts`; `--data DIR` asks the archive instead"
        )
    return f"{told}: the archive has them with `cutouts: true` in the job's configuration"


def _no_light_curves(store: LookupStore, given: argparse.Namespace) -> str | None:
    """What to do for the light curves of a release that was written without them."""
    directory = given.data if given.store in (None, *STORES) else given.store
    if directory is None or not Layout(Path(directory)).is_release:  # astropy is not imported for the question
        return None
    from jobs.lookup.release import ReleaseStore

    return store.no_light_curves() if isinstance(store, ReleaseStore) else None


def _answer(store: LookupStore, given: argparse.Namespace) -> Page:
    if given.question == "object":
        return Page(store.object(given.id, given.survey))
    if given.question == "alert":
        return Page(store.alert(given.id, given.survey, given.cutouts is not None))
    if given.question == "latest":
        kind = "filter" if given.filter is not None else "night"
        return Page(store.latest(kind, given.filter or given.night, given.limit))
    if given.question == "sso":
        return Page(store.latest("sso", given.name, given.limit))
    ra, dec = position_of(f"{given.ra} {given.dec}")
    found = (store.cone if given.alerts else store.cone_objects)(ra, dec, given.radius, given.limit, given.token)
    if not found.rows.num_rows:
        what = "alert" if given.alerts else "object"
        behind = " behind the token" if given.token else ""
        passes = f" where {given.where}" if given.where else ""
        raise NotThere(f"no {what} within {given.radius * 3600:g} arcsec of {ra:.6f} {dec:+.6f} deg{passes}{behind}")
    return found


def _form(given: argparse.Namespace) -> str | None:
    if given.form or given.output is None:
        return str(given.form) if given.form else None
    ending = given.output.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"{given.output} ends in {ending!r}; the forms end in {', '.join(ENDINGS)}")
    return ENDINGS[ending]


def _chosen(rows: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    if columns is None:
        return rows
    try:
        flat = flat_columns(rows.schema, columns)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None
    return leaves(rows, rows.schema, flat.values()).rename_columns(list(flat))


def _flat(rows: pa.Table) -> pa.Table:
    flat = flat_columns(rows.schema, None)
    return portable(leaves(rows, rows.schema, flat.values()).rename_columns(list(flat)))


def _write(rows: pa.Table, form: str, output: Path | None) -> None:
    if form == "parquet":
        if output is None:
            raise UsageError("Parquet is written to a file: -o FILE.parquet")
        with replacing(output) as file:
            pq.write_table(rows, file)
    else:
        flat = _flat(rows)
        text = {"csv": to_csv, "json": to_json, "votable": _votable}[form](flat)
        if output is None:
            pour(text)
            return
        with replacing(output) as file:
            Path(file).write_text(text, encoding="utf-8")
    say(f"{counted(rows.num_rows, 'row')}, {counted(rows.num_columns, 'column')}: {output}")


def _votable(flat: pa.Table) -> str:
    return to_votable(flat, "alerts", "Alerts in Strix's common view: fluxes in nJy, times MJD TAI, positions ICRS")


def _cutouts_written(rows: pa.Table, folder: Path) -> pa.Table:
    """Cutouts as files; the table without them."""
    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in _CUTOUTS if name in rows.column_names]
    for row in rows.select(["survey", "alert_id", *there]).to_pylist():
        for name in there:
            path = folder / f"{row['survey']}_{row['alert_id']}_{name}.fits{_ending(row[name])}"
            if row[name] is None:
                say(f"{row['survey']} {row['alert_id']}: no cutout {name} was kept")
            else:
                path.write_bytes(row[name])
                say(f"{path}: {counted(len(row[name]), 'byte')}")
    return rows.drop_columns(there)


def _ending(content: bytes | None) -> str:
    return ".gz" if content is not None and content[:2] == b"\x1f\x8b" else ""


def _print(rows: pa.Table) -> None:
    names = _shown(rows)
    flat = _flat(rows).select(names) if not set(names) <= set(rows.column_names) else rows.select(names)
    table = Table(title=counted(rows.num_rows, "row"), title_justify="left")
    for name in ("UTC" if name == "mjd" else name for name in names):
        table.add_column(
            name, justify="left" if name in ("object_id", "UTC", "band", "survey") else "right", no_wrap=True
        )
    for row in flat.to_pylist():
        table.add_row(*(_text(name, value) for name, value in row.items()))
    table_console().print(table)
    if left := _flat(rows).num_columns - len(names):
        say(f"{counted(left, 'more column')} in --form csv, json, votable and parquet")


def _shown(rows: pa.Table) -> list[str]:
    """Columns for the screen: who, when, how bright, the scores that are there."""
    if not set(_ON_SCREEN) & set(rows.column_names):
        return list(_flat(rows).column_names)
    scores = [name for name in summary_schema().names if name not in _ON_SCREEN and name not in ("ra", "dec", "night")]
    flat = _flat(rows)
    there = [name for name in (*_ON_SCREEN, "separation_arcsec", "n_alerts", *scores) if name in flat.column_names]
    return [name for name in there if flat[name].null_count < flat.num_rows]


def _text(name: str, value: Any) -> str:
    if name == "mjd" and value is not None:
        return utc_to_the_second(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float | bool):
        return number(value)
    return "–" if value is None else json.dumps(value) if isinstance(value, list | Mapping) else str(value)
