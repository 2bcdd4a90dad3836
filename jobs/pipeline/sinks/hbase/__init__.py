"""The sink "hbase": every alert into the store's tables, by puts from the executors."""

from collections.abc import Iterator, Mapping

from jobs.ledger.records import Record
from jobs.pipeline.sinks.sink import JobFacts, PreparedSink, SinkKind
from jobs.storage.layout import Layout


def _prepare(section: Mapping[str, str], job: JobFacts) -> PreparedSink:
    from jobs.pipeline.sinks.hbase.prepared import PreparedStore

    return PreparedStore.of(section, job)


def _audit(layout: Layout, record: Record) -> Iterator[str]:
    from jobs.pipeline.sinks.hbase.audit import audit

    return audit(layout, record)


HBASE = SinkKind(
    name="hbase",
    section="hbase",
    order=15,
    help="HBase to write every alert to: host and port of a Thrift server, namespace, cutouts (true or false)",
    prepare=_prepare,
    audit=_audit,
)
