"""What the ledger says of a night: its counts, its batches, the week before."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobs.common.job import job_of
from jobs.ledger.counts import Counts, add_counts, add_night, empty_counts
from jobs.ledger.records import Record
from jobs.ledger.streams import records
from jobs.maintenance.rescored import NightsNow
from jobs.storage.layout import Layout


@dataclass(frozen=True)
class ModuleCounts:
    """How many alerts a module answered, and why not the others, as `counts.count_module` counts.

    Attributes
    ----------
    answered : int
        Alerts with an answer and no reason.
    partial, null : dict of str to int
        By reason: alerts with some outputs, alerts with none.
    any_output : int
        Alerts that an earlier version counted as answered.
    """

    name: str
    answered: int
    partial: dict[str, int]
    null: dict[str, int]
    any_output: int = 0

    @property
    def total(self) -> int:
        """Alerts that it was asked about."""
        return self.answered + self.in_part + sum(self.null.values()) + self.any_output

    @property
    def in_part(self) -> int:
        """Alerts with some outputs and a reason for the others."""
        return sum(self.partial.values())

    @property
    def share(self) -> float | None:
        """Answered, from 0 to 1; None if it was not asked. With numbers of earlier versions, any output is an answer."""
        if not self.total:
            return None
        return (self.answered + (self.in_part + self.any_output if self.any_output else 0)) / self.total

    @property
    def failed(self) -> int:
        """Alerts on which it raised."""
        return sum(count for reason, count in self.null.items() if reason.startswith("failed"))


@dataclass(frozen=True)
class LedgerPart:
    """The ledger of a night.

    Attributes
    ----------
    counts, week : dict
        Counts of the night and of the seven nights before, as the ledger keeps them. Packets that one job kept and
        another scored were read twice; here they count as read, decoded and duplicate where they came in.
    jobs : dict
        Counts of the night, per job.
    batches : list of Record
        Batches that hold packets of the night; each may hold other nights too.
    """

    counts: Counts = field(default_factory=empty_counts)
    week: Counts = field(default_factory=empty_counts)
    jobs: dict[str, Counts] = field(default_factory=dict)
    batches: list[Record] = field(default_factory=list)

    @property
    def gap(self) -> int:
        """Packets that a job read and that are nowhere; 0 if the night balances."""
        return sum(abs(_gap(counts)) for counts in self.jobs.values())

    @property
    def quarantined(self) -> int:
        """Packets that were refused."""
        return int(sum(self.counts["quarantined"].values()))

    @property
    def rate(self) -> float | None:
        """Packets per second of the batches, planning and waiting not counted."""
        seconds = sum(sum(batch.timings_s.values()) for batch in self.batches)
        return sum(map(batch_read, self.batches)) / seconds if seconds else None

    def modules(self, week: bool = False) -> list[ModuleCounts]:
        """Counts per module, in the order of the ledger.

        Parameters
        ----------
        week : bool
            Those of the seven nights before instead of the night's.
        """
        numbers = (self.week if week else self.counts)["modules"]
        return [
            ModuleCounts(
                name,
                each["answered"],
                dict(each["partial"]),
                dict(each["null"]),
                each.get("any_output", 0),
            )
            for name, each in numbers.items()
        ]


def read_ledger(layout: Layout, night: str, week: Sequence[str]) -> LedgerPart:
    """Add up the ledger, one batch in hand at a time.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night : str
        YYYYMMDD.
    week : sequence of str
        The nights to compare it with.

    Returns
    -------
    LedgerPart
        With no batches if the ledger does not have the night.
    """
    part, before = LedgerPart(), dict[str, Counts]()
    now = NightsNow(layout)
    for record in records(layout, nights=[night, *week]):
        nights = now.of(record)
        if night in nights:
            add_night(part.jobs.setdefault(record.plan.job, empty_counts()), nights[night])
            part.batches.append(record)
        for earlier in week:
            if earlier in nights:
                add_night(before.setdefault(record.plan.job, empty_counts()), nights[earlier])
    for name in [name for name in part.jobs if _follows(name)]:
        part.jobs[name] = part.jobs.pop(name)  # last: it comes after what it reads
    add_counts(part.counts, _together(part.jobs))
    add_counts(part.week, _together(before))
    part.batches.sort(key=lambda record: record.plan.planned_at)
    return part


def _gap(counts: Counts) -> int:
    found = counts["decoded"] + counts["duplicates"] + sum(counts["quarantined"].values())
    return int(counts["read"] - found)


def _follows(job: str) -> bool:
    """Whether a job reads what another has read and kept; one that this version does not have does not."""
    try:
        return bool(job_of(job).follows)
    except LookupError:
        return False


def _together(jobs: dict[str, Counts]) -> Counts:
    """The jobs' counts added, each packet once: a job that follows another reads what that has read and kept."""
    total = empty_counts()
    again = {"read", "decoded", "duplicates"} if len(jobs) > 1 else set()
    for job, counts in jobs.items():
        add_counts(total, {name: value for name, value in counts.items() if not _follows(job) or name not in again})
    return total


def batch_read(record: Record) -> int:
    """Packets that a batch read, of all its nights.

    Parameters
    ----------
    record : Record
        The batch in the ledger.
    """
    return sum(int(counts["read"]) for counts in record.nights.values())
