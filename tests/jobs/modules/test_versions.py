"""A trained model beside the one that came with its module."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from views import light_curves

import science_modules
from jobs.cli.models import main
from jobs.config import JobConfig, load
from jobs.modules.scaffold import ScaffoldError
from jobs.modules.trained_on import FILE
from jobs.modules.versions import install
from jobs.pipeline.enrichment.modules import Enrichment
from science_modules import registry
from science_modules.common import artefacts
from science_modules.common.artefacts import ArtefactError
from science_modules.suite import CHECKS, case, problem_of

BASE = registry.get("anomaly")
FOREST = Path(science_modules.__file__).parent / "anomaly" / "forest_ztf.npz"


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """What `strix train anomaly` leaves, with the shipped forest as the artefact."""
    folder = tmp_path / "model"
    (folder / "plots").mkdir(parents=True)
    shutil.copyfile(FOREST, folder / FOREST.name)
    (folder / "README.md").write_text("# anomaly 2.1.0\n")
    record = {
        "name": "anomaly",
        "version": "2.1.0",
        "surveys": ["ztf"],
        "artefacts": {FOREST.name: BASE.artefacts[0].sha256},
    }
    (folder / "training.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of modules, forgotten at the end."""
    folder = tmp_path / "my_modules"
    folder.mkdir()
    monkeypatch.setenv("STRIX_MODULE_PATH", str(folder))
    monkeypatch.setattr(science_modules, "__path__", list(science_modules.__path__))
    yield folder
    sys.modules.pop("science_modules.anomaly_v2_1_0", None)


def test_two_versions_answer_beside_each_other(
    trained: Path, modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", "--from", str(trained)]) == 0
    assert "anomaly@2.1.0, its column is anomaly_v2_1_0" in capsys.readouterr().out
    names = ["lc_features", "anomaly", "anomaly@2.1.0"]
    resolved = registry.resolve(names)
    assert [module.name for module in resolved] == ["lc_features", "anomaly", "anomaly_v2_1_0"]
    assert not (modules / "anomaly_v2_1_0" / FILE).exists()  # a training before 2026-11-29 left none
    found = {module.name: artefacts.find(module) for module in resolved}
    scored = Enrichment(resolved, found).run(alerts())
    old, new = scored["anomaly"].to_pylist(), scored["anomaly_v2_1_0"].to_pylist()
    assert [row.pop("version") for row in (old[0], new[0])] == [BASE.version, "2.1.0"]
    assert new[0]["error"] is None and new[0]["score"] < 0
    assert old[0] == new[0]  # the same forest


def test_an_installed_version_passes_the_suite_and_another_answer_shows(trained: Path, modules: Path) -> None:
    (trained / FILE).write_bytes(b"objects")
    folder = install(trained, modules)
    assert (folder / FILE).read_bytes() == b"objects"
    installed = case("anomaly@2.1.0")
    assert [problem for check in CHECKS if (problem := problem_of(check, installed))] == []
    cases = json.loads((folder / "golden.json").read_text())
    own = json.loads((registry.folders()["anomaly"] / "golden.json").read_text())
    assert [each["inputs"] for each in cases] == [each["inputs"] for each in own]
    assert [each["error"] for each in cases] == [each.get("error") for each in own]
    assert "anomaly 2.1.0 itself when it was installed: Python 3." in cases[0]["how"]
    assert cases[0]["outputs"]["score"] == pytest.approx(own[0]["outputs"]["score"], rel=1e-9)  # the same forest
    cases[0]["outputs"]["score"] *= 1.001
    (folder / "golden.json").write_text(json.dumps(cases))
    assert "score" in str(problem_of("golden", installed))


def alerts() -> pa.Table:
    """One alert with twelve detections in r."""
    flux = np.random.default_rng(1).uniform(1e4, 3e4, 12)
    table = pa.table(
        {**light_curves([[(60000.0 + i, "r", flux[i], 100.0) for i in range(12)]]), "corrected": pa.array([False])}
    )
    known = {"survey": "ztf", "alert_id": 1, "object_id": "a", "mjd": 60011.0, "quality_ok": True, "real_bogus": 0.9}
    for name, value in known.items():
        table = table.append_column(name, pa.array([value]))
    return table


def test_a_job_names_a_version(trained: Path, modules: Path) -> None:
    install(trained, modules)
    assert JobConfig().but(modules=("anomaly@2.1.0",)).science.modules == ("anomaly_v2_1_0",)
    assert load(None, {"modules": "lc_features,anomaly@2.1.0"}).science.modules[-1] == "anomaly_v2_1_0"
    assert registry.get("anomaly@2.1.0").version == "2.1.0"


def test_a_version_that_is_not_there_is_refused() -> None:
    with pytest.raises(registry.UnknownModule, match="no science module 'anomaly_v9'"):
        registry.get("anomaly@9")


def test_installing_twice_changes_nothing_and_another_model_of_the_version_is_refused(
    trained: Path, modules: Path
) -> None:
    folder = install(trained, modules)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert install(trained, modules) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    record = json.loads((folder / "training.json").read_text())
    record["artefacts"] = {"forest_ztf.npz": "0" * 64}
    (folder / "training.json").write_text(json.dumps(record))
    with pytest.raises(ScaffoldError, match=r"holds another model of version 2\.1\.0"):
        install(trained, modules)


def test_a_changed_or_absent_artefact_is_refused_and_nothing_is_written(trained: Path, modules: Path) -> None:
    (trained / FOREST.name).write_bytes(b"other")
    with pytest.raises(ArtefactError, match=r"training.json says sha256 2fa2.*, found "):
        install(trained, modules)
    (trained / FOREST.name).unlink()
    with pytest.raises(ArtefactError, match="is not there"):
        install(trained, modules)
    assert list(modules.iterdir()) == []


def test_a_model_of_another_module_is_refused(trained: Path, modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", "acai", "--from", str(trained)]) == 2
    assert "is a model of anomaly, acai is wanted" in capsys.readouterr().err


def test_without_a_name_a_folder_of_a_training_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", "--from", str(tmp_path)]) == 2
    assert "a folder that `strix train` left" in capsys.readouterr().err
