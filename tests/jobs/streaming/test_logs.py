"""One line per batch, as text or JSON, on stderr and in a file; what came with a packet is shown, never obeyed."""

import json
import logging
from pathlib import Path

import pytest

from jobs.ledger.records import Plan, Record
from jobs.streaming.logs import log_batch, logs

NIGHT = {
    "read": 2000,
    "decoded": 1990,
    "duplicates": 5,
    "quarantined": {"unreadable": 3, "too_large": 2},
    "modules": {},
}


def record() -> Record:
    sinks = {"filters": {"bright": {"matched": 12}, "rising": {"matched": 1}}}
    plan = Plan("s-1", 7, "night", (), "2026-11-28T00:00:00+00:00", 61000.0)
    return Record(
        plan, "run", ("raw",), {"20261128": NIGHT}, (), {}, {}, "closed", sinks, {"stage": 1.25, "close": 0.0312}
    )


def test_a_batch_is_one_line_on_stderr_and_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs("night", tmp_path / "_logs" / "night.log"):
        log_batch(record(), 850.04, 120)
        logging.getLogger("strix.kafka").warning("topic \x1b[31mred\x1b[0m is new")
    log_batch(record(), 1.0)  # nobody listens any more
    lines = capsys.readouterr().err.splitlines()
    wanted = (
        " INFO night: batch 7 of s-1: 2,000 read, 1,990 decoded, 5 duplicates, 5 quarantined, 850.0/s, 120 behind,"
        " 13 matches; seconds: stage 1.25 close 0.03"
    )
    assert [line[20:] for line in lines] == [wanted, " WARNING night: topic \\x1b[31mred\\x1b[0m is new"]
    assert (tmp_path / "_logs" / "night.log").read_text().splitlines() == lines


def test_lines_of_json_hold_the_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs("night", tmp_path / "night.log", form="json"):
        log_batch(record(), 850.04)
    told = json.loads(capsys.readouterr().err)
    assert (told["level"], told["job"], told["stream"], told["batch"]) == ("info", "night", "s-1", 7)
    numbers = {name: told[name] for name in ("read", "decoded", "duplicates", "quarantined", "alerts_per_s", "lag")}
    assert numbers == {
        "read": 2000,
        "decoded": 1990,
        "duplicates": 5,
        "quarantined": 5,
        "alerts_per_s": 850.0,
        "lag": None,
    }
    assert told["matched"] == {"bright": 12, "rising": 1} and told["timings_s"] == {"stage": 1.25, "close": 0.0312}


def test_the_level_is_of_stderr_the_file_keeps_batches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs("night", tmp_path / "night.log", level="warning"):
        log_batch(record(), 850.0)
    assert capsys.readouterr().err == ""
    assert "batch 7 of s-1" in (tmp_path / "night.log").read_text()


def test_the_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.streaming.logs.FILE_BYTES", 1000)
    with logs("night", tmp_path / "night.log", level="error"):
        for _ in range(100):
            log_batch(record(), 850.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "night.log", "night.log.1", "night.log.2", "night.log.3", "night.log.4", "night.log.5"
    ]  # fmt: skip
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
