"""A training, whole: what it leaves, what a kill costs, what it refuses."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.labels import table as labels
from jobs.modules.trained_on import TrainedOn, object_names
from jobs.training.config import TrainingConfig
from jobs.training.examples import KEYS, Examples
from jobs.training.run import sides_of, train
from jobs.training.splitting import TEST

ROOT, HELPERS = Path(__file__).parents[3], Path(__file__).parents[2] / "helpers" / "trainables"
N = 400
# A process of its own, as it is killed.
PROGRAM = f"""
import json, sys
sys.path.insert(0, {str(ROOT)!r})
from jobs.labels import class_names
from jobs.training import trainables
from jobs.training.config import TrainingConfig
from jobs.training.run import train
class_names._COARSE_OF.update(A="A", B="B")
trainables.__path__.append({str(HELPERS)!r})
told = json.loads(sys.argv[1])
train("line", TrainingConfig(**told), tell=print)
"""


def written(
    folder: Path, label: Callable[[int, float], str] = lambda number, x: "B" if x > 0 else "A"
) -> dict[str, Any]:
    """Two files of points, two of each object, their labels, and a configuration."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(4)
    x, y = np.repeat(rng.normal(0, 1, N // 2), 2), rng.normal(0, 1, N)
    names = [f"o{number // 2:03}" for number in range(N)]
    ra = np.repeat(np.linspace(0, 300, N // 2), 2)
    table = pa.table(
        {"survey": ["ztf"] * N, "object_id": names, "alert_id": range(N), "ra": ra, "dec": ra / 10, "x": x, "y": y}
    )
    pq.write_table(table.slice(0, 250), folder / "one.parquet")
    pq.write_table(table.slice(250), folder / "two.parquet")
    rows = [
        {"survey": "ztf", "object_id": f"o{i:03}", "class": label(i, x[2 * i]), "source": "bts", "weight": 1.0}
        for i in range(N // 2)
    ]
    labels.write(pa.Table.from_pylist(rows, schema=labels.SCHEMA), folder / "labels.parquet")
    files = [str(folder / "one.parquet"), str(folder / "two.parquet")]
    return {"data": {"files": files}, "labels": [str(folder / "labels.parquet")], "level": "leaf", "folds": 3}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    # A and B are no class names of ours
    monkeypatch.setattr("jobs.labels.class_names._COARSE_OF", {"A": "A", "B": "B"})
    return written(tmp_path / "given") | {"output": str(tmp_path / "run")}


def test_a_training_leaves_one_folder_that_says_all(line: str, told: dict[str, Any], tmp_path: Path) -> None:
    result = train(line, TrainingConfig(**told))
    model = tmp_path / "run" / "model"
    digest = hashlib.sha256((model / "line.npz").read_bytes()).hexdigest()
    assert (model / "SHA256SUMS").read_text() == f"{digest}  line.npz\n"
    record = json.loads((model / "training.json").read_text())
    assert record["artefacts"] == {"line.npz": digest}
    assert record["examples"]["n"] == N
    assert record["files"][told["labels"][0]] == hashlib.sha256(Path(told["labels"][0]).read_bytes()).hexdigest()
    assert set(record["seeds"]) == {"split", "fold-0", "fold-1", "fold-2", "final"}
    measured = record["measures"]
    assert set(measured) == {"cross-validation, real", "test part, real"}
    assert measured["cross-validation, real"]["n"] + measured["test part, real"]["n"] == N
    assert measured["cross-validation, real"]["accuracy"]["value"] > 0.9
    card = (model / "README.md").read_text()
    for wanted in (
        "# line 1.0.0",
        "| A | bts | real |",
        digest,
        "Anything real.",
        "| fold 2 |",
        "expected calibration error",
    ):
        assert wanted in card
    assert sorted(path.name for path in (model / "plots").iterdir()) == [
        "cross-validation_real.png",
        "test_part_real.png",
    ]
    predictions = pq.read_table(model / "predictions.parquet")
    assert predictions.num_rows == N
    assert predictions["p_A"].to_numpy() + predictions["p_B"].to_numpy() == pytest.approx(1)
    assert result.scores is not None and len(result.scores) == N


def test_the_objects_that_it_learned_from_are_kept_as_hashes(line: str, told: dict[str, Any], tmp_path: Path) -> None:
    """And those of the test part are not among them."""
    result = train(line, TrainingConfig(**told))
    names, tested = object_names(result.examples.keys), result.sides.part == TEST
    assert 0 < tested.sum() < N
    found = TrainedOn.beside(tmp_path / "run" / "model")
    assert found.knows(names).tolist() == (~tested).tolist()
    assert len(found.objects) == (N - tested.sum()) // 2  # two examples of each object


def test_no_object_is_scored_by_a_fit_that_saw_it(line: str, told: dict[str, Any]) -> None:
    result = train(line, TrainingConfig(**told))
    for fit in result.fits:
        assert len(fit.unseen)
        trained = {
            "final": result.sides.part == "train",
            **{f"fold-{k}": (result.sides.fold >= 0) & (result.sides.fold != k) for k in range(3)},
        }[fit.name]
        seen = {row["object_id"] for row in result.examples.select(trained).keys.to_pylist()}
        assert not seen & {row["object_id"] for row in fit.unseen.keys.to_pylist()}


def test_random_labels_give_chance(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.labels.class_names._COARSE_OF", {"A": "A", "B": "B"})
    coin = np.random.default_rng(9).random(N) < 0.5
    config = written(tmp_path / "given", lambda number, _: "A" if coin[number] else "B") | {
        "output": str(tmp_path / "run")
    }
    result = train(line, TrainingConfig(**config))
    assert result.scores is not None
    low, high = result.scores.measured()["cross-validation, real"].confusion().accuracy.interval
    assert low < 0.5 + 0.1 and high > 0.5 - 0.1


def started(told: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(told)], text=True, capture_output=True)


def test_a_killed_training_goes_on_from_its_last_checkpoint_and_gives_the_same_bytes(
    line: str, told: dict[str, Any], tmp_path: Path
) -> None:
    killed = {**told, "output": str(tmp_path / "killed"), "settings": {"kill": str(tmp_path / "was_killed")}}
    whole = {**told, "output": str(tmp_path / "whole")}
    assert started(killed).returncode == -signal.SIGKILL
    assert (tmp_path / "was_killed").exists()
    assert not (tmp_path / "killed" / "model").exists()
    again = started(killed)
    assert again.returncode == 0, again.stderr
    assert "fold-0" not in again.stdout  # done before the kill
    assert [line.split(",")[0] for line in again.stdout.splitlines() if "fold-1" in line] == [
        "fold-1: 4 of 6", "fold-1: 5 of 6", "fold-1: 6 of 6",
    ]  # fmt: skip
    train(line, TrainingConfig(**whole))
    for name in ("model/line.npz", "fits/fold-1/line.npz"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_examples_that_a_kill_cut_short_are_made_again(line: str, told: dict[str, Any], tmp_path: Path) -> None:
    train(line, TrainingConfig(**told))
    examples = tmp_path / "run" / "examples"
    before = {path.name: path.read_bytes() for path in examples.iterdir()}
    (examples / "part-00001.json").unlink()
    (examples / "part-00001-0007.parquet").write_bytes(b"half")
    train(line, TrainingConfig(**told))
    assert {path.name: path.read_bytes() for path in examples.iterdir()} == before


def test_a_folder_of_another_training_is_refused_and_says_both(line: str, told: dict[str, Any]) -> None:
    train(line, TrainingConfig(**told))
    with pytest.raises(ValueError, match="seed was 20260101, now 5"):
        train(line, TrainingConfig(**told, seed=5))
    labels.write(labels.read(Path(told["labels"][0])).slice(1), Path(told["labels"][0]))
    with pytest.raises(ValueError, match=r"file .*labels\.parquet was \[\d+, \d+\], now"):
        train(line, TrainingConfig(**told))


def test_a_model_gets_another_version_without_being_fitted_again(
    line: str, told: dict[str, Any], tmp_path: Path
) -> None:
    train(line, TrainingConfig(**told))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "fits").rglob("*")}
    found = train(line, TrainingConfig(**told, version="9.1"))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "fits").rglob("*")} == before
    record = json.loads((tmp_path / "run" / "model" / "training.json").read_text())
    assert (record["version"], record["config"]["version"], found.version) == ("9.1", "9.1", "9.1")
    assert f"# {line} 9.1" in (tmp_path / "run" / "model" / "README.md").read_text()


def test_examples_without_a_label_are_counted_and_said(line: str, told: dict[str, Any], tmp_path: Path) -> None:
    given = labels.read(Path(told["labels"][0]))
    labels.write(given.slice(10), Path(told["labels"][0]))
    result = train(line, TrainingConfig(**told))
    assert result.left_out == {"no label": 20}
    assert "Left out: no label 20." in (tmp_path / "run" / "model" / "README.md").read_text()


def test_without_examples_nothing_is_trained(line: str, told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no examples to train on; left out: .*no label.: 400"):
        train(line, TrainingConfig(**{**told, "labels": []}))


def test_an_unknown_trainable_or_key_is_refused_with_the_nearest(line: str, told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="did you mean line"):
        train("lnie", TrainingConfig(**told))
    with pytest.raises(ValueError, match=r"settings: no key .epoch. .did you mean epochs"):
        train(line, TrainingConfig(**told, settings={"epoch": 3}))


def test_alerts_without_an_object_are_each_by_themselves() -> None:
    first = 2667398424415015006  # too long for a float
    n = 40
    keys = {"survey": ["lsst"] * n, "alert_id": range(first, first + n), "label": ["asteroid"] * n}
    table = pa.table({name: pa.array(keys.get(name, [None] * n), KEYS.field(name).type) for name in KEYS.names})
    sides = sides_of(Examples((), table, ()), TrainingConfig())
    assert len(set(sides.group.tolist())) == n
    assert (sides.part == "test").sum() == 0.2 * n
