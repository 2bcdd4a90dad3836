"""`strix prune DIR`: remove packets and stamps of old nights; the ledger still accounts for them."""

import argparse
from collections.abc import Iterable
from datetime import UTC, date, datetime

from rich.table import Table

from jobs.cli.console import table_console
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.outputs import output_of
from jobs.common.local_paths import local_name
from jobs.ledger.changes import Change
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.pruning import Kept, Limit, prune, size_of
from jobs.storage.lock import OutputLock


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(
        prog="strix prune",
        description=__doc__,
        epilog="Science, quarantine and ledger stay. exit code: 0 done, 2 no such output or nothing asked for,"
        " 3 files and ledger do not fit together, 4 output in use",
    )
    options.add_argument("output", metavar="DIR", type=local_name, help="the output of a job")
    options.add_argument("--raw-days", type=_days, metavar="DAYS", help="keep the packets of the last DAYS nights")
    options.add_argument("--cutout-days", type=_days, metavar="DAYS", help="keep the stamps of the last DAYS nights")
    options.add_argument("--as-of", type=_date, metavar="YYYYMMDD", help="count from this night (default: today, UTC)")
    options.add_argument("--unscored", action="store_true", help="also packets that no batch of this output has scored")
    options.add_argument("--dry-run", action="store_true", help="only say what would go")
    options.add_argument("--durable", action="store_true", help="sync files before each rename, against power loss")
    return options


@verb("strix prune")
def main(arguments: list[str] | None = None) -> int:
    """Prune, and say what went and what stayed.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix prune`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    layout = output_of(given.output)
    today = given.as_of or datetime.now(UTC).date()
    asked = (("raw", given.raw_days), ("cutouts", given.cutout_days))
    limits = [Limit.of(table, days, today) for table, days in asked if days is not None]
    if not limits:
        raise UsageError("say what may go: --raw-days DAYS, --cutout-days DAYS")
    with OutputLock(layout.lock, "prune"):
        maintenance = NightMaintenance(layout, given.durable)
        maintenance.recover()
        _print(prune(maintenance, limits, given.unscored, given.dry_run), given.dry_run)
    return OK


def _print(done: Iterable[Change | Kept], dry_run: bool) -> None:
    out = table_console()
    removed: dict[str, list[Change]] = {}
    for each in done:
        if isinstance(each, Kept):
            out.print(f"{each.table} {each.night} stays: {each.why}", soft_wrap=True)
        else:
            removed.setdefault(each.table, []).append(each)
    if not removed:
        out.print("nothing to prune")
        return
    table = Table(title="would be removed" if dry_run else "removed", title_justify="left")
    for name in ("table", "nights", "from", "to", "rows", "files", "MiB"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for name, changes in removed.items():
        rows, size = size_of(changes)
        nights = sorted(change.night for change in changes)
        files = sum(len(change.old) for change in changes)
        table.add_row(
            name, f"{len(nights):,}", nights[0], nights[-1], f"{rows:,}", f"{files:,}", f"{size / 2**20:,.1f}"
        )
    out.print(table)


def _days(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} should be a number of days, 0 or more")
    return int(text)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} should be a night as YYYYMMDD") from None
