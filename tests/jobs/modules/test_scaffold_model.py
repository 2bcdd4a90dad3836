"""From a trained model to a module that passes the contract suite as it is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from jobs.cli.module import main
from jobs.modules.onnx_models import ModelProblem, read_tabular
from jobs.modules.scaffold import ScaffoldError
from jobs.modules.scaffold_model import Wish, new_module_of_model
from science_modules import registry, suite
from science_modules.common import examples

ROOT = Path(__file__).resolve().parents[3]
FEATURES = ("flux", "n_detections", "lc_features.skew_r")


@pytest.fixture(scope="module")
def training():
    rng = np.random.default_rng(5)
    rows = (rng.normal(size=(400, 3)) * (1000, 20, 1)).astype(np.float32)
    kind = np.where(rows[:, 0] > 400, "SN Ia", np.where(rows[:, 1] > rows[:, 2] * 10, "AGN", "other"))
    return rows, kind


@pytest.fixture(scope="module")
def forest(training):
    rows, kind = training
    return RandomForestClassifier(30, random_state=0).fit(rows, kind)


def written(tmp_path: Path, fitted, rows, **options) -> Path:
    path = tmp_path / "forest.onnx"
    path.write_bytes(to_onnx(fitted, rows[:1], options={id(fitted): options} if options else None).SerializeToString())
    return path


@pytest.mark.parametrize("options", [{}, {"zipmap": False}, {"zipmap": "columns"}])
def test_the_probabilities_of_scikit_learn_are_picked(options, tmp_path, training, forest):
    rows, _ = training
    path = written(tmp_path, forest, rows, **options)
    if options.get("zipmap") == "columns":
        with pytest.raises(ModelProblem, match="has one per class: convert it with zipmap=False"):
            read_tabular(path)
        return
    file = read_tabular(path)
    assert (file.n_features, file.n_values, file.classes) == (3, 3, ("AGN", "SN Ia", "other"))


def test_the_module_answers_what_the_forest_answers(tmp_path, training, forest, monkeypatch):
    rows, _ = training
    path = written(tmp_path, forest, rows)
    new_module_of_model("kind_of", tmp_path / "mine", path, Wish(FEATURES))
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path / "mine"))
    alerts = examples.table(
        [
            {"survey": "ztf", "alert_id": n, "object_id": "a", "flux": float(r[0]), "n_detections": int(r[1])}
            for n, r in enumerate(rows)
        ]
    )
    skew = pa.StructArray.from_arrays([pa.array(rows[:, 2])], ["skew_r"])
    from science_modules.common.alert_batch import AlertBatch
    from science_modules.common.artefacts import find

    module = registry.get("kind_of")
    frame = module.run(AlertBatch(alerts.append_column("lc_features", skew)), module.load(find(module)))
    given = rows.copy()
    given[:, 1] = np.trunc(rows[:, 1])
    assert list(frame.columns) == ["p_agn", "p_sn_ia", "p_other", "error"]
    assert frame.error.isna().all()
    np.testing.assert_allclose(
        frame[["p_agn", "p_sn_ia", "p_other"]].to_numpy(), forest.predict_proba(given), atol=1e-6
    )
    assert frame.p_sn_ia.max() > 0.9 and frame.p_sn_ia.min() < 0.1


def test_the_folder_passes_the_suite_as_it_is_from_any_directory(tmp_path, training, forest, capsys):
    path = written(tmp_path, forest, training[0])
    given = [
        "new",
        "kind_of_two",
        "--directory",
        str(tmp_path / "mine"),
        "--from",
        str(path),
        "--features",
        ",".join(FEATURES),
    ]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert f"STRIX_MODULE_PATH={tmp_path}/mine python -m science_modules.suite kind_of_two" in said
    environment = os.environ | {"STRIX_MODULE_PATH": "mine", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "science_modules.suite", "kind_of_two"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok   kind_of_two") == len(suite.CHECKS)


def test_a_regression_gives_a_value(tmp_path, training):
    rows, _ = training
    fitted = RandomForestRegressor(10, random_state=0).fit(rows, rows.sum(axis=1))
    folder = new_module_of_model("how_much", tmp_path / "mine", written(tmp_path, fitted, rows), Wish(FEATURES))
    assert 'VALUES = ("value",)' in (folder / "__init__.py").read_text()


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(FEATURES[:2]), "wants 3 features, 2 are named"),
        (Wish(FEATURES, ("a", "b")), "gives 3 values, 2 classes are named"),
        (Wish(FEATURES, ("a", "A ", "b")), "become the same columns: p_a, p_a, p_b"),
        (Wish(("flux", "n_detections", "flx")), "feature 'flx' is no number of the view"),
        (Wish(("flux", "n_detections", "band")), "feature 'band' is no number of the view"),
        (Wish(("flux", "n_detections", "lc_features.skw_r")), "lc_features gives no number of that name"),
    ],
)
def test_what_does_not_fit_is_told_with_both_sides(wish, message, tmp_path, training, forest):
    path = written(tmp_path, forest, training[0])
    with pytest.raises((ModelProblem, ScaffoldError), match=message):
        new_module_of_model("never", tmp_path / "mine", path, wish)
    assert not (tmp_path / "mine").exists()


def test_a_feature_that_changes_nothing_is_named(tmp_path, training):
    rows, kind = training
    blind = rows.copy()
    blind[:, 2] = 0
    fitted = RandomForestClassifier(5, random_state=0).fit(blind, kind)
    with pytest.raises(ModelProblem, match="skew_r changes no answer"):
        new_module_of_model("blind", tmp_path / "mine", written(tmp_path, fitted, blind), Wish(FEATURES))


def test_files_that_are_no_such_model_are_refused(tmp_path):
    with pytest.raises(ModelProblem, match="no file"):
        read_tabular(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model at all, and long enough to be parsed")
    with pytest.raises(ModelProblem, match="is no ONNX model"):
        read_tabular(tmp_path / "text.onnx")
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3, 63, 63])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3, 63, 63])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [image], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "image.onnx")
    with pytest.raises(
        ModelProblem, match=r"wants one float32 input of shape \(free, n_features\), .* has x \[0, 3, 63, 63\]"
    ):
        read_tabular(tmp_path / "image.onnx")
