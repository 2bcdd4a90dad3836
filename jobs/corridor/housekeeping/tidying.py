"""Between two batches of a running job: a night with too many files gets a few of them merged."""

from jobs.corridor.housekeeping.compaction import merge
from jobs.corridor.housekeeping.house import House
from jobs.corridor.housekeeping.parts import KnownParts, names, oldest_small
from jobs.corridor.ledger import Record

# A night of a table never has 2,000 files: from here on, each batch is followed by a merge.
MANY_FILES = 1500
# At most so many files at a time: some seconds of work, and more than a batch adds.
FILES_AT_ONCE = 50


def tidy(house: House, record: Record) -> None:
    """Merge some files of the nights that a closed batch wrote to, where there are many; and remove what was replaced."""
    for table, night in sorted({(file.table, file.night) for file in record.files}):
        if len(names(house.layout, table, night)) > MANY_FILES:
            parts = oldest_small(KnownParts(house.layout).of(table, night), FILES_AT_ONCE)
            if parts:
                merge(house, parts, table, night, f"more than {MANY_FILES} files while the job runs", None)
    house.sweep()
