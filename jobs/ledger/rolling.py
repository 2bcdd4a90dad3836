"""Rolling closed batches into volumes, so that the age of a stream costs nothing. The output's lock must be held.

Order: the volume's files are written under their names, then `rolled.json` is replaced in one step, then the batches'
own files are removed. A kill before the replacement leaves files that nothing names; one behind it leaves files of
batches that are rolled. Either are removed by the next `sweep`, and readers look at neither.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from jobs.common import faults
from jobs.ledger import volume_writing
from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.volume_writing import ClosedBatch, closed_batch, write_volume
from jobs.ledger.volumes import FOLDER
from jobs.storage.layout import Layout

_TRY_EVERY = 50
_RANGE_BYTES = 100  # of a record's text, at least


def roll(ledger: StreamLedger, seconds: float = float("inf")) -> int:
    """Roll a stream's closed batches, volume by volume, as long as there are enough for one.

    Parameters
    ----------
    ledger : StreamLedger
        Of the stream.
    seconds : float
        Begin no volume after so long.

    Returns
    -------
    int
        How many batches were rolled.
    """
    began, rolled = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        numbers = _closed(ledger)
        if not numbers:
            break
        faults.maintenance("roll_begun")
        batches = write_volume(ledger, _readable(ledger, numbers))
        if not batches:
            break
        rolled += batches
        remove_rolled(ledger)
    return rolled


def _readable(ledger: StreamLedger, numbers: Iterable[int]) -> Iterator[ClosedBatch]:
    """Batches up to the first of which something is damaged or gone: it stays as it is, for `ledger check` to name."""
    for number in numbers:
        try:
            yield closed_batch(ledger, number)
        except (FileNotFoundError, pa.ArrowException, ValueError, KeyError):
            return


def _closed(ledger: StreamLedger) -> list[int]:
    """The next batches to roll: closed ones in order, if they are enough for a volume; none otherwise.

    A record that cannot be read stays where it is, and with it all that come after: `ledger check` names it.
    """
    there = ledger.open_numbers()
    large = volume_writing.MOST_RANGES * _RANGE_BYTES
    if len(there) < volume_writing.BATCHES and sum(_size(ledger.record_path(number)) for number in there) < large:
        return []
    numbers: list[int] = []
    ranges = 0
    for number in there:
        try:
            record = ledger.read(number)
        except (ValueError, KeyError, TypeError, AttributeError):
            return []
        if record.state != "closed":
            return []
        numbers.append(number)
        ranges += len(record.plan.ranges)
        if len(numbers) >= volume_writing.BATCHES or ranges >= volume_writing.MOST_RANGES:
            return numbers
    return []


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def enough(ledger: StreamLedger, record: Record) -> bool:
    """Whether there may be enough closed batches for a volume, by the last one of a stream: nothing is listed for it.

    Where a damaged one is in the way this is not said after every batch.

    Parameters
    ----------
    ledger : StreamLedger
    record : Record
        Of the last batch.
    """
    there = record.batch + 1 - ledger.rolled.until
    large = there * len(record.plan.ranges) >= volume_writing.MOST_RANGES
    return (there >= volume_writing.BATCHES or large) and (there % _TRY_EVERY == 0 or there < 2 * _TRY_EVERY)


def remove_rolled(ledger: StreamLedger) -> None:
    """Remove the files of rolled batches, and what a kill left of a volume that does not count.

    Parameters
    ----------
    ledger : StreamLedger
    """
    rolled = ledger.rolled
    for name in sorted(os.listdir(ledger.directory)) if rolled.until else ():
        number, _, ending = name.partition(".")
        if number.isdigit() and int(number) < rolled.until and ending != "state.parquet":
            with suppress(FileNotFoundError):
                os.unlink(ledger.directory / name)
            faults.maintenance("in_roll_sweep")
    folder, named = ledger.directory / FOLDER, rolled.names()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in named:
            path.unlink(missing_ok=True)
    faults.maintenance("after_roll_sweep")


def sweep(layout: Layout) -> None:
    """For every stream of an output: remove what a kill left of rolling.

    Parameters
    ----------
    layout : Layout
    """
    for stream in streams(layout):
        remove_rolled(StreamLedger(layout, stream))


def roll_all(layout: Layout, durable: bool = False, seconds: float = float("inf")) -> int:
    """Roll every stream of an output.

    Parameters
    ----------
    layout : Layout
    durable : bool
        Sync against power loss.
    seconds : float
        Begin no volume after so long [s].

    Returns
    -------
    int
        How many batches were rolled.
    """
    began, rolled = time.monotonic(), 0
    for stream in streams(layout):
        left = seconds - (time.monotonic() - began)
        rolled += roll(StreamLedger(layout, stream, durable), left) if left > 0 else 0
    return rolled
