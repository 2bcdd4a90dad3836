"""A batch that was sealed with filters or topics and finished by a job that has none: said, not passed over."""

from collections.abc import Iterator, Sequence

from jobs.ledger.records import Record

_WHY = {
    "filters": "filters were not configured when the batch was finished",
    "kafka": "publishing was not configured when the batch was finished",
}


def not_sent(record: Record, sinks: Sequence[str]) -> dict[str, str]:
    """Of what a sealed batch should have gone to, what the job that finishes it lacks: names, and why."""
    filters = ["filters"] if record.hashes.get("filters") else []  # all that entries of earlier versions say
    wanted = record.hashes.get("sinks", filters)
    return {name: _WHY.get(name, f"{name} was not configured") for name in wanted if name not in sinks}


def told_not_sent(record: Record) -> Iterator[str]:
    """What a closed batch has not sent, in words."""
    left: dict[str, str] = record.sinks.get("not_sent", {})
    filters = ", ".join(record.hashes.get("filters") or ())
    for why in left.values():
        yield f"stream {record.stream} batch {record.batch}: filters {filters} not sent: {why}"
