"""The sink "filters": what filters match in a sealed batch, found once and kept beside the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs.ledger.records import Record
from jobs.pipeline.sinks.sink import JobFacts, PreparedSink, SinkKind
from jobs.storage.layout import Layout


@dataclass(frozen=True)
class FilterSection:
    """What a configuration says of filters.

    Attributes
    ----------
    path : str
        A directory of filters, or one file.
    timeout_s : float
        What a filter may take for a batch, and one more second per thousand alerts.
    """

    path: str
    timeout_s: float = 10.0


def _prepare(section: FilterSection, job: JobFacts) -> PreparedSink:
    from jobs.pipeline.sinks.matches.prepared import PreparedFilters

    return PreparedFilters.of(section, job)


def _audit(layout: Layout, record: Record) -> Iterator[str]:
    from jobs.pipeline.sinks.matches.audit import audit

    return audit(layout, record)


FILTERS = SinkKind(
    name="filters",
    section="filters",
    order=10,
    help="directory of filters (or one file) that are applied to every batch",
    prepare=_prepare,
    audit=_audit,
)
