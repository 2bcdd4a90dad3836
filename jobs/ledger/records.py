"""The ledger: one file per batch that says what was read, what became of every packet, and which files hold it.

`ledger/stream=<id>/<batch>.plan.json` is written before anything is read; `<batch>.json` is renamed into place when
the content is fixed (state `sealed`) and replaced when every sink has acknowledged (state `closed`);
`<batch>.ids.parquet` holds the alert ids that the batch committed. Closed batches are rolled some hundred at a time
into volumes (`volumes`, `rolling`), and their files go. Readers come through `StreamLedger` and need not
know where a batch is.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from jobs.packets.content import MEASUREMENT
from jobs.packets.ranges import Range
from jobs.packets.reading import OffsetCounts

FORMAT = 1
IDS = pa.schema([("survey", pa.string()), ("alert_id", pa.int64()), ("content_hash", pa.int64())])
# The measurements decide about alerts whose hashes differ, see content.same_measurement.
KEPT_IDS = pa.schema([*IDS, *MEASUREMENT])


class LedgerError(RuntimeError):
    """The ledger and the output do not fit together."""


@dataclass(frozen=True)
class Plan:
    """What a batch will read; the same batch id always reads the same ranges.

    Attributes
    ----------
    now_mjd : float
        When it was planned, MJD TAI: the only clock that the batch knows.
    """

    stream: str
    batch: int
    job: str
    planned_at: str
    now_mjd: float
    ranges: tuple[Range, ...]

    def to_json(self) -> dict[str, Any]:
        """As the plan file keeps it."""
        content = {"format": FORMAT, **asdict(self)}
        content["ranges"] = [each.to_json() for each in self.ranges]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Plan":
        """The plan that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        known = {key: content[key] for key in ("stream", "batch", "job", "planned_at", "now_mjd")}
        return cls(**known, ranges=tuple(Range.from_json(each) for each in content["ranges"]))


@dataclass(frozen=True)
class DataFile:
    """A data file of a batch: its table, night and final name (relative to the output), rows and bytes.

    `staged` is its name before publishing, relative to the output; `crc` its CRC-32, None in entries of earlier
    versions.
    """

    table: str
    night: str
    name: str
    staged: str
    rows: int
    bytes: int
    crc: int | None = None


@dataclass(frozen=True)
class Record:
    """The ledger entry of a sealed batch.

    Attributes
    ----------
    nights : dict
        Per night: read, decoded, duplicates, quarantined by reason, enriched, null_flux, bad_history, and per module
        `answered`, `partial` by reason and `null` by reason (`counts.count_module`). Entries of earlier versions have
        no `partial`, and count every row with any output as answered.
    ids : dict
        Per survey: [least id, greatest id, count] of what the batch committed.
    hashes : dict
        Of configuration, modules and their artefacts.
    sinks : dict
        What each sink acknowledged; empty until the batch is closed.
    tallies : tuple of OffsetCounts
        Per partition of a topic: records, packets, control offsets and gaps; together the planned offsets.
    """

    plan: Plan
    run: str
    tables: tuple[str, ...]
    nights: dict[str, dict[str, Any]]
    files: tuple[DataFile, ...]
    ids: dict[str, list[int]]
    hashes: dict[str, Any]
    state: str = "sealed"
    sinks: dict[str, Any] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    tallies: tuple[OffsetCounts, ...] = ()

    @property
    def stream(self) -> str:
        """The stream that the batch belongs to."""
        return self.plan.stream

    @property
    def batch(self) -> int:
        """Its number in the stream, from 0."""
        return self.plan.batch

    def to_json(self) -> dict[str, Any]:
        """As the ledger file keeps it."""
        content = {**asdict(self), "plan": self.plan.to_json(), "format": FORMAT}
        content["planned"] = sum(len(each) for each in self.plan.ranges)
        content["tallies"] = [each.to_json() for each in self.tallies]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Record":
        """The record that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        names = ("run", "nights", "ids", "hashes", "state", "sinks", "timings_s")
        return cls(
            plan=Plan.from_json(content["plan"]),
            tables=tuple(content["tables"]),
            files=tuple(DataFile(**each) for each in content["files"]),
            tallies=tuple(OffsetCounts.from_json(each) for each in content.get("tallies", ())),
            **{name: content[name] for name in names},
        )


def nights_of(record: Record) -> set[str]:
    """The nights of which a batch holds packets or files.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    return {*record.nights, *(file.night for file in record.files)}


def refuses(record: Record) -> bool:
    """Whether a batch has packets in quarantine or matches that were too large; one that is not closed may have.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    too_large = record.sinks.get("kafka", {}).get("too_large")
    refused = bool(too_large) or any(file.table == "quarantine" for file in record.files)
    return refused or record.state != "closed"


def replays(record: Record) -> bool:
    """Whether a batch read entries of quarantine again.

    Parameters
    ----------
    record : Record
        Of the batch.
    """
    return any(each.entries for each in record.plan.ranges)
