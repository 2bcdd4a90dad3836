"""Are all offsets of Kafka accounted for? What was planned is what was read, what is a transaction's, and what is lost."""

from collections import Counter
from collections.abc import Iterator

from jobs.ledger.records import LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.pipeline.sources.kafka.positions import Positions, Unplanned


def check_read(record: Record) -> Iterator[str]:
    """What is wrong between the planned ranges of a batch and what was read of them; each lost offset is wrong.

    Parameters
    ----------
    record : Record
        Of the batch; offsets that a `tally` counts as a transaction's are no packets.
    """
    read = sum(counts["read"] for counts in record.nights.values())
    offsets = sum(len(each) for each in record.plan.ranges if each.kind == "kafka")
    others = sum(len(each) for each in record.plan.ranges) - offsets
    packets = sum(each.packets for each in record.tallies)
    if others + packets != read:
        told = f"{others} planned in files + {packets} in records" if offsets else str(others)
        yield f"planned packets {told} is not packets read ({read})"
    yield from _check_parts(record)
    for tally in record.tallies:
        for start, stop in tally.gaps:
            place = f"{tally.topic}/{tally.partition}: offsets {start} to {stop - 1}"
            yield f"{place} are lost ({stop - start} records): {tally.why}"


def _check_parts(record: Record) -> Iterator[str]:
    planned: Counter[tuple[str, int]] = Counter()
    for each in record.plan.ranges:
        if each.kind == "kafka":
            planned[(each.path, each.partition)] += len(each)
    told = {(each.topic, each.partition): each for each in record.tallies}
    for part in sorted(planned.keys() | told.keys()):
        tally = told.get(part)
        sides = (tally.records, tally.control, tally.lost) if tally else (0, 0, 0)
        if planned[part] != sum(sides):
            topic, partition = part
            yield (
                f"{topic}/{partition}: planned offsets {planned[part]} is not"
                f" records {sides[0]} + control {sides[1]} + lost {sides[2]}"
            )


class OffsetsOf:
    """Offsets that no batch of a stream planned, between those that were: its batches are added in order."""

    def __init__(self, ledger: StreamLedger) -> None:
        self.problems: list[str] = []
        self._ledger = ledger
        self._unplanned: Unplanned | None = None
        self._unknown = False

    def add(self, plan: Plan) -> None:
        """Take note of the next batch's plan.

        Parameters
        ----------
        plan : Plan
            Of the batch behind the last one that was added; one without Kafka ranges changes nothing.
        """
        if self._unknown or not any(each.kind == "kafka" for each in plan.ranges):
            return
        if self._unplanned is None:
            self._unplanned = self._begin()
        if self._unplanned is not None:
            self.problems.extend(f"{part}: {hole}" for part, hole in self._unplanned.add(plan))

    def _begin(self) -> Unplanned | None:
        try:
            positions = Positions.read(self._ledger.directory)
        except LedgerError as problem:
            self.problems.append(str(problem))
            positions = None
        else:
            if positions is None:
                self.problems.append("positions.json is gone, which says where its partitions began")
        self._unknown = positions is None
        return None if positions is None else Unplanned(positions)
