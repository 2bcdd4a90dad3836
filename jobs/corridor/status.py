"""What a running job tells monitors: `status.json` after every batch."""

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jobs.corridor.layout import Layout, replace_json
from jobs.corridor.ledger import Record


@dataclass
class Status:
    """Counts of this run and the state of the job."""

    layout: Layout
    job: str
    stream: str
    started: float = field(default_factory=time.monotonic)
    read: int = 0
    decoded: int = 0
    duplicates: int = 0
    quarantined: int = 0
    batches: int = 0

    def note(self, record: Record, state: str = "running") -> None:
        """Count a closed batch and tell."""
        for counts in record.nights.values():
            self.read += counts["read"]
            self.decoded += counts["decoded"]
            self.duplicates += counts["duplicates"]
            self.quarantined += sum(counts["quarantined"].values())
        self.batches += 1
        self.write(state, batch=record.batch, timings_s=record.timings_s)

    def write(self, state: str, **more: Any) -> None:
        """Replace `status.json`."""
        content = {
            "job": self.job,
            "stream": self.stream,
            "state": state,
            "pid": os.getpid(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "batches": self.batches,
            "read": self.read,
            "decoded": self.decoded,
            "duplicates": self.duplicates,
            "quarantined": self.quarantined,
            "alerts_per_s": round(self.rate(), 2),
            **more,
        }
        replace_json(self.layout.status, content)

    def rate(self) -> float:
        """Packets per second since the start."""
        return self.read / max(time.monotonic() - self.started, 1e-9)
