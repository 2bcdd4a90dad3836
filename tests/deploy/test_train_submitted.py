"""A training by Spark's own spark-submit: examples by its tasks, a SIGKILL on the way, the bytes of a run without either."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from standalone import SPARK

from jobs.simulation import simulate
from jobs.training.config import TrainingConfig
from jobs.training.run import train

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.soak, pytest.mark.spark, pytest.mark.timeout(600)]
SETTINGS = {"rounds": 4, "rate": 0.3, "bins": 6, "inner_folds": 2}


def submitted(night: Path, output: Path) -> list[str]:
    """As docs/training.md says it."""
    changes = {
        "data.alerts": f"[{night}]", "labels": f"[{night}/_truth/truth.parquet]", "folds": "2", "output": str(output),
        "settings": "{" + ", ".join(f"{key}: {value}" for key, value in SETTINGS.items()) + "}", "master": "local",
    }  # fmt: skip
    told = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    spark = [str(SPARK / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "512m"]
    return [*spark, str(ROOT / "jobs" / "train.py"), "stamp", *told]


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    own = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    with open(log, "wb") as stream:
        return subprocess.Popen(
            command, env={**inherited, **own}, stdout=stream, stderr=stream, start_new_session=True, cwd=log.parent
        )


def test_a_training_that_was_submitted_and_killed_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    night, output = tmp_path / "night", tmp_path / "submitted"
    simulate(night, 200, seed=3, per_file=60)
    command = submitted(night, output)
    first = started(command, tmp_path / "first.log")
    while not (output / "fits" / "fold-0" / "done.json").is_file():
        assert first.poll() is None, (tmp_path / "first.log").read_text()
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not (output / "model").exists()
    second = started(command, tmp_path / "second.log")
    said = tmp_path / "second.log"
    assert second.wait(300) == 0, said.read_text()
    told = said.read_text()
    assert "fold-0:" not in told and "train: fold-1: " in told
    assert f"next: strix models add --from {output}/model" in told
    given = {"data": {"alerts": (str(night),)}, "labels": (str(night / "_truth" / "truth.parquet"),), "folds": 2}
    whole = TrainingConfig(**given, validation=0.0, test=0.0, settings=SETTINGS, output=str(tmp_path / "whole"))  # type: ignore[arg-type]
    artefacts = train("stamp", whole).artefacts
    assert {name: (output / "model" / name).read_bytes() for name in artefacts} == artefacts
