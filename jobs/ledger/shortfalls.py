"""What filters owe: alerts that they have not judged, matches that were too large to send."""

from collections.abc import Iterable
from typing import Any

from jobs.ledger.records import Record

Shortfalls = dict[str, dict[str, Any]]


def add_shortfalls(total: Shortfalls, record: Record) -> None:
    """Add the shortfalls of a batch, by filter: unknown (alerts), batches, reason (the last), too_large (matches).

    Parameters
    ----------
    total : dict
        Is changed.
    record : Record
        Of the batch.
    """
    for name, told in (record.sinks.get("filters") or {}).items():
        if told.get("unknown_reason"):
            own = total.setdefault(name, {})
            own["unknown"] = own.get("unknown", 0) + told["unknown"]
            own["batches"] = own.get("batches", 0) + 1
            own["reason"] = told["unknown_reason"]
    for name, count in (record.sinks.get("kafka") or {}).get("too_large", {}).items():
        own = total.setdefault(name, {})
        own["too_large"] = own.get("too_large", 0) + count


def shortfalls(records: Iterable[Record]) -> Shortfalls:
    """The shortfalls of several batches; empty if there are none.

    Parameters
    ----------
    records : iterable of Record
        Of closed batches.
    """
    total: Shortfalls = {}
    for record in records:
        add_shortfalls(total, record)
    return total


def lines_of(name: str, own: dict[str, Any]) -> list[str]:
    """A filter's shortfalls as lines for a person.

    Parameters
    ----------
    name : str
        Of the filter.
    own : dict
        Its entry in what `shortfalls` gives.
    """
    lines = []
    if "unknown" in own:
        batches = f"{own['batches']} batch{'' if own['batches'] == 1 else 'es'}"
        lines.append(
            f"filter {name} has not judged {own['unknown']:,} alerts of {batches}: {own['reason']};"
            f" `strix filter run {name}` says what it matches"
        )
    if "too_large" in own:
        lines.append(
            f"filter {name}: {own['too_large']:,} matches were too large to send; `strix quarantine list` has them"
        )
    return lines
