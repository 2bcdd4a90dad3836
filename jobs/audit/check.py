"""Does every number of the ledger add up, and do the files hold what it says? Each gap is named."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.audit.committed import Committed, Planned
from jobs.audit.files import Found, read_files, same_alerts
from jobs.audit.maintenance import Moved
from jobs.audit.moved import left_alerts, read_moved
from jobs.audit.offsets import OffsetsOf, check_read
from jobs.ledger.counts import by_earlier_rule, empty_counts
from jobs.ledger.hashed import Hashed
from jobs.ledger.id_index import span
from jobs.ledger.not_sent import told_not_sent
from jobs.ledger.numbers import Numbers
from jobs.ledger.records import FORMAT, IDS, Record, nights_of
from jobs.ledger.streams import StreamLedger, records, streams
from jobs.ledger.summary import Summary
from jobs.ledger.volumes import FOLDER, NAME, Entry, Rolled, Wanted
from jobs.maintenance.rescored import Newest, Recounted, versions_now
from jobs.pipeline.sinks.registry import audit_sinks, unknown_sinks
from jobs.storage.checksums import Verified, verify
from jobs.storage.layout import TABLES, Layout


@dataclass(frozen=True)
class Gap:
    """A number that does not add up: where, and what the two sides are."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass
class Checked:
    """What a check went through, and the gaps that it found.

    Attributes
    ----------
    records, control, lost : int
        Offsets of Kafka that gave a record, that are a transaction's own, and that the broker had no more.
    notes : list of str
        What is no gap and yet should be known.
    verified : Verified or None
        What a deep check read.
    """

    batches: int = 0
    read: int = 0
    decoded: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    records: int = 0
    control: int = 0
    lost: int = 0
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verified: Verified | None = None


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
            _check_content(checked, self.moved, self.nights)
        return checked

    def _entry(self, ledger: StreamLedger, entry: Entry, wanted: Wanted, with_ids: bool) -> Record | None:
        """Check a batch; None if its record cannot be read, or is not wanted."""
        where = f"stream {ledger.stream} batch {entry.batch}"
        try:
            content = json.loads(entry.record)
            record = Record.from_json(content)
            if not wanted.takes(entry.batch, nights_of(record), False, False, ()):
                return None
            _count(self.checked, record)
            self.earlier += _counted_earlier(record)
            self.checked.notes.extend(told_not_sent(record))
            self.unknown.update(unknown_sinks(record))
            gaps = list(_check_batch(self.moved, ledger, record, where, self.recounted))
            gaps += _gaps(where, _check_plan(ledger, record, entry, content))
        except (ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            self.checked.gaps.append(Gap(where, f"its record cannot be read: {type(error).__name__} {error}"))
            return None
        self.checked.gaps.extend(gaps)
        self.planned.add(where, record)
        if with_ids:
            self.committed.add(entry.batch, record, _ids(ledger, entry.batch))
        self.seen |= nights_of(record)
        for file in record.files:
            self.named.set(file.name)
        return record

    def _add_gaps(self, where: str, messages: Iterable[str]) -> None:
        self.checked.gaps.extend(Gap(where, message) for message in messages)


def _check_summary(rolled: Rolled, summed: Summary) -> Iterator[str]:
    """What a start believes of the rolled batches against what they say themselves."""
    told, found = rolled.summary.to_json(), summed.to_json()
    for name in told:
        if _in_order(told[name]) != _in_order(found[name]):
            yield f"{NAME} says of {name} {told[name]}, the rolled batches {found[name]}"


def _in_order(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


def _check_content(checked: Checked, moved: Moved, nights: Collection[str] | None) -> None:
    """Every page of every data file (of these nights), and of the ledger's own tables."""
    verified = checked.verified = Verified()
    layout = moved.layout
    for name, crc in _contents(moved, nights):
        if (layout.root / name).exists():
            checked.gaps.extend(Gap(name, problem) for problem in verify(layout.root / name, crc, verified))
    if verified.unverified:
        count = len(verified.unverified)
        checked.notes.append(
            f"{count} of {verified.files} files have no checksums, an earlier version wrote them: they can be read, and"
            " whether a byte of them changed is not known (`strix compact` writes them anew, with checksums)"
        )


def _contents(moved: Moved, nights: Collection[str] | None) -> Iterator[tuple[str, int | None]]:
    """The files in use with the checksums that are told of them: of batches, of changes, and the ledger's own."""
    for record in records(moved.layout, nights=nights):
        yield from ((file.name, file.crc) for file in record.files if moved.history(file) is None)
    yield from sorted(moved.checksums(nights).items())
    for pattern in ("stream=*/[0-9]*.parquet", f"stream=*/{FOLDER}/*.parquet"):
        yield from (
            (str(path.relative_to(moved.layout.root)), None) for path in sorted(moved.layout.ledger.glob(pattern))
        )


def _count(checked: Checked, record: Record) -> None:
    checked.batches += 1
    for counts in record.nights.values():
        checked.read += counts["read"]
        checked.decoded += counts["decoded"]
        checked.duplicates += counts["duplicates"]
        checked.quarantined.update(counts["quarantined"])
    for tally in record.tallies:
        checked.records += tally.records
        checked.control += tally.control
        checked.lost += tally.lost


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


def _gaps(where: str, messages: Iterator[str]) -> Iterator[Gap]:
    return (Gap(where, message) for message in messages)


def _numbering(numbers: Numbers) -> Iterator[str]:
    last = numbers.runs[-1][1] if len(numbers) else 0
    for number in numbers.missing():
        yield f"batch {number} is missing, the ledger goes up to {last}"


def _check_plan(ledger: StreamLedger, record: Record, entry: Entry, content: dict[str, Any]) -> Iterator[str]:
    """The record against its own name and its plan file."""
    yield from _equal("format", content["format"], "the format that is known", FORMAT)
    yield from _equal("batch", record.batch, "the number in the file's name", entry.batch)
    yield from _equal("stream", record.stream, "the stream in the folder's name", ledger.stream)
    if entry.plan is None:
        yield "its plan file is gone"
        return
    planned = json.loads(entry.plan)
    for key in sorted(set(planned) | set(content["plan"])):
        if planned.get(key) != content["plan"].get(key):
            yield f"plan: {key} is not what its plan file says{_first_difference(planned.get(key), content['plan'].get(key))}"
    lengths = sum(len(each) for each in record.plan.ranges)
    yield from _equal("planned", content["planned"], "packets in the planned ranges", lengths)


def _first_difference(planned: Any, told: Any) -> str:
    if not isinstance(planned, list) or not isinstance(told, list) or len(planned) != len(told):
        return f": {told} is not {planned}"
    differing = next((one, other) for one, other in zip(planned, told, strict=True) if one != other)
    return f": {differing[1]} is not {differing[0]}"


def _check_batch(moved: Moved, ledger: StreamLedger, record: Record, where: str, recounted: Recounted) -> Iterator[Gap]:
    modules = sorted(record.hashes.get("modules", {}))
    own = tuple(file for file in record.files if moved.history(file) is None)
    found = read_files(moved.layout.root, own, modules)
    replaced = moved.replaced(record)
    read_moved(found, moved, record.files, modules, _ids(ledger, record.batch), replaced)
    yield from _gaps(where, _check_totals(record, found, replaced))
    for night in sorted({*record.nights, *(file.night for file in record.files)}):
        counts = record.nights.get(night)
        if counts is None:
            yield Gap(where, f"files of night {night}, of which the ledger has no numbers")
            continue
        yield from _gaps(f"{where} night {night}", _balance(record, counts))
        yield from _gaps(f"{where} night {night}", _check_night(record, night, counts, found, replaced))
        recounted.add(replaced.get(night, {}), found.science.get(night, {}))
    yield from _gaps(where, _check_ids(ledger, record, found))
    yield from _gaps(where, audit_sinks(ledger.layout, record))


def _check_totals(record: Record, found: Found, replaced: Newest) -> Iterator[str]:
    yield from check_read(record)
    yield from found.problems
    if record.state != "closed":
        yield f"its state is {record.state}, should be closed; start the job again to finish it"
    else:
        rows = found.table_rows()
        yield from _equal("parquet rows acknowledged", record.sinks.get("parquet"), "rows in files", rows)
    for table in sorted({file.table for file in record.files} - {*record.tables, "quarantine"}):
        yield f"files of table {table}, which is not among its tables ({', '.join(record.tables)})"
    for module, versions in found.versions.items():
        told = versions_now(record, replaced, module)
        yield from _equal(f"version of {module}", told, "versions in the files", versions)


def _balance(record: Record, counts: dict[str, Any]) -> Iterator[str]:
    quarantined = sum(counts["quarantined"].values())
    sides = f"decoded {counts['decoded']} + quarantined {quarantined} + duplicates {counts['duplicates']}"
    yield from _equal("read", counts["read"], sides, counts["decoded"] + quarantined + counts["duplicates"])
    if "science" not in record.tables:
        return
    yield from _equal("decoded", counts["decoded"], "enriched", counts["enriched"])
    for module, numbers in counts["modules"].items():
        told = numbers["answered"] + sum(numbers.get("partial", {}).values()) + sum(numbers["null"].values())
        yield from _equal("enriched", counts["enriched"], f"{module} answered + partial + null", told)


def _check_night(record: Record, night: str, counts: dict[str, Any], found: Found, replaced: Newest) -> Iterator[str]:
    for table in record.tables:
        yield from _equal("decoded", counts["decoded"], f"{table} rows", found.rows[(table, night)])
    told = _without_zeros(counts["quarantined"])
    yield from _equal("quarantined", told, "quarantine rows", dict(found.reasons.get(night, {})))
    counted = found.science.get(night, empty_counts())
    for name in ("enriched", "null_flux", "bad_history"):
        yield from _equal(name, counts[name], f"{name} counted from the files", counted[name])
    for module in sorted({*counts["modules"], *counted["modules"]} - set(replaced.get(night, {}))):
        numbers = counts["modules"].get(module, _NO_ANSWERS)
        yield from _check_answers(module, numbers, counted["modules"].get(module, _NO_ANSWERS))


_NO_ANSWERS: dict[str, Any] = {"answered": 0, "partial": {}, "null": {}}


def _check_answers(module: str, told: dict[str, Any], there: dict[str, Any]) -> Iterator[str]:
    """A module's answers of a night in the ledger and in the files; entries of earlier versions by their rule."""
    if by_earlier_rule(told):
        there = {"answered": there["answered"] + sum(there["partial"].values()), "null": there["null"]}
    for name in sorted(set(told) | set(there)):
        numbers = (told.get(name, 0), there.get(name, 0))
        one, other = (_without_zeros(each) if isinstance(each, dict) else each for each in numbers)
        yield from _equal(f"{module} {name}", one, f"{_COUNTED.get(name, name)} in the files", other)


_COUNTED = {"answered": "answers", "partial": "partial answers", "null": "nulls"}


def _without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count}


def _equal(left: str, left_value: Any, right: str, right_value: Any) -> Iterator[str]:
    if left_value != right_value:
        yield f"{left} {left_value} is not {right} ({right_value})"


def _check_ids(ledger: StreamLedger, record: Record, found: Found) -> Iterator[str]:
    """The id file against the ledger and against the alerts of every table of the batch."""
    ids = ledger.ids(record.batch)
    if ids is None:
        told = sum(count for _, _, count in record.ids.values())
        yield f"{ledger.ids_path(record.batch).name} is missing, {told} ids in the ledger"
        return
    yield from _equal("ids (least, greatest, count)", record.ids, "in the id file", span(ids))
    for table in record.tables:
        held = pa.concat_tables(found.alerts.get(table) or [ids.slice(0, 0)])
        if not (left_alerts(ids, held, found.pruned[table]) if found.pruned[table] else same_alerts(ids, held)):
            yield f"the id file's {ids.num_rows} alerts are not the {held.num_rows} alerts of its {table} files"


def _ids(ledger: StreamLedger, batch: int) -> pa.Table:
    ids = ledger.ids(batch)
    return IDS.empty_table() if ids is None else ids


def _unnamed(layout: Layout, moved: Moved, named: Hashed) -> Iterator[Gap]:
    """Whatever lies in a table's folder is read by some reader, hidden files too."""
    for table in TABLES:
        for path in sorted(layout.table(table).rglob("*")):
            name = str(path.relative_to(layout.root))
            if not moved.in_use(name, named) and not path.is_dir():
                yield Gap("files", f"{name} is in no ledger")
