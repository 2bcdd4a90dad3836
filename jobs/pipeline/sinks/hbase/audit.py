"""Does what HBase acknowledged of a batch add up with its files? Cell by cell is `strix store verify`."""

from collections.abc import Iterator

from jobs.ledger.records import Record
from jobs.pipeline.sinks.hbase import HBASE
from jobs.storage.layout import Layout

_ROW_PER_ALERT = ("alerts", "objects", "alert_index")


def audit(layout: Layout, record: Record) -> Iterator[str]:
    """What is wrong between what HBase acknowledged and the files of the batch.

    Parameters
    ----------
    layout : Layout
        Of the output.
    record : Record
        A closed batch that went to HBase.

    Yields
    ------
    str
        One gap, for a person.
    """
    told = record.sinks[HBASE.name]
    alerts = sum(file.rows for file in record.files if file.table == "science")
    if told["written"] != alerts:
        yield f"hbase: written {told['written']} is not the {alerts} alerts of the batch"
    for table in _ROW_PER_ALERT:
        if told["tables"].get(table, 0) != alerts:
            yield f"hbase: {told['tables'].get(table, 0)} rows of {table} for the {alerts} alerts of the batch"
    if told["tables"].get("latest", 0) < alerts:
        yield f"hbase: {told['tables'].get('latest', 0)} rows of latest, fewer than the {alerts} alerts of the batch"
