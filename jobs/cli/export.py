"""`strix export DIR -o FILE`: alerts as one flat file for TOPCAT, astropy, pandas or a spreadsheet; a release as HATS."""

import argparse

from jobs.archive.export import FORMATS, MOST_ROWS, export
from jobs.archive.hats_catalog import ENDING, write_hats
from jobs.cli.console import say
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.sorting import add_near
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.common.typed_names import names_in
from jobs.storage.layout import Layout


def parser() -> argparse.ArgumentParser:
    """The options."""
    most = ", ".join(f"{form} {rows:,}" for form, rows in MOST_ROWS.items())
    options = Options(
        prog="strix export", description=f"{__doc__} Parquet and CSV are written piece by piece; rows at most: {most}."
    )
    options.add_argument("data", metavar="DIR", type=local_path, help="output of `strix night` or `strix enrich`")
    options.add_argument(
        "-o",
        "--output",
        type=local_path,
        required=True,
        help=f"file; its ending says which: {', '.join(FORMATS)}; or a folder"
        f" NAME{ENDING}: all stars of a reprocessed release as a HATS catalog, for lsdb",
    )
    options.add_argument("--night", nargs="+", action="extend", metavar="N", help="nights, YYYYMMDD (default: all)")
    options.add_argument("--modules", type=names_in, metavar="A,B", help="science modules (default: all)")
    options.add_argument(
        "--columns", type=names_in, metavar="A,B",
        help="columns, as object_id, candidate.rb or acai_acai_h (default: the common view and all modules; CSV: without lists)",
    )  # fmt: skip
    add_near(options)
    return options


@verb("strix export")
def main(arguments: list[str] | None = None) -> int:
    """Write the file and say what it holds; 2 if that cannot be, 3 if the disk refuses.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix export`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if given.output.suffix == ENDING:
        return _hats(given)
    try:
        done = export(given.data, given.output, given.night, given.modules, given.columns, given.near, given.radius)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None
    except (FileNotFoundError, TypeError) as error:
        raise UsageError(str(error)) from None
    size = done.path.stat().st_size / 1e6
    what = "star" if Layout.of(given.data).is_release else "alert"
    say(f"{counted(done.rows, what)}, {counted(len(done.columns), 'column')}: {done.path} ({size:.1f} MB)")
    return OK


def _hats(given: argparse.Namespace) -> int:
    if chosen := [name for name in ("night", "modules", "columns", "near") if getattr(given, name)]:
        raise UsageError(f"a HATS catalog holds all of a release: leave out --{', --'.join(chosen)}")
    done = write_hats(given.data, given.output)
    say(f"{done.rows:,} stars, {counted(done.columns, 'column')}, {done.tiles} HEALPix pixels: {done.path}")
    return OK
