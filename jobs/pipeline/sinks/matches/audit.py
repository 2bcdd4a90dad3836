"""Do the filters' counts of a batch add up with the file of what is sent?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent, read_sent, sent_path
from jobs.ledger.streams import StreamLedger
from jobs.pipeline.sinks.matches import FILTERS
from jobs.storage.layout import Layout


def audit(layout: Layout, record: Record) -> Iterator[str]:
    """What is wrong between the filters' counts and the file of what is sent.

    Parameters
    ----------
    layout : Layout
        Of the output.
    record : Record
        A closed batch that went through filters.

    Yields
    ------
    str
        One gap, for a person.
    """
    told = record.sinks[FILTERS.name]
    path = sent_path(layout, record.stream, record.batch)
    sent = read_sent(layout, record.stream, record.batch)
    if sent is None:
        yield f"{path.name} is gone, {sum(each['sent'] for each in told.values())} matches were sent by it"
        return
    rows = Counter(sent.matches["filter"].to_pylist())
    alerts = sum(file.rows for file in record.files if file.table == "science")
    for name in sorted({*told, *rows}):
        yield from _check_filter(name, told.get(name), rows[name])
        if told.get(name, {}).get("unknown", 0) not in (0, alerts):
            yield f"filter {name}: unknown {told[name]['unknown']} is neither none nor all of the batch's {alerts} alerts"
    if told != sent.filters:
        yield f"the ledger's counts of filters are not those of {path.name}"
    yield from _check_alerts(StreamLedger(layout, record.stream), record, sent)


def _check_filter(name: str, told: dict[str, Any] | None, rows: int) -> Iterator[str]:
    if told is None:
        yield f"filter {name}: {rows} matches are sent, and the ledger does not know it"
        return
    if told["sent"] != rows:
        yield f"filter {name}: sent {told['sent']} is not the rows that are sent ({rows})"
    held = told["per_object"] + told["over_max_per_night"] + told.get("private", 0)  # since message 1.1
    if told["matched"] != told["sent"] + held:
        yield f"filter {name}: matched {told['matched']} is not sent {told['sent']} + held back {held}"
    if told.get("unknown") and told["matched"]:
        yield f"filter {name}: {told['unknown']} alerts were not judged, and {told['matched']} matched"
    if told["over_max_per_night"] != len(told["over"]):
        yield f"filter {name}: over_max_per_night {told['over_max_per_night']} is not the ids listed ({len(told['over'])})"


def _check_alerts(ledger: StreamLedger, record: Record, sent: Sent) -> Iterator[str]:
    known = ledger.ids(record.batch)
    if known is None:
        return
    strangers = pc.invert(pc.is_in(_keys(sent.matches), value_set=_keys(known)))
    count = pc.sum(strangers).as_py() or 0
    if count:
        yield f"{count} of {sent.matches.num_rows} matches are of alerts that the batch does not hold"
    twice = sent.matches.num_rows - len(_keys(sent.matches, sent.matches["filter"]).unique())
    if twice:
        yield f"{twice} matches are sent twice by one filter"


def _keys(table: pa.Table, *more: pa.ChunkedArray) -> pa.ChunkedArray:
    parts = [table["survey"], table["alert_id"].cast(pa.string()), *more]
    return pc.binary_join_element_wise(*parts, ":")
