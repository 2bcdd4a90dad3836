"""Does every number of the ledger add up, and do the files hold what it says? Each gap is named."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.corridor.counts import Counts, add_counts, count_module
from jobs.corridor.ids import span
from jobs.corridor.layout import TABLES, Layout
from jobs.corridor.ledger import DataFile, Record, StreamLedger, streams


@dataclass(frozen=True)
class Gap:
    """A number that does not add up: where, and what the two sides are."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass
class Checked:
    """What a check went through, and the gaps that it found."""

    batches: int = 0
    read: int = 0
    decoded: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)


def check_ledger(layout: Layout, since: dict[str, int] | None = None) -> Checked:
    """Check an output.

    Parameters
    ----------
    since : dict of str to int, optional
        Only batches of these streams from these numbers on (a run checks what it wrote); data files that no ledger
        names are then not looked for.

    Returns
    -------
    Checked
        `gaps` is empty if all is well.
    """
    checked = Checked()
    named: set[str] = set()
    committed = _Committed()
    for stream in streams(layout):
        ledger = StreamLedger(layout, stream)
        numbers = ledger.sealed()
        checked.gaps.extend(_numbering(stream, numbers))
        for number in numbers:
            if since is not None and number < since.get(stream, number + 1):
                continue
            record = ledger.read(number)
            _count(checked, record)
            checked.gaps.extend(_check_batch(layout, ledger, record))
            checked.gaps.extend(committed.add(ledger, record))
            named.update(file.name for file in record.files)
    if since is None:
        checked.gaps.extend(_unnamed(layout, named))
    return checked


def _count(checked: Checked, record: Record) -> None:
    checked.batches += 1
    for counts in record.nights.values():
        checked.read += counts["read"]
        checked.decoded += counts["decoded"]
        checked.duplicates += counts["duplicates"]
        checked.quarantined.update(counts["quarantined"])


def _numbering(stream: str, numbers: list[int]) -> Iterator[Gap]:
    for number in sorted(set(range(len(numbers))) - set(numbers)):
        yield Gap(f"stream {stream}", f"batch {number} is missing, the ledger goes up to {numbers[-1]}")


def _check_batch(layout: Layout, ledger: StreamLedger, record: Record) -> Iterator[Gap]:
    where = f"stream {record.stream} batch {record.batch}"
    planned = sum(len(each) for each in record.plan.ranges)
    read = sum(counts["read"] for counts in record.nights.values())
    yield from _equal(where, "planned packets", planned, "packets read", read)
    if not ledger.plan_path(record.batch).exists():
        yield Gap(where, "its plan file is gone")
    if record.state != "closed":
        yield Gap(where, f"its state is {record.state}, should be closed; start the job again to finish it")
    for night, counts in record.nights.items():
        yield from _balance(f"{where} night {night}", record, counts)
    yield from _check_files(layout, record, where)
    yield from _check_ids(layout, ledger, record, where)


def _balance(where: str, record: Record, counts: Counts) -> Iterator[Gap]:
    quarantined = sum(counts["quarantined"].values())
    sides = f"decoded {counts['decoded']} + quarantined {quarantined} + duplicates {counts['duplicates']}"
    yield from _equal(where, "read", counts["read"], sides, counts["decoded"] + quarantined + counts["duplicates"])
    if "science" in record.tables:
        yield from _equal(where, "decoded", counts["decoded"], "enriched", counts["enriched"])
        for module, numbers in counts["modules"].items():
            told = numbers["answered"] + sum(numbers["null"].values())
            yield from _equal(where, "enriched", counts["enriched"], f"{module} answered + null", told)


def _equal(where: str, left: str, left_value: Any, right: str, right_value: Any) -> Iterator[Gap]:
    if left_value != right_value:
        yield Gap(where, f"{left} {left_value} is not {right} ({right_value})")


def _check_files(layout: Layout, record: Record, where: str) -> Iterator[Gap]:
    rows: Counter[tuple[str, str]] = Counter()
    recounted: dict[str, Counts] = {}
    quarantined: dict[str, Counter[str]] = {}
    for file in record.files:
        path = layout.root / file.name
        if not path.exists():
            yield Gap(where, f"{file.name} is missing ({file.rows} rows)")
            continue
        yield from _check_file(path, file, where)
        rows[(file.night, file.table)] += pq.read_metadata(path).num_rows
        if file.table == "science":
            add_counts(recounted.setdefault(file.night, {}), recount_science(path, record))
        if file.table == "quarantine":
            reasons = pq.ParquetFile(path).read(["reason"])["reason"]
            quarantined.setdefault(file.night, Counter()).update(reasons.to_pylist())
    yield from _check_rows(record, rows, where)
    for night, counts in record.nights.items():
        told = Counter({reason: count for reason, count in counts["quarantined"].items() if count})
        yield from _equal(
            f"{where} night {night}", "quarantined", dict(told), "quarantine rows", dict(quarantined.get(night, {}))
        )
        if "science" in record.tables and counts["enriched"]:
            yield from _check_science(f"{where} night {night}", counts, recounted.get(night, {}))
    totals: Counter[str] = Counter()
    for (_, table), count in rows.items():
        totals[table] += count
    if record.state == "closed":
        yield from _equal(
            where, "parquet rows acknowledged", record.sinks.get("parquet"), "rows in files", dict(totals)
        )


def _check_file(path: Path, file: DataFile, where: str) -> Iterator[Gap]:
    yield from _equal(where, f"{file.name} bytes", path.stat().st_size, "bytes in the ledger", file.bytes)
    yield from _equal(where, f"{file.name} rows", pq.read_metadata(path).num_rows, "rows in the ledger", file.rows)


def _check_rows(record: Record, rows: Counter[tuple[str, str]], where: str) -> Iterator[Gap]:
    for night, counts in record.nights.items():
        for table in record.tables:
            yield from _equal(
                f"{where} night {night}", "decoded", counts["decoded"], f"{table} rows", rows[(night, table)]
            )


def recount_science(path: Path, record: Record) -> Counts:
    """The ledger's science numbers, counted again from a file, a row group at a time."""
    modules = list(record.hashes.get("modules", {}))
    total: Counts = {"enriched": 0, "null_flux": 0, "bad_history": 0, "modules": {}, "versions": {}}
    for batch in pq.ParquetFile(path).iter_batches(4096, columns=["flux", "n_bad_history", *modules]):
        table = pa.Table.from_batches([batch])
        counts: Counts = {
            "enriched": table.num_rows,
            "null_flux": table["flux"].null_count,
            "bad_history": pc.sum(table["n_bad_history"]).as_py() or 0,
            "modules": {name: count_module(table[name].combine_chunks()) for name in modules},
            "versions": {name: _versions(table[name].combine_chunks()) for name in modules},
        }
        add_counts(total, counts)
    return total


def _versions(column: pa.StructArray) -> dict[str, int]:
    found = pc.value_counts(pc.struct_field(column, "version")).to_pylist()
    return {str(each["values"]): each["counts"] for each in found}


def _check_science(where: str, counts: Counts, recounted: Counts) -> Iterator[Gap]:
    for name in ("enriched", "null_flux", "bad_history"):
        yield from _equal(where, name, counts[name], f"{name} counted from the files", recounted.get(name, 0))
    for module, numbers in counts["modules"].items():
        found = recounted.get("modules", {}).get(module, {"answered": 0, "null": {}})
        yield from _equal(where, f"{module} answered", numbers["answered"], "answers in the files", found["answered"])
        told = {reason: count for reason, count in numbers["null"].items() if count}
        yield from _equal(where, f"{module} null", told, "nulls in the files", found["null"])


def _check_ids(layout: Layout, ledger: StreamLedger, record: Record, where: str) -> Iterator[Gap]:
    path = ledger.ids_path(record.batch)
    if not path.exists():
        yield Gap(
            where, f"{path.name} is missing, {sum(count for _, _, count in record.ids.values())} ids in the ledger"
        )
        return
    ids = pq.read_table(path)
    yield from _equal(where, "ids (least, greatest, count)", record.ids, "in the id file", span(ids))
    table = "science" if "science" in record.tables else "raw"
    held = [
        _alert_ids(layout.root / file.name)
        for file in record.files
        if file.table == table and (layout.root / file.name).exists()
    ]
    there = np.sort(np.concatenate([np.zeros(0, np.int64), *held]))
    if not np.array_equal(np.sort(ids["alert_id"].to_numpy()), there):
        yield Gap(
            where, f"the id file's {ids.num_rows} alert ids are not the {len(there)} alert ids of its {table} files"
        )


def _alert_ids(path: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(pq.ParquetFile(path).read(["alert_id"])["alert_id"].to_numpy())


class _Committed:
    """Looks for an alert that two batches committed to the same table."""

    def __init__(self) -> None:
        self._seen: list[tuple[Record, dict[str, list[int]], StreamLedger]] = []

    def add(self, ledger: StreamLedger, record: Record) -> Iterator[Gap]:
        """The ids that an earlier batch holds, too; only batches whose id ranges meet are compared."""
        for other, spans, other_ledger in self._seen:
            if not set(record.tables) & set(other.tables):
                continue
            for survey, (least, greatest, _) in record.ids.items():
                if survey in spans and spans[survey][0] <= greatest and least <= spans[survey][1]:
                    both = _ids_of(ledger, record.batch, survey) & _ids_of(other_ledger, other.batch, survey)
                    if both:
                        where = f"stream {record.stream} batch {record.batch}"
                        yield Gap(
                            where,
                            f"{len(both)} alert(s) of batch {other.batch} of {other.stream} again, e.g. {min(both)}",
                        )
        self._seen.append((record, record.ids, ledger))


def _ids_of(ledger: StreamLedger, batch: int, survey: str) -> set[int]:
    path = ledger.ids_path(batch)
    if not path.exists():
        return set()
    table = pq.read_table(path, filters=pc.field("survey") == survey)
    return set(table["alert_id"].to_pylist())


def _unnamed(layout: Layout, named: set[str]) -> Iterator[Gap]:
    for table in TABLES:
        for path in sorted(layout.table(table).glob("night=*/*.parquet")):
            name = str(path.relative_to(layout.root))
            if name not in named:
                yield Gap("files", f"{name} is in no ledger")
