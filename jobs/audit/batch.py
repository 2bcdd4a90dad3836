"""One batch: its record against its plan, its files against the record, its ids against both."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from jobs.audit.files import Found, read_files, same_alerts
from jobs.audit.gaps import Gap, gaps_of, unequal
from jobs.audit.maintenance import Moved
from jobs.audit.moved import left_alerts, read_moved
from jobs.audit.offsets import check_read
from jobs.ledger.counts import by_earlier_rule, empty_counts
from jobs.ledger.id_index import span
from jobs.ledger.records import FORMAT, IDS, Record
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volumes import Entry
from jobs.maintenance.rescored import Newest, Recounted, versions_now
from jobs.pipeline.sinks.registry import audit_sinks

_NO_ANSWERS: dict[str, Any] = {"answered": 0, "partial": {}, "null": {}}
_COUNTED = {"answered": "answers", "partial": "partial answers", "null": "nulls"}


def check_batch(moved: Moved, ledger: StreamLedger, record: Record, where: str, recounted: Recounted) -> Iterator[Gap]:
    """What is wrong between a batch's record and what its files hold, wherever their rows are now.

    Parameters
    ----------
    moved : Moved
        Of the output.
    ledger : StreamLedger
        Of the batch's stream.
    record : Record
        Of the batch.
    where : str
        The batch in words.
    recounted : Recounted
        What rescorings changed; what this batch has of it is added.
    """
    modules = sorted(record.hashes.get("modules", {}))
    own = tuple(file for file in record.files if moved.history(file) is None)
    found = read_files(moved.layout.root, own, modules)
    replaced = moved.replaced(record)
    read_moved(found, moved, record.files, modules, ids_of(ledger, record.batch), replaced)
    yield from gaps_of(where, _check_totals(record, found, replaced))
    for night in sorted({*record.nights, *(file.night for file in record.files)}):
        counts = record.nights.get(night)
        if counts is None:
            yield Gap(where, f"files of night {night}, of which the ledger has no numbers")
            continue
        yield from gaps_of(f"{where} night {night}", _balance(record, counts))
        yield from gaps_of(f"{where} night {night}", _check_night(record, night, counts, found, replaced))
        recounted.add(replaced.get(night, {}), found.science.get(night, {}))
    yield from gaps_of(where, _check_ids(ledger, record, found))
    yield from gaps_of(where, audit_sinks(ledger.layout, record))


def check_plan(ledger: StreamLedger, record: Record, entry: Entry, content: dict[str, Any]) -> Iterator[str]:
    """What is wrong between a record and its own name and plan file.

    Parameters
    ----------
    ledger : StreamLedger
        Of the batch's stream.
    record : Record
        Of the batch.
    entry : Entry
        What the ledger keeps of it: number, record and plan as text.
    content : dict
        The record as its file holds it.
    """
    yield from unequal("format", content["format"], "the format that is known", FORMAT)
    yield from unequal("batch", record.batch, "the number in the file's name", entry.batch)
    yield from unequal("stream", record.stream, "the stream in the folder's name", ledger.stream)
    if entry.plan is None:
        yield "its plan file is gone"
        return
    planned = json.loads(entry.plan)
    for key in sorted(set(planned) | set(content["plan"])):
        if planned.get(key) != content["plan"].get(key):
            yield f"plan: {key} is not what its plan file says{_first_difference(planned.get(key), content['plan'].get(key))}"
    lengths = sum(len(each) for each in record.plan.ranges)
    yield from unequal("planned", content["planned"], "packets in the planned ranges", lengths)


def _first_difference(planned: Any, told: Any) -> str:
    if not isinstance(planned, list) or not isinstance(told, list) or len(planned) != len(told):
        return f": {told} is not {planned}"
    differing = next((one, other) for one, other in zip(planned, told, strict=True) if one != other)
    return f": {differing[1]} is not {differing[0]}"


def _check_totals(record: Record, found: Found, replaced: Newest) -> Iterator[str]:
    yield from check_read(record)
    yield from found.problems
    if record.state != "closed":
        yield f"its state is {record.state}, should be closed; start the job again to finish it"
    else:
        rows = found.table_rows()
        yield from unequal("parquet rows acknowledged", record.sinks.get("parquet"), "rows in files", rows)
    for table in sorted({file.table for file in record.files} - {*record.tables, "quarantine"}):
        yield f"files of table {table}, which is not among its tables ({', '.join(record.tables)})"
    for module, versions in found.versions.items():
        told = versions_now(record, replaced, module)
        yield from unequal(f"version of {module}", told, "versions in the files", versions)


def _balance(record: Record, counts: dict[str, Any]) -> Iterator[str]:
    quarantined = sum(counts["quarantined"].values())
    sides = f"decoded {counts['decoded']} + quarantined {quarantined} + duplicates {counts['duplicates']}"
    yield from unequal("read", counts["read"], sides, counts["decoded"] + quarantined + counts["duplicates"])
    if "science" not in record.tables:
        return
    yield from unequal("decoded", counts["decoded"], "enriched", counts["enriched"])
    for module, numbers in counts["modules"].items():
        told = numbers["answered"] + sum(numbers.get("partial", {}).values()) + sum(numbers["null"].values())
        yield from unequal("enriched", counts["enriched"], f"{module} answered + partial + null", told)


def _check_night(record: Record, night: str, counts: dict[str, Any], found: Found, replaced: Newest) -> Iterator[str]:
    for table in record.tables:
        yield from unequal("decoded", counts["decoded"], f"{table} rows", found.rows[(table, night)])
    told = _without_zeros(counts["quarantined"])
    yield from unequal("quarantined", told, "quarantine rows", dict(found.reasons.get(night, {})))
    counted = found.science.get(night, empty_counts())
    for name in ("enriched", "null_flux", "bad_history"):
        yield from unequal(name, counts[name], f"{name} counted from the files", counted[name])
    for module in sorted({*counts["modules"], *counted["modules"]} - set(replaced.get(night, {}))):
        numbers = counts["modules"].get(module, _NO_ANSWERS)
        yield from _check_answers(module, numbers, counted["modules"].get(module, _NO_ANSWERS))


def _check_answers(module: str, told: dict[str, Any], there: dict[str, Any]) -> Iterator[str]:
    """A module's answers of a night in the ledger and in the files; entries of earlier versions by their rule."""
    if by_earlier_rule(told):
        there = {"answered": there["answered"] + sum(there["partial"].values()), "null": there["null"]}
    for name in sorted(set(told) | set(there)):
        numbers = (told.get(name, 0), there.get(name, 0))
        one, other = (_without_zeros(each) if isinstance(each, dict) else each for each in numbers)
        yield from unequal(f"{module} {name}", one, f"{_COUNTED.get(name, name)} in the files", other)


def _without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count}


def _check_ids(ledger: StreamLedger, record: Record, found: Found) -> Iterator[str]:
    """The id file against the ledger and against the alerts of every table of the batch."""
    ids = ledger.ids(record.batch)
    if ids is None:
        told = sum(count for _, _, count in record.ids.values())
        yield f"{ledger.ids_path(record.batch).name} is missing, {told} ids in the ledger"
        return
    yield from unequal("ids (least, greatest, count)", record.ids, "in the id file", span(ids))
    for table in record.tables:
        held = pa.concat_tables(found.alerts.get(table) or [ids.slice(0, 0)])
        if not (left_alerts(ids, held, found.pruned[table]) if found.pruned[table] else same_alerts(ids, held)):
            yield f"the id file's {ids.num_rows} alerts are not the {held.num_rows} alerts of its {table} files"


def ids_of(ledger: StreamLedger, batch: int) -> pa.Table:
    """The ids that a batch committed; none if its id file is missing.

    Parameters
    ----------
    ledger : StreamLedger
        Of the batch's stream.
    batch : int
        Its number.
    """
    ids = ledger.ids(batch)
    return IDS.empty_table() if ids is None else ids
