"""SIGKILL anywhere while a night is scored again: the old night or the new one, and the next run finishes the work."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from maintenance_runs import KILLED, ROOT, Runs
from rescoring_again import again, differing, science
from small_outputs import gaps, left_over, nights, run_night, seen, write_packets

from jobs.common import faults

MODULE = "lc_features"


@pytest.fixture(scope="module")
def scored_again(many_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output after its last night was scored again, undisturbed."""
    output = Path(shutil.copytree(many_small, tmp_path_factory.mktemp("again") / "out"))
    again(output, [MODULE], _last(output))
    return output


def _last(output: Path) -> str:
    return nights(output, "science")[-1].removeprefix("night=")


@pytest.mark.parametrize("point", faults.RESCORING)
def test_a_rescoring_killed_at_any_step_is_undone_or_finished(
    point: str,
    output: Path,
    scored_again: Path,
    killed_runs: Runs,
) -> None:
    before, old = science(output), seen(output)
    arguments = (
        "enrich",
        "--again",
        "--night",
        _last(output),
        "--modules",
        MODULE,
        "--keep-old",
        "--output",
        str(output),
    )
    exchanges = point != "in_swap"
    assert killed_runs(*arguments, fault=point, exchanges=exchanges) == KILLED
    done = faults.RESCORING.index(point) > faults.RESCORING.index("in_swap")
    if exchanges:
        found = science(output)
        assert (differing(found, science(scored_again)) if done else differing(found, before)) == []
        assert gaps(output) == []
    assert killed_runs(*arguments, exchanges=exchanges) == 0
    assert differing(science(output), science(scored_again)) == []
    assert gaps(output) == left_over(output) == []
    assert {key for key, names in seen(output).items() if names != old[key]} == {f"science/night={_last(output)}"}
    replaced = list((output / "_replaced").glob("*/science/night=*/*.parquet"))
    assert sorted(path.name for path in replaced) == old[f"science/night={_last(output)}"]


@pytest.mark.parametrize("point", ["in_rewrite", "after_journal", "after_swap"])
def test_a_job_that_starts_after_the_kill_finishes_or_undoes_it(
    point: str,
    output: Path,
    killed_runs: Runs,
    tmp_path: Path,
) -> None:
    before = science(output)
    arguments = ("enrich", "--again", "--night", _last(output), "--modules", MODULE, "--output", str(output))
    assert killed_runs(*arguments, fault=point) == KILLED
    run_night(output, write_packets(tmp_path / "more", range(1000, 1006)))
    assert gaps(output) == left_over(output) == []
    found = science(output)
    assert found.num_rows == before.num_rows + 6
    assert (MODULE in found.column_names) == (point == "after_swap")


@pytest.mark.soak
@pytest.mark.spark
def test_kills_at_random_times_leave_the_old_night_or_the_new(output: Path, scored_again: Path) -> None:
    before, after = science(output), science(scored_again)
    original = shutil.copytree(output, output.parent / "original")
    command = [sys.executable, "-m", "jobs.cli.main", "enrich", "--again", "--night", _last(output)]
    command += ["--modules", MODULE, "--output", str(output), "--master", "local[2]"]
    random.seed(11)
    killed = 0
    for number in range(20):
        job = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(4.0, 16.0))
        job.kill()
        killed += job.wait() == KILLED
        found = science(output)
        assert differing(found, after if MODULE in found.column_names else before) == [], number
        assert gaps(output) == [], number
        if MODULE in found.column_names:
            shutil.rmtree(output)
            shutil.copytree(original, output)
    assert killed > 5
    assert subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    assert differing(science(output), after) == []
    assert gaps(output) == left_over(output) == []
