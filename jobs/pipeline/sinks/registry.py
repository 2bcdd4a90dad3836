"""The list of sinks, and what is asked of all of them: a job's, in order, and their audits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from jobs.ledger.not_sent import wanted_of
from jobs.ledger.records import Record
from jobs.pipeline.sinks.hbase import HBASE
from jobs.pipeline.sinks.kafka import KAFKA
from jobs.pipeline.sinks.matches import FILTERS
from jobs.pipeline.sinks.sink import JobFacts, PreparedSink, SinkKind
from jobs.storage.layout import Layout

# A new sink is a folder beside this file and its entry here.
SINKS: list[SinkKind] = [FILTERS, HBASE, KAFKA]
# What the ledger keeps beside sinks: rows of tables, and what was not sent.
_OWN = frozenset({"parquet", "not_sent"})


def sinks_in_order() -> list[SinkKind]:
    """The sinks in the order in which a batch goes through them."""
    return sorted(SINKS, key=lambda kind: kind.order)


def prepare_sinks(sections: Mapping[str, Any], job: JobFacts) -> tuple[PreparedSink, ...]:
    """Check what a configuration says of sinks, before anything starts.

    Parameters
    ----------
    sections : mapping of str to section
        By key of the configuration; an empty one asks for nothing.
    job : JobFacts
        Without `earlier`: each sink is told of those before it.

    Returns
    -------
    tuple of PreparedSink
        In the order in which a batch goes through them.

    Raises
    ------
    ValueError
        With everything that is wrong with the first section that is.
    """
    prepared: dict[str, PreparedSink] = {}
    for kind in sinks_in_order():
        if section := sections.get(kind.section):
            prepared[kind.name] = kind.prepare(section, replace(job, earlier=dict(prepared)))
    return tuple(prepared.values())


def versions_of(prepared: Sequence[PreparedSink]) -> dict[str, Any]:
    """What the ledger keeps of a job's sinks with each batch.

    Parameters
    ----------
    prepared : sequence of PreparedSink
        A job's, in order.

    Returns
    -------
    dict
        `sinks`, their names, so that none is left out unnoticed; and by name the versions of those that have any.
    """
    versions = {each.name: each.versions for each in prepared if each.versions}
    return {**versions, "sinks": [each.name for each in prepared]}


def audit_sinks(layout: Layout, record: Record) -> Iterator[str]:
    """The gaps between what the sinks of a batch acknowledged and what each keeps of it.

    Parameters
    ----------
    layout : Layout
        Of the output.
    record : Record
        Batches that are not closed owe nothing yet; what a batch was finished without is said elsewhere (`not_sent`).

    Yields
    ------
    str
        One gap, for a person.
    """
    if record.state != "closed":
        return
    left = record.sinks.get("not_sent", {})
    for name in wanted_of(record):
        if name not in left and name not in record.sinks:
            yield f"sealed for the sink {name}, and the ledger has no counts of it"
    for kind in sinks_in_order():
        if kind.name in record.sinks:
            yield from _audited(kind, layout, record)


def _audited(kind: SinkKind, layout: Layout, record: Record) -> Iterator[str]:
    """The gaps that a sink finds; what it cannot read is one, and keeps nothing else from being looked at."""
    try:
        yield from kind.audit(layout, record)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, pa.ArrowException) as problem:
        yield f"what {kind.name} keeps cannot be read: {type(problem).__name__} {problem}"


def unknown_sinks(record: Record) -> list[str]:
    """The sinks of a batch that this installation lacks: nobody here can check them.

    Parameters
    ----------
    record : Record
        Of any batch.
    """
    return sorted({*record.sinks} - {*_OWN, *(kind.name for kind in SINKS)})
