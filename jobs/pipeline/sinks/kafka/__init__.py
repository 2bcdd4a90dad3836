"""The sink "kafka": filters' matches to topics, once each."""

from collections.abc import Iterator, Mapping

from jobs.ledger.records import Record
from jobs.pipeline.sinks.sink import JobFacts, PreparedSink, SinkKind
from jobs.storage.layout import Layout


def _prepare(section: Mapping[str, str], job: JobFacts) -> PreparedSink:
    from jobs.pipeline.sinks.kafka.prepared import PreparedTopics

    return PreparedTopics.of(section, job)


def _audit(layout: Layout, record: Record) -> Iterator[str]:
    from jobs.pipeline.sinks.kafka.audit import audit

    return audit(layout, record)


KAFKA = SinkKind(
    name="kafka",
    section="publish",
    order=20,
    help="topics for what the filters match: partitions, retention_days, format, ... and a bootstrap of its own, if it is"
    " not kafka's",
    prepare=_prepare,
    audit=_audit,
)
