"""Numbers that do not add up, and what a check went through to find them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jobs.ledger.records import Record
from jobs.storage.checksums import Verified


@dataclass(frozen=True)
class Gap:
    """A number that does not add up: where, and what the two sides are."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass
class Checked:
    """What a check went through, and the gaps that it found.

    Attributes
    ----------
    records, control, lost : int
        Offsets of Kafka that gave a record, that are a transaction's own, and that the broker had no more.
    notes : list of str
        What is no gap and yet should be known.
    verified : Verified or None
        What a deep check read.
    """

    batches: int = 0
    read: int = 0
    decoded: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    records: int = 0
    control: int = 0
    lost: int = 0
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verified: Verified | None = None

    def count(self, record: Record) -> None:
        """Add the packets and offsets of a batch.

        Parameters
        ----------
        record : Record
            Of the batch.
        """
        self.batches += 1
        for counts in record.nights.values():
            self.read += counts["read"]
            self.decoded += counts["decoded"]
            self.duplicates += counts["duplicates"]
            self.quarantined.update(counts["quarantined"])
        for tally in record.tallies:
            self.records += tally.records
            self.control += tally.control
            self.lost += tally.lost


def unequal(left: str, left_value: Any, right: str, right_value: Any) -> Iterator[str]:
    """What is wrong if two numbers are not the same; nothing if they are.

    Parameters
    ----------
    left, right : str
        What each side is.
    left_value, right_value : object
        What each side says.
    """
    if left_value != right_value:
        yield f"{left} {left_value} is not {right} ({right_value})"


def gaps_of(where: str, messages: Iterable[str]) -> Iterator[Gap]:
    """Messages as gaps of one place.

    Parameters
    ----------
    where : str
        The batch, stream or file in words.
    messages : iterable of str
        What does not add up there.
    """
    return (Gap(where, message) for message in messages)
