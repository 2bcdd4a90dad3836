"""stamp_network and acai trained for a few steps on a small simulated night: the whole way, and the same bytes after a stop."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.simulation import simulate
from jobs.training.config import TrainingConfig
from jobs.training.mapped_arrays import arrays, mapped
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainable import get
from science_modules import acai, stamp
from science_modules.acai.scaling import ABSENT, FARTHEST, Scaling
from science_modules.common import artefacts

pytestmark = pytest.mark.tensorflow
TRUTH = "_truth/truth.parquet"
STEPS = {
    "batch": 10,
    "iterations": 24,
    "extension": 1,
    "every": 4,
    "precision": "float32",
    "without": ("rb", "ncovhist"),
}
EPOCHS = {"rate": 0.003, "epochs": 1, "rounds": 1, "epochs_again": 1, "negatives": 1.0}
BLANK = {**EPOCHS, "start": "blank", "image": "trained"}


@pytest.fixture(scope="module", autouse=True)
def step_by_step() -> Iterator[None]:
    """Without graphs: a few steps take less than the making of one; test_learner.py makes one."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install strix[tensorflow]")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks") / "night"
    simulate(folder, 90, seed=3, per_file=60)
    return folder


def told(night: Path, output: Path, settings: Any, **data: Any) -> TrainingConfig:
    given = {"alerts": (str(night),), **data}
    labels = (str(night / TRUTH),)
    return TrainingConfig(
        output=str(output), data=given, labels=labels, settings=settings, folds=0, validation=0.2, test=0.2
    )


@pytest.fixture(scope="module")
def trained(night: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return train("stamp_network", told(night, tmp_path_factory.mktemp("trained") / "run", STEPS))


def stop_at(line: str) -> Callable[[str], None]:
    def tell(said: str) -> None:
        if line in said:
            raise KeyboardInterrupt

    return tell


def test_the_published_network_is_trained_and_answers_what_it_has_not_seen(trained: Result) -> None:
    assert trained.scores is not None and set(trained.scores.measured()) == {"test part, simulated"}
    said = trained.scores.probabilities
    assert len(said) >= 12 and said.shape[1] == 5
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-6)
    assert said.std(axis=0).min() > 1e-3
    assert all(0 <= trained.facts[f"silent units of {name}, for all real stamps"] < 1 for name in ("conv_1", "dense_3"))


def test_it_does_not_look_at_features_that_it_is_not_shown(trained: Result) -> None:
    network = get("stamp_network")
    table = trained.examples.select(np.ones(len(trained.sides.part), bool)).table()
    onnx = trained.artefacts["stamp_network.onnx"]
    from jobs.training.onnx_answers import answers

    given = arrays(table, {"stamps": (21, 21, 3), "features": (26,)})
    usual = answers(onnx, given)
    for name, number in (("rb", 13), ("ncovhist", 18), ("magpsf", 8)):
        other = given["features"].copy()
        other[:, number] += 1.0
        moved = np.abs(answers(onnx, {**given, "features": other}) - usual).max()
        assert (moved == 0) == (name != "magpsf"), name
    with pytest.raises(ValueError, match=r"without names \['drb'\], features are sgscore1"):
        network.settings(without=("drb",))


def test_a_training_that_was_stopped_goes_on_and_leaves_the_same_bytes(
    trained: Result, night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.training.trainables import stamp_network

    monkeypatch.setattr(stamp_network, "_TOLD_EVERY", 5)
    config = told(night, tmp_path / "run", STEPS)
    with pytest.raises(KeyboardInterrupt):
        train("stamp_network", config, stop_at("final: 10 of"))
    lines: list[str] = []
    again = train("stamp_network", config, lines.append)
    assert not any("final: 10 of" in line for line in lines)
    assert again.artefacts == trained.artefacts


def test_five_networks_of_acai_are_trained_and_the_module_runs_them(night: Path, tmp_path: Path) -> None:
    result = train("acai", told(night, tmp_path / "run", BLANK, braai=False))
    assert set(result.artefacts) == {f"{name}.onnx" for name in acai.NETWORKS}
    assert result.scores is not None and result.scores.probabilities.shape[1] == 5
    assert {row["label"] for row in result.examples.keys.to_pylist()} == {
        "hosted", "nuclear", "variable", "orphan", "bogus"
    }  # fmt: skip
    table = result.examples.select(np.ones(len(result.sides.part), bool)).table()
    scores = get("acai").score(result.artefacts, table)
    assert np.isfinite(scores).all() and scores.std(axis=0).min() > 1e-3
    assert len(acai.load(result.artefacts)) == 5
    assert set(result.facts) == {f"{name}: silent units by layer" for name in acai.NETWORKS}
    again = mapped(result.examples.select(result.sides.part == "test"), {"features": (25,)}, tmp_path / "arrays")
    assert again["features"].shape == (int((result.sides.part == "test").sum()), 25)


def test_a_trained_network_of_acai_says_in_onnx_what_it_says_in_keras() -> None:
    from jobs.training.learner import keras_or_reason
    from jobs.training.onnx_answers import answers
    from jobs.training.trainables.acai import onnx_inputs
    from science_modules.acai import convert, network

    keras_or_reason().utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    features = rng.normal(20, 3, (40, 25)).astype(np.float32)
    features[::3, 11:14], features[5, 2] = -999, 1e6
    triplets = rng.normal(0.016, 0.01, (40, 60, 60, 3)).astype(np.float32)
    scaling, model = Scaling.of(features), network.build()
    onnx = convert.trained_to_onnx(network.weights_of(model), scaling)
    wanted = np.asarray(model([scaling(features), triplets]))
    assert wanted.std() > 1e-3
    said = answers(onnx, onnx_inputs({"features": features, "triplets": triplets}))
    np.testing.assert_allclose(said, wanted, atol=1e-6)


@pytest.fixture
def published(models_directory: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The published networks, installed."""
    monkeypatch.setenv("STRIX_MODELS", str(models_directory))
    return artefacts.find(acai.MODULE)


def test_a_network_that_begins_as_published_says_the_same_before_it_learns(
    night: Path, published: dict[str, bytes], tmp_path: Path
) -> None:
    """With its convolutions and without: the published file, Keras, and what leaves as ONNX. Fields beyond the clip differ."""
    from jobs.training.acai_beginnings import Beginning, trained
    from jobs.training.onnx_answers import answers
    from jobs.training.trainables.acai import _SHAPES, Data, onnx_inputs

    given = arrays(pa.concat_tables(get("acai").examples(str(night), Data(braai=False))), _SHAPES)
    features, triplets = given["features"], given["triplets"]
    wanted = answers(published["acai_n.onnx"], onnx_inputs(given))
    scaling = Scaling.of(features)
    inside = (np.abs((features - scaling.middle) * scaling.factor) < FARTHEST) | (features < ABSENT)
    rows = inside[:, scaling.factor > 0].all(axis=1)
    assert rows.sum() > 20 and wanted[rows].std() > 0.1
    for image in ("kept", "trained"):
        beginning = Beginning("published", image, 0.25, "float32")
        layers = beginning.layers("acai_n", scaling)
        model = beginning.network(layers, seed=1)
        images = beginning.images(layers, {"triplets": triplets}, tmp_path)
        assert images.shape[1:] == ((32,) if image == "kept" else (60, 60, 3))
        np.testing.assert_allclose(np.asarray(model([scaling(features), images]))[rows], wanted[rows], atol=1e-3)
        said = answers(trained(layers, model, scaling), onnx_inputs(given))
        np.testing.assert_allclose(said[rows], wanted[rows], atol=1e-3)


def test_with_published_convolutions_only_what_lies_behind_them_learns(
    night: Path, published: dict[str, bytes], tmp_path: Path
) -> None:
    result = train("acai", told(night, tmp_path / "run", EPOCHS, braai=False))
    moved = 0
    for name in acai.NETWORKS:
        before, after = (weights_in(held[f"{name}.onnx"]) for held in (published, result.artefacts))
        convolutions = [[each for each in held if each.ndim == 4] for held in (before, after)]
        assert len(convolutions[0]) == 8
        for one, other in zip(*convolutions, strict=True):
            np.testing.assert_array_equal(one, other)
        moved += np.abs(after[-2] - before[-2]).max() > 1e-4  # the last layer; where nothing got better all stays
    assert moved >= 3


def weights_in(content: bytes) -> list[np.ndarray]:
    import onnx

    return [onnx.numpy_helper.to_array(each) for each in onnx.load_from_string(content).graph.initializer]


def test_a_beginning_that_nothing_is_known_of_is_refused() -> None:
    settings = get("acai").settings
    with pytest.raises(
        ValueError, match="image: kept keeps published convolutions: it wants start: published, found blank"
    ):
        settings(start="blank")
    with pytest.raises(ValueError, match="start is blank or published, found 'zero'"):
        settings(start="zero")


def test_the_classes_are_those_of_the_modules() -> None:
    assert get("stamp_network").classes == stamp.CLASSES
    assert len(get("acai").classes) == len(acai.NETWORKS)
