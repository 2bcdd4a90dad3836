"""Did the topics take what the filters of a batch send?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent, read_sent
from jobs.ledger.too_large import TooLarge, by_filter, read_too_large
from jobs.pipeline.sinks.kafka import KAFKA
from jobs.storage.layout import Layout


def audit(layout: Layout, record: Record) -> Iterator[str]:
    """What is wrong between the rows that are sent and what Kafka acknowledged.

    Parameters
    ----------
    layout : Layout
        Of the output.
    record : Record
        A closed batch; where its file of what is sent is gone, the filters' audit says so.

    Yields
    ------
    str
        One gap, for a person.
    """
    sent = read_sent(layout, record.stream, record.batch)
    if sent is not None:
        yield from _check_topics(record.sinks[KAFKA.name], sent, list(read_too_large(layout, record)))


def _check_topics(told: dict[str, Any], sent: Sent, too_large: list[TooLarge]) -> Iterator[str]:
    pairs = sent.matches.group_by(["survey", "filter"]).aggregate([([], "count_all")]).to_pylist()
    wanted = Counter({f"{pair['survey']}.{pair['filter']}": pair["count_all"] for pair in pairs})
    wanted.subtract(f"{each.survey}.{each.filter}" for each in too_large)
    if told.get("too_large", {}) != by_filter(too_large):
        yield f"too_large is {told.get('too_large', {})} in the ledger, kept are {by_filter(too_large)}"
    taken = {".".join(topic.split(".")[-2:]): count for topic, count in told["topics"].items()}
    for name in sorted({*wanted, *taken}):
        if wanted[name] != taken.get(name, 0):
            yield f"topic of {name}: {wanted[name]} matches are sent, Kafka acknowledged {taken.get(name, 0)}"
