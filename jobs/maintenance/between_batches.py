"""Between two batches of a running job: a night with too many files gets a few of them merged, old batches are rolled."""

from jobs.ledger.records import Record
from jobs.ledger.rolling import enough, roll
from jobs.ledger.streams import StreamLedger
from jobs.maintenance.compaction import merge
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.stored_files import KnownParts, names, oldest_small

# A night of a table never has 2,000 files: from here on, each batch is followed by a merge.
MANY_FILES = 1500
# At most so many files at a time: some seconds of work, and more than a batch adds.
FILES_AT_ONCE = 50
# No further volume of closed batches is begun after so long.
ROLLING_S = 1.0


def maintain(maintenance: NightMaintenance, record: Record) -> None:
    """Merge some files of the nights that a closed batch wrote to, where there are many; and remove what was replaced.

    Closed batches are rolled where there are enough of them for a volume, so that a stream never has many files of its
    own.

    Parameters
    ----------
    maintenance : NightMaintenance
    record : Record
        Of the closed batch.
    """
    for table, night in sorted({(file.table, file.night) for file in record.files}):
        if len(names(maintenance.layout, table, night)) > MANY_FILES:
            parts = oldest_small(KnownParts(maintenance.layout).of(table, night), FILES_AT_ONCE)
            if parts:
                merge(maintenance, parts, table, night, f"more than {MANY_FILES} files while the job runs", None)
    maintenance.sweep()
    ledger = StreamLedger(maintenance.layout, record.stream, maintenance.durable)
    if enough(ledger, record):
        roll(ledger, ROLLING_S)
