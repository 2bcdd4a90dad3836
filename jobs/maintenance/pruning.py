"""Removing old packets and old stamps, a whole night of a table at a time; the journal remembers what was there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from jobs.ledger.journal import PRUNING, Change, StoredFile
from jobs.ledger.records import records
from jobs.maintenance.maintenance import NightMaintenance, total
from jobs.maintenance.stored_files import KnownParts, names
from jobs.storage.layout import Layout

PRUNABLE = ("raw", "cutouts")


@dataclass(frozen=True)
class Limit:
    """Nights of a table before this one go."""

    table: str
    days: int
    first_kept: str

    @classmethod
    def of(cls, table: str, days: int, today: date) -> "Limit":
        """The last `days` nights before today stay, and today's."""
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
    unscored : bool
        Also remove raw packets that no batch of this output has scored.
    """
    known = KnownParts(maintenance.layout)
    needed = set() if unscored else _unscored(maintenance.layout)
    for limit in limits:
        for night in maintenance.layout.nights(limit.table):
            if not re.fullmatch(r"\d{8}", night) or night >= limit.first_kept:
                continue
            parts = known.of(limit.table, night)
            why = _reason_to_keep(maintenance, limit.table, night, parts, needed)
            if why:
                yield Kept(limit.table, night, why)
            elif parts:
                yield _remove(maintenance, limit, night, parts, dry_run)
    maintenance.sweep(wait=True)


def _reason_to_keep(
    maintenance: NightMaintenance, table: str, night: str, parts: list[StoredFile], needed: set[str]
) -> str:
    strangers = set(names(maintenance.layout, table, night)) - {part.name for part in parts}
    if strangers:
        return f"{min(strangers)} is of no closed batch"
    history = maintenance.journal.history(table, night)
    open_ = sorted({each for part in parts for each in history.originals(part.name)} & needed)
    return f"{len(open_)} files of packets that no batch here has scored, e.g. {open_[0]}" if open_ else ""


def _remove(maintenance: NightMaintenance, limit: Limit, night: str, parts: list[StoredFile], dry_run: bool) -> Change:
    why = f"older than {limit.days} days: before night {limit.first_kept}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    number = maintenance.journal.next_number(limit.table, night)
    change = Change(limit.table, night, number, PRUNING, now, why, True, tuple(parts), ())
    if not dry_run:
        maintenance.commit(change, maintenance.begin(limit.table, night, number))
        maintenance.sweep()
    return change


def _unscored(layout: Layout) -> set[str]:
    """Raw files of batches that neither scored their alerts nor were read by a batch that did."""
    scored, raw = set(), {}
    for record in records(layout):
        name = f"{record.stream}/{record.batch}"
        if "science" in record.tables:
            scored.update([name, *(each.batch for each in record.plan.ranges if each.batch)])
        raw[name] = [file.name for file in record.files if file.table == "raw"]
    return {name for batch, files in raw.items() if batch not in scored for name in files}


def size_of(changes: list[Change]) -> tuple[int, int]:
    """Rows and bytes that changes removed."""
    return total(part for change in changes for part in change.old)
