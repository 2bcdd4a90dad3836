"""Does every number of the ledger add up, and do the files hold what it says? Each gap is named."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyarrow as pa

from jobs.audit.batch import check_batch, check_plan, ids_of
from jobs.audit.committed import Committed, Planned
from jobs.audit.content import check_content
from jobs.audit.gaps import Checked, Gap, gaps_of
from jobs.audit.maintenance import Moved
from jobs.audit.offsets import OffsetsOf
from jobs.ledger.counts import by_earlier_rule
from jobs.ledger.hashed import Hashed
from jobs.ledger.not_sent import told_not_sent
from jobs.ledger.numbers import Numbers
from jobs.ledger.records import Record, nights_of
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.summary import Summary
from jobs.ledger.volumes import NAME, Entry, Rolled, Wanted
from jobs.maintenance.rescored import Recounted
from jobs.pipeline.sinks.registry import unknown_sinks
from jobs.storage.layout import TABLES, Layout


def check_ledger(
    layout: Layout,
    since: dict[str, int] | None = None,
    deep: bool = False,
    nights: Collection[str] | None = None,
) -> Checked:
    """Check an output.

    Parameters
    ----------
    layout : Layout
        Of the output.
    since : dict of str to int, optional
        Only batches of these streams from these numbers on (a run checks what it wrote); data files that no ledger
        names, and packets that were planned twice, are then not looked for.
    deep : bool
        Also read every page of every file with its checksum (`check_content`).
    nights : collection of str, optional
        Only batches that hold packets or files of these nights, with the same restriction, and only what was done to
        the files of these nights since.

    Returns
    -------
    Checked
        `gaps` is empty if all is well.

    Notes
    -----
    Everything is counted again from the files, a few thousand rows at a time. Ids of rolled batches are compared span
    by span from disk; what stays in memory is 16 bytes per data file, and the ids of batches that are not rolled. What
    cannot be counted again is not looked at: the seconds that a batch took.
    """
    check = _Check(layout, nights)
    for stream in streams(layout):
        if since is None or stream in since:
            check.stream(stream, Wanted(nights=nights, since=(since or {}).get(stream, 0)))
    return check.end(whole=since is None and nights is None, deep=deep)


class _Check:
    """A check under way, one batch in hand."""

    def __init__(self, layout: Layout, nights: Collection[str] | None) -> None:
        self.layout = layout
        self.nights = nights
        self.checked = Checked()
        self.named = Hashed()
        self.committed, self.planned = Committed(), Planned()
        self.moved, self.recounted = Moved(layout), Recounted()
        self.seen: set[str] = set()
        self.earlier = 0
        self.unknown: Counter[str] = Counter()

    def stream(self, stream: str, wanted: Wanted) -> None:
        """Check the batches of a stream that are wanted."""
        ledger = StreamLedger(self.layout, stream)
        whole = wanted == Wanted()
        self._add_gaps(f"stream {stream}", _numbering(ledger.numbers()))
        offsets, rolled = OffsetsOf(ledger), ledger.rolled
        summed = Summary()
        for entry in ledger.entries(wanted):
            record = self._entry(ledger, entry, wanted, with_ids=not whole or entry.batch >= rolled.until)
            if record is not None and whole:
                offsets.add(record.plan)
                if entry.batch < rolled.until:
                    summed.add(record)
        if whole:
            for volume in rolled.volumes:
                self.committed.add_volume(stream, rolled, volume)
            self._add_gaps(f"stream {stream}", (*offsets.problems, *_check_summary(rolled, summed)))

    def end(self, whole: bool, deep: bool) -> Checked:
        """What concerns all batches together."""
        checked = self.checked
        checked.notes.extend(_earlier(self.earlier))
        checked.notes.extend(_unknown_sinks(self.unknown))
        checked.gaps.extend(Gap(where, message) for where, message in self.committed.repeated())
        checked.gaps.extend(Gap(where, message) for where, message in self.moved.problems(None if whole else self.seen))
        if whole:
            checked.gaps.extend(Gap(where, message) for where, message in self.recounted.problems())
            checked.gaps.extend(Gap(where, message) for where, message in self.moved.strangers(self.named))
            checked.gaps.extend(Gap(where, message) for where, message in self.planned.problems)
            checked.gaps.extend(_unnamed(self.layout, self.moved, self.named))
        if deep:
            check_content(checked, self.moved, self.nights)
        return checked

    def _entry(self, ledger: StreamLedger, entry: Entry, wanted: Wanted, with_ids: bool) -> Record | None:
        """Check a batch; None if its record cannot be read, or is not wanted."""
        where = f"stream {ledger.stream} batch {entry.batch}"
        try:
            content = json.loads(entry.record)
            record = Record.from_json(content)
            if not wanted.takes(entry.batch, nights_of(record), False, False, ()):
                return None
            self.checked.count(record)
            self.earlier += _counted_earlier(record)
            self.checked.notes.extend(told_not_sent(record))
            self.unknown.update(unknown_sinks(record))
            gaps = list(check_batch(self.moved, ledger, record, where, self.recounted))
            gaps += gaps_of(where, check_plan(ledger, record, entry, content))
        except (ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            self.checked.gaps.append(Gap(where, f"its record cannot be read: {type(error).__name__} {error}"))
            return None
        self.checked.gaps.extend(gaps)
        self.planned.add(where, record)
        if with_ids:
            self.committed.add(entry.batch, record, ids_of(ledger, entry.batch))
        self.seen |= nights_of(record)
        for file in record.files:
            self.named.set(file.name)
        return record

    def _add_gaps(self, where: str, messages: Iterable[str]) -> None:
        self.checked.gaps.extend(gaps_of(where, messages))


def _check_summary(rolled: Rolled, summed: Summary) -> Iterator[str]:
    """What a start believes of the rolled batches against what they say themselves."""
    told, found = rolled.summary.to_json(), summed.to_json()
    for name in told:
        if _in_order(told[name]) != _in_order(found[name]):
            yield f"{NAME} says of {name} {told[name]}, the rolled batches {found[name]}"


def _in_order(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


def _counted_earlier(record: Record) -> bool:
    modules = (numbers for counts in record.nights.values() for numbers in counts["modules"].values())
    return any(map(by_earlier_rule, modules))


def _earlier(batches: int) -> Iterator[str]:
    if batches:
        yield (
            f"{batches} batch{'es' if batches > 1 else ''} counted by an earlier version: there, answered are rows with"
            " any output, whatever the reason beside it; checked as such"
        )


def _unknown_sinks(batches: Counter[str]) -> Iterator[str]:
    for name, count in sorted(batches.items()):
        yield (
            f"{count} batch{'es' if count > 1 else ''} went to {name}, a sink that is not installed here: what it holds was"
            " not checked"
        )


def _numbering(numbers: Numbers) -> Iterator[str]:
    last = numbers.runs[-1][1] if len(numbers) else 0
    for number in numbers.missing():
        yield f"batch {number} is missing, the ledger goes up to {last}"


def _unnamed(layout: Layout, moved: Moved, named: Hashed) -> Iterator[Gap]:
    """Whatever lies in a table's folder is read by some reader, hidden files too."""
    for table in TABLES:
        for path in sorted(layout.table(table).rglob("*")):
            name = str(path.relative_to(layout.root))
            if not moved.in_use(name, named) and not path.is_dir():
                yield Gap("files", f"{name} is in no ledger")
