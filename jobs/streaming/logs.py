"""What a job logs: a line per batch, warnings, as text or JSON, to stderr and to a rotated file in the output."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from jobs.common.plain_text import visible
from jobs.ledger.records import Record
from jobs.streaming.loggers import OURS

FILE_BYTES, FILES_KEPT = 10_000_000, 5
_LOG = logging.getLogger("strix.batch")


@contextmanager
def logs(job: str, file: Path, level: str = "info", form: str = "text") -> Iterator[None]:
    """Log a job's run; the handlers are gone afterwards.

    Parameters
    ----------
    job : str
        Named in each line.
    file : pathlib.Path
        Gets every line from `info` on; rotated at 10 MB, five are kept.
    level : str
        debug, info, warning or error: the least that is written to stderr. On a terminal the progress line tells of
        batches, and stderr gets warnings.
    form : str
        text or json.
    """
    loggers = [logging.getLogger(name) for name in OURS]
    before = [(each.level, each.propagate) for each in loggers]
    handlers = [_to_stderr(level), _to_file(file)]
    for handler in handlers:
        handler.setFormatter(_Json(job) if form == "json" else _Text(job))
    for each in loggers:
        each.setLevel(logging.DEBUG if level == "debug" else logging.INFO)
        each.propagate = False
        for handler in handlers:
            each.addHandler(handler)
    try:
        yield
    finally:
        for each, (least, propagate) in zip(loggers, before, strict=True):
            each.setLevel(least)
            each.propagate = propagate
            for handler in handlers:
                each.removeHandler(handler)
        for handler in handlers:
            handler.close()


def log_batch(record: Record, alerts_per_s: float, lag: int | None = None) -> None:
    """One line for a closed batch.

    Parameters
    ----------
    record : Record
        As the ledger has it.
    alerts_per_s : float
        Packets per second of the last minute.
    lag : int, optional
        Records of the topics that are there and not committed.
    """
    told = batch_numbers(record, alerts_per_s, lag)
    _LOG.info("%s", _sentence(told), extra={"told": told})


def batch_numbers(record: Record, alerts_per_s: float, lag: int | None) -> dict[str, Any]:
    """What a line says of a batch, by name; seconds by step in `timings_s`, matches by filter in `matched`.

    Parameters
    ----------
    record : Record
        As the ledger has it.
    alerts_per_s : float
        Packets per second of the last minute [1/s].
    lag : int or None
        Records of the topics that are there and not committed.
    """
    nights = record.nights.values()
    matched = {name: each["matched"] for name, each in record.sinks.get("filters", {}).items() if _is_count(each)}
    return {
        "stream": record.stream,
        "batch": record.batch,
        "read": sum(each["read"] for each in nights),
        "decoded": sum(each["decoded"] for each in nights),
        "duplicates": sum(each["duplicates"] for each in nights),
        "quarantined": sum(sum(each["quarantined"].values()) for each in nights),
        "alerts_per_s": round(alerts_per_s, 1),
        "lag": lag,
        "timings_s": record.timings_s,
        "matched": matched,
    }


def _is_count(each: Any) -> bool:
    return isinstance(each, Mapping) and "matched" in each


def _sentence(told: Mapping[str, Any]) -> str:
    parts = [f"{told[name]:,} {name}" for name in ("read", "decoded", "duplicates", "quarantined")]
    parts.append(f"{told['alerts_per_s']:,.1f}/s")
    if told["lag"] is not None:
        parts.append(f"{told['lag']:,} behind")
    if told["matched"]:
        parts.append(f"{sum(told['matched'].values()):,} matches")
    steps = " ".join(f"{name} {seconds:.2f}" for name, seconds in told["timings_s"].items())
    return f"batch {told['batch']} of {told['stream']}: {', '.join(parts)}; seconds: {steps}"


def _to_stderr(level: str) -> logging.Handler:
    handler = logging.StreamHandler()
    least = "warning" if sys.stderr.isatty() and level == "info" else level
    handler.setLevel(least.upper())
    return handler


def _to_file(file: Path) -> logging.Handler:
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    handler.setLevel(logging.INFO)
    return handler


class _Text(logging.Formatter):
    """`2026-11-28T14:30:05Z INFO night: batch 3 of ...`; what came with a packet is shown, never obeyed."""

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = job

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return f"{_at(record)} {record.levelname} {self.job}: {visible(record.getMessage())}"


class _Json(logging.Formatter):
    """The same as one JSON object a line: at, level, job, message, and a batch's numbers."""

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = job

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = getattr(record, "told", {})
        head = {"at": _at(record), "level": record.levelname.lower(), "job": self.job}
        return json.dumps({**head, **told, "message": record.getMessage()})


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
