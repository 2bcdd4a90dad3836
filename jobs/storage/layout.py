"""Where things are in an output directory, and how a file gets its name in one step."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = ("raw", "science", "cutouts", "quarantine")
UNKNOWN_NIGHT = "unknown"


@dataclass(frozen=True)
class Layout:
    """The paths of one output directory.

    Tables are `<table>/night=<YYYYMMDD>/<stream>-<batch>-<part>.parquet`; names that begin with `_` are not data.
    """

    root: Path

    @property
    def staging(self) -> Path:
        """What is not committed; nobody reads it."""
        return self.root / "_staging"

    def batch_staging(self, stream: str, batch: int) -> Path:
        """The staged files of one batch."""
        return self.staging / f"{stream}-{batch:09d}"

    @property
    def ledger(self) -> Path:
        """One folder per stream, one file per batch."""
        return self.root / "ledger"

    def stream_ledger(self, stream: str) -> Path:
        """The ledger of one stream."""
        return self.ledger / f"stream={stream}"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.root / "_lock"

    @property
    def status(self) -> Path:
        """What the job did last, for people and monitors."""
        return self.root / "status.json"

    def checkpoint(self, job: str) -> Path:
        """Where a job's stream id is kept unless the configuration names another place."""
        return self.root / "_checkpoints" / job

    def log(self, job: str) -> Path:
        """The log file of a job."""
        return self.root / "_logs" / f"{job}.log"

    def table(self, name: str) -> Path:
        """The folder of one table."""
        return self.root / name

    def published(self, table: str, night: str, stream: str, batch: int, part: int) -> Path:
        """The final name of a data file."""
        return self.table(table) / f"night={night}" / f"{stream}-{batch:09d}-{part:04d}.parquet"


def replace_file(path: Path, text: str, durable: bool) -> None:
    """Write text under a temporary name and rename it into place, so that a reader sees all of it or none.

    Parameters
    ----------
    durable : bool
        Sync file and directory first, against power loss.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(temporary, "w", encoding="utf-8") as handle:
        handle.write(text)
        if durable:
            handle.flush()
            os.fsync(handle.fileno())
    os.replace(temporary, path)
    if durable:
        sync_directory(path.parent)


def replace_json(path: Path, content: Any, durable: bool = False) -> None:
    """`replace_file` with JSON."""
    replace_file(path, json.dumps(content, indent=1, sort_keys=True) + "\n", durable)


def sync_directory(path: Path) -> None:
    """Make renames in a directory survive power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content survive power loss."""
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())
