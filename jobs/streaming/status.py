"""What a running job tells monitors: `status.json` after every batch."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from jobs.common.times import now_utc
from jobs.ledger.counts import Counts, add_counts, in_todays_words
from jobs.ledger.records import Record
from jobs.ledger.shortfalls import Shortfalls, add_shortfalls
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_json
from jobs.streaming.lag import lag_of
from jobs.streaming.logs import log_batch
from jobs.streaming.rate import Rate


@dataclass
class Status:
    """Counts of this run and the state of the job.

    Attributes
    ----------
    stream : str
        Empty until it is known.
    modules : dict
        Per module answered, partial, null and, of these, failed.
    lost : int
        Offsets that a broker did not have any more.
    newest_mjd : float or None
        Time of the newest alert [MJD TAI].
    shortfalls : dict
        By filter, alerts that it has not evaluated and matches that were too large, with the reason.
    all_read : bool
        Whether all was read that had come at the last look at the input.
    more : callable
        What the source has to tell.
    query : dict
        What Spark said of the last micro-batch that it told of: seconds of its steps and of every module.
    """

    layout: Layout
    job: str
    stream: str = ""
    rate: Rate = field(default_factory=Rate)
    read: int = 0
    decoded: int = 0
    duplicates: int = 0
    quarantined: int = 0
    batches: int = 0
    lost: int = 0
    newest_mjd: float | None = None
    last_commit: str | None = None
    last_error: dict[str, str] | None = None
    state: str = "starting"
    asked_to_stop: bool = False
    all_read: bool = False
    shortfalls: Shortfalls = field(default_factory=dict)
    more: Callable[[], dict[str, Any]] = dict
    modules: dict[str, dict[str, int]] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    _batch: dict[str, Any] = field(default_factory=dict)

    def note(self, record: Record, state: str = "running") -> None:
        """Count a closed batch and tell.

        Parameters
        ----------
        record : Record
            Closed just now.
        state : str
            Of the job.
        """
        self.rate.close(sum(counts["read"] for counts in record.nights.values()))
        for counts in record.nights.values():
            self.read += counts["read"]
            self.decoded += counts["decoded"]
            self.duplicates += counts["duplicates"]
            self.quarantined += sum(counts["quarantined"].values())
            for name, numbers in counts["modules"].items():
                add_counts(self.modules.setdefault(name, {}), _answers(in_todays_words(numbers)))
        self.lost += sum(each.lost for each in record.tallies)
        self.batches += 1
        add_shortfalls(self.shortfalls, record)
        self.last_commit = now_utc()
        self.newest_mjd = max(filter(None, [self.newest_mjd, newest_mjd(self.layout, record)]), default=None)
        self._batch = {"batch": record.batch, "timings_s": record.timings_s}
        self.write(state)
        log_batch(record, self.rate.last_minute(), lag_of(self.more()))

    def problem(self, message: str) -> None:
        """Keep what went wrong last.

        Parameters
        ----------
        message : str
            For a person.
        """
        self.last_error = {"at": now_utc(), "message": message}

    def fail(self, message: str) -> None:
        """The job ends, and this is why; `write` tells it.

        Parameters
        ----------
        message : str
            For a person.
        """
        self.problem(message)
        self.state = "failed"

    def write(self, state: str) -> None:
        """Replace `status.json`.

        Parameters
        ----------
        state : str
            One of metrics.STATES.
        """
        self.state = state
        replace_json(self.layout.status, self.content())

    def content(self) -> dict[str, Any]:
        """What `status.json` holds."""
        return {
            "job": self.job,
            "stream": self.stream,
            "state": self.state,
            "pid": os.getpid(),
            "at": now_utc(),
            "batches": self.batches,
            "read": self.read,
            "decoded": self.decoded,
            "duplicates": self.duplicates,
            "quarantined": self.quarantined,
            "lost": self.lost,
            "alerts_per_s": round(self.rate.last_minute(), 2),
            "alerts_per_s_run": round(self.rate.whole_run(), 2),
            "modules": self.modules,
            "newest_mjd": self.newest_mjd,
            "last_commit": self.last_commit,
            "last_error": self.last_error,
            "shortfalls": self.shortfalls,
            "query": self.query,
            **self._batch,
            **self.more(),
        }


def newest_mjd(layout: Layout, record: Record) -> float | None:
    """Time of a batch's newest alert, from the statistics of its files.

    Parameters
    ----------
    layout : Layout
        Of the output.
    record : Record
        Its files are published.

    Returns
    -------
    float or None
        MJD TAI [d]; None if it holds none.
    """
    table = next((name for name in ("science", "raw") if name in record.tables), None)
    newest = [_greatest(layout.root / file.name, "mjd") for file in record.files if file.table == table and file.rows]
    return max(filter(None, newest), default=None)


def _answers(numbers: Counts) -> dict[str, int]:
    """A module's numbers of a night without the reasons; answers of the earlier rule are answered."""
    reasons = [*numbers["partial"].items(), *numbers["null"].items()]
    return {
        "answered": numbers["answered"] + numbers.get("any_output", 0),
        "partial": sum(numbers["partial"].values()),
        "null": sum(numbers["null"].values()),
        "failed": sum(count for reason, count in reasons if reason.startswith("failed")),
    }


def _greatest(path: Path, column: str) -> float | None:
    metadata = pq.read_metadata(path)
    place = [metadata.schema.column(number).path for number in range(len(metadata.schema))].index(column)
    statistics = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
    return max((each.max for each in statistics if each is not None and each.has_min_max), default=None)
