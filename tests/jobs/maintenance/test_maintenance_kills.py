"""SIGKILL anywhere: a reader sees a night before or after, the ledger balances at once, the next run finishes the work."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from maintenance_runs import KILLED, ROOT, Runs
from small_outputs import gaps, left_over, nights, rows, run_night, seen, write_packets

from jobs.common import faults


@pytest.mark.parametrize("number", range(len(faults.MAINTENANCE)), ids=faults.MAINTENANCE)
def test_a_compaction_killed_at_any_step_loses_and_doubles_nothing(
    number: int, output: Path, killed_runs: Runs
) -> None:
    point, table = faults.MAINTENANCE[number], ("science", "raw", "cutouts")[number % 3]
    before, old = rows(output, [table]), seen(output)
    night = sorted(old)[-1].rpartition("night=")[2]
    arguments = ("compact", str(output), "--night", night, "--table", table)
    exchanges = point != "in_swap"
    assert killed_runs(*arguments, fault=point, exchanges=exchanges) == KILLED
    # Where folders cannot be exchanged a reader finds no folder for a moment; this kill is in that moment.
    now = seen(output) if exchanges else old
    assert {key for key in old if now[key] != old[key]} <= {f"{table}/night={night}"}
    if exchanges:
        assert rows(output, [table]) == before
        assert gaps(output) == []
    assert killed_runs(*arguments, exchanges=exchanges) == 0
    assert rows(output, [table]) == before
    assert gaps(output) == left_over(output) == []
    now = seen(output)
    assert {key for key in old if now[key] != old[key]} == {f"{table}/night={night}"}
    assert len(now[f"{table}/night={night}"]) == 1


def test_points_come_before_and_after_the_swap(output: Path, killed_runs: Runs) -> None:
    swapped = {}
    for point in faults.MAINTENANCE:
        if point != "in_swap":
            copy = output.parent / point
            shutil.copytree(output, copy)
            old = seen(copy)
            killed_runs("compact", str(copy), "--table", "raw", fault=point)
            swapped[point] = seen(copy) != old
    assert [point for point, done in swapped.items() if done] == [
        "after_swap",
        "after_done",
        "in_sweep",
        "after_sweep",
    ]


@pytest.mark.parametrize("point", ["house_begun", "after_journal", "after_swap", "after_done", "in_sweep"])
def test_a_pruning_killed_at_any_step_is_undone_or_finished(point: str, output: Path, killed_runs: Runs) -> None:
    before = rows(output, ["raw", "cutouts"])
    last = nights(output, "cutouts")[-1]
    arguments = ("prune", str(output), "--cutout-days", "0", "--as-of", "30000101")
    assert killed_runs(*arguments, fault=point) == KILLED
    assert gaps(output) == []
    there = rows(output, ["raw", "cutouts"])
    assert there | {"cutouts": []} == before | {"cutouts": []}
    assert there["cutouts"] in ([], before["cutouts"], [row for row in before["cutouts"] if row[:14] == last])
    assert killed_runs(*arguments) == 0
    assert rows(output, ["raw", "cutouts"]) == before | {"cutouts": []}
    assert gaps(output) == left_over(output) == []


@pytest.mark.parametrize("point", ["after_link", "after_journal", "after_swap"])
def test_a_job_that_starts_after_the_kill_finishes_or_undoes_it(
    point: str, output: Path, killed_runs: Runs, tmp_path: Path
) -> None:
    before = rows(output)
    assert killed_runs("compact", str(output), "--table", "raw", fault=point) == KILLED
    run_night(output, write_packets(tmp_path / "more", range(1000, 1006)))
    assert gaps(output) == left_over(output) == []
    after = rows(output)
    assert all(set(before[table]) <= set(after[table]) for table in before)
    assert len(after["raw"]) == len(before["raw"]) + 6


@pytest.mark.soak
def test_kills_at_random_times_change_nothing(output: Path) -> None:
    before = rows(output)
    random.seed(7)
    command = [sys.executable, "-m", "jobs.cli.main", "compact", str(output)]
    original = shutil.copytree(output, output.parent / "original")
    killed = 0
    for number in range(60):
        if number % 6 == 0:
            shutil.rmtree(output)
            shutil.copytree(original, output)
        job = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0.5, 5.0))
        job.kill()
        killed += job.wait() == KILLED
        assert rows(output) == before, number
        assert gaps(output) == [], number
    assert killed > 10
    assert subprocess.run(command, cwd=ROOT).returncode == 0
    assert rows(output) == before
    assert gaps(output) == left_over(output) == []
