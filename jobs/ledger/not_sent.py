"""A batch that was sealed for sinks and finished by a job that lacks one of them: said, not passed over."""

from collections.abc import Iterator, Sequence

from jobs.ledger.records import Record

WHY = "not configured when the batch was finished"


def wanted_of(record: Record) -> list[str]:
    """The sinks that a batch was sealed for.

    Parameters
    ----------
    record : Record
    """
    filters = ["filters"] if record.hashes.get("filters") else []  # all that entries of earlier versions say
    return list(record.hashes.get("sinks", filters))


def not_sent(record: Record, sinks: Sequence[str]) -> dict[str, str]:
    """Of what a sealed batch should have gone to, what the job that finishes it lacks.

    Parameters
    ----------
    record : Record
        Of the batch, sealed.
    sinks : sequence of str
        Names of the job's sinks.

    Returns
    -------
    dict of str to str
        By name of the sink, why.
    """
    return {name: WHY for name in wanted_of(record) if name not in sinks}


def told_not_sent(record: Record) -> Iterator[str]:
    """What a closed batch has not sent, in words.

    Parameters
    ----------
    record : Record
        Of the closed batch.

    Yields
    ------
    str
        One line per sink.
    """
    left: dict[str, str] = record.sinks.get("not_sent", {})
    for name, why in left.items():
        versions = ", ".join(record.hashes.get(name) or ())
        yield f"stream {record.stream} batch {record.batch}: {name}{versions and f' {versions}'} not sent: {why}"
