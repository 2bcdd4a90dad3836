"""Which files of a night may be merged, and which are worth it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jobs.ledger.changes import PRODUCT, RESCORED, StoredFile
from jobs.ledger.journal import Journal
from jobs.ledger.streams import StreamLedger
from jobs.maintenance.rolling import ENOUGH_BYTES, LEAST_BYTES, MOST_BYTES
from jobs.storage.layout import TABLES, Layout


def product_name(table: str, night: str, number: int, part: int, kind: str = PRODUCT) -> str:
    """The name of a file that a change makes; it looks like a batch's, with `compact` or `again` for the stream.

    Parameters
    ----------
    table, night : str
    number : int
        Of the change.
    part : int
        Of the file among those that the change makes, from 0.
    kind : str
        PRODUCT or RESCORED.

    Returns
    -------
    str
        Relative to the output.
    """
    return f"{table}/night={night}/{kind}-{number:09d}-{part:04d}.parquet"


def is_product(part: StoredFile) -> bool:
    """Whether a change made this file.

    Parameters
    ----------
    part : StoredFile
    """
    return Path(part.name).name.startswith((f"{PRODUCT}-", f"{RESCORED}-"))


def all_nights(layout: Layout) -> list[str]:
    """The nights of all tables, in order of their names.

    Parameters
    ----------
    layout : Layout
    """
    return sorted({night for table in TABLES for night in layout.nights(table)})


def names(layout: Layout, table: str, night: str) -> list[str]:
    """The data files of a night, relative to the output, in order of their names.

    Parameters
    ----------
    layout : Layout
    table, night : str
    """
    return [str(path.relative_to(layout.root)) for path in layout.files(table, night)]


class KnownParts:
    """The files of an output's nights as ledger and journal know them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.journal = Journal(layout)
        self._batch = lru_cache(maxsize=64)(self._read_batch)

    def of(self, table: str, night: str) -> list[StoredFile]:
        """Files of closed batches and of earlier changes, those of changes first, then by name.

        Parameters
        ----------
        table, night : str
        """
        history = self.journal.history(table, night)
        found = []
        for name in names(self.layout, table, night):
            part = history.product(name) or self._written(name)
            if part is not None and not history.moved(name):
                found.append(part)
        return sorted(found, key=lambda part: (not is_product(part), part.name))

    def _written(self, name: str) -> StoredFile | None:
        """The file as the record of its batch has it; None if there is none, or its batch is not closed."""
        stream, _, rest = Path(name).stem.rpartition("-")[0].rpartition("-")
        return self._batch(stream, int(rest)).get(name) if stream and rest.isdigit() else None

    def _read_batch(self, stream: str, batch: int) -> dict[str, StoredFile]:
        ledger = StreamLedger(self.layout, stream)
        try:
            record = ledger.read(batch)
        except FileNotFoundError:
            return {}
        if record.state != "closed":
            return {}
        return {file.name: StoredFile(file.name, file.rows, file.bytes, file.crc) for file in record.files}


def worth_merging(parts: Sequence[StoredFile]) -> list[StoredFile]:
    """The small files of a night, if together they make fewer files; perhaps with a larger one that they fit to.

    Parameters
    ----------
    parts : sequence of StoredFile
        All of a night of a table.

    Returns
    -------
    list of StoredFile
        Empty if it is not worth it.
    """
    small = [part for part in parts if part.bytes < LEAST_BYTES]
    size = sum(part.bytes for part in small)
    larger = sorted((part for part in parts if part.bytes >= LEAST_BYTES), key=lambda part: part.bytes)
    if small and larger and size < LEAST_BYTES and size + larger[0].bytes <= MOST_BYTES:
        small = [part for part in parts if part in small or part == larger[0]]
    return small if len(small) > 1 else []


def oldest_small(parts: Sequence[StoredFile], most: int) -> list[StoredFile]:
    """The first small files of a growing night: files of batches before products of earlier merges.
    written again and again; at most `most` files that make one of a good size.

    Parameters
    ----------
    parts : sequence of StoredFile
        All of a night of a table, in order.
    most : int
        How many files at most.

    Returns
    -------
    list of StoredFile
        As many as make a file of a good size; empty if there are fewer than two. Products come after files of batches,
        so that they are not written again and again.
    """
    small = [part for part in parts if part.bytes < LEAST_BYTES]
    written = [part for part in small if not is_product(part)]
    chosen: list[StoredFile] = []
    size = 0
    for part in (written if len(written) > 1 else small)[:most]:
        size += part.bytes
        if size > ENOUGH_BYTES and len(chosen) > 1:
            break
        chosen.append(part)
    return chosen if len(chosen) > 1 else []
