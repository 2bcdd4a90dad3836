"""Removing old packets and old cutouts, a whole night of a table at a time; the journal remembers what was there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from jobs.common.times import now_utc
from jobs.ledger.changes import PRUNING, Change, StoredFile
from jobs.ledger.numbers import Numbers
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.summary import batch_number
from jobs.ledger.volumes import Wanted
from jobs.maintenance.maintenance import NightMaintenance, total
from jobs.maintenance.stored_files import KnownParts, names
from jobs.storage.layout import Layout, batch_of


@dataclass(frozen=True)
class Limit:
    """Nights of a table before this one go."""

    table: str
    days: int
    first_kept: str

    @classmethod
    def of(cls, table: str, days: int, today: date) -> "Limit":
        """The last `days` nights before today stay, and today's.

        Parameters
        ----------
        table : str
        days : int
            How many nights before today stay.
        today : datetime.date
        """
        return cls(table, days, (today - timedelta(days=days)).strftime("%Y%m%d"))


@dataclass(frozen=True)
class Kept:
    """An old night that was not pruned, and why."""

    table: str
    night: str
    why: str


def prune(
    maintenance: NightMaintenance, limits: list[Limit], unscored: bool = False, dry_run: bool = False
) -> Iterator[Change | Kept]:
    """Remove old nights; gives each change when it is made (or would be: `dry_run`), and the nights that stay with reason.

    Parameters
    ----------
    maintenance : NightMaintenance
        Of the output, whose lock is held.
    limits : list of Limit
        Which tables, and the first night of each that stays.
    unscored : bool
        Also remove raw packets that no batch of this output has scored.
    dry_run : bool
        Change nothing.
    """
    known = KnownParts(maintenance.layout)
    scored = None if unscored else _scored(maintenance.layout)
    for limit in limits:
        for night in maintenance.layout.nights(limit.table):
            if not re.fullmatch(r"\d{8}", night) or night >= limit.first_kept:
                continue
            parts = known.of(limit.table, night)
            why = _reason_to_keep(maintenance, limit.table, night, parts, scored)
            if why:
                yield Kept(limit.table, night, why)
            elif parts:
                yield _remove(maintenance, limit, night, parts, dry_run)
    maintenance.sweep(wait=True)
    if not dry_run:
        maintenance.roll()


def _reason_to_keep(
    maintenance: NightMaintenance,
    table: str,
    night: str,
    parts: list[StoredFile],
    scored: dict[str, Numbers] | None,
) -> str:
    strangers = set(names(maintenance.layout, table, night)) - {part.name for part in parts}
    if strangers:
        return f"{min(strangers)} is of no closed batch"
    history = maintenance.journal.history(table, night)
    if scored is None or table != "raw":
        return ""
    written = {each for part in parts for each in history.originals(part.name)}
    open_ = sorted(name for name in written if not _is_scored(name, scored))
    return f"{len(open_)} files of packets that no batch here has scored, e.g. {open_[0]}" if open_ else ""


def _is_scored(name: str, scored: dict[str, Numbers]) -> bool:
    stream, batch = batch_of(name)
    return batch in scored.get(stream, Numbers())


def _remove(maintenance: NightMaintenance, limit: Limit, night: str, parts: list[StoredFile], dry_run: bool) -> Change:
    why = f"older than {limit.days} days: before night {limit.first_kept}"
    now = now_utc()
    number = maintenance.journal.next_number(limit.table, night)
    change = Change(limit.table, night, number, PRUNING, now, why, True, tuple(parts), ())
    if not dry_run:
        maintenance.commit(change, maintenance.begin(limit.table, night, number))
        maintenance.sweep()
    return change


def _scored(layout: Layout) -> dict[str, Numbers]:
    """By stream: batches that scored their alerts, or were read by a batch that did."""
    scored: dict[str, Numbers] = {}
    for stream in streams(layout):
        ledger = StreamLedger(layout, stream)
        rolled = ledger.rolled
        since = rolled.until if all("science" in each.tables for each in rolled.volumes) else 0
        if since:  # what the summary says is enough
            own = Numbers((each.first, each.last) for each in rolled.volumes)
            for name, numbers in (*rolled.summary.followed.items(), (stream, own)):
                scored.setdefault(name, Numbers()).update(numbers)
        for record in ledger.records(Wanted(table="science", since=since)):
            scored.setdefault(stream, Numbers()).add(record.batch)
            for each in record.plan.ranges:
                if each.batch:
                    scored.setdefault(each.batch.rpartition("/")[0], Numbers()).add(batch_number(each.batch))
    return scored


def size_of(changes: list[Change]) -> tuple[int, int]:
    """Rows and bytes that changes removed.

    Parameters
    ----------
    changes : list of Change

    Returns
    -------
    rows, bytes : int
    """
    return total(part for change in changes for part in change.old)
