"""A trained model beside the one that came with its module."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from views import light_curves

import science_modules
from jobs.cli.models import main
from jobs.cli.module import main as module_main
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


def changed(trained: Path, version: str) -> Path:
    """A model of other bytes than the shipped forest, which loads all the same, under a version."""
    with np.load(trained / FOREST.name) as known:
        arrays = {name: known[name] for name in known.files}
    np.savez(trained / FOREST.name, **arrays)  # stored, not deflated
    record = json.loads((trained / "training.json").read_text())
    digest = sha256((trained / FOREST.name).read_bytes()).hexdigest()
    (trained / "training.json").write_text(
        json.dumps({**record, "version": version, "artefacts": {FOREST.name: digest}})
    )
    return trained


def test_another_model_of_the_shipped_version_is_refused_and_nothing_is_written(
    trained: Path, modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", "--from", str(changed(trained, BASE.version))]) == 2
    told = capsys.readouterr().err
    assert f"{FOREST.parent} holds another model of version {BASE.version}: " in told
    assert BASE.artefacts[0].sha256 in told and "--set version=NUMBER keeps what is done" in told
    assert list(modules.iterdir()) == []
    assert main(["add", "--from", str(changed(trained, "2.1.0"))]) == 0


def test_a_version_that_lies_in_another_directory_is_found_there(
    trained: Path, modules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two directories with one module would stop every job."""
    folder, other = install(trained, modules), modules.parent / "other"
    other.mkdir()
    monkeypatch.setenv("STRIX_MODULE_PATH", f"{other}{os.pathsep}{modules}")
    assert main(["add", "--from", str(trained)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{folder}: anomaly@2.1.0") and "export" not in told
    assert main(["add", "--from", str(changed(trained, "2.1.0"))]) == 2
    assert f"{folder} holds another model of version 2.1.0" in capsys.readouterr().err
    assert list(other.iterdir()) == []


def test_an_installation_that_was_killed_is_done_again(trained: Path, modules: Path) -> None:
    (modules / "anomaly_v2_1_0").mkdir()
    (modules / "anomaly_v2_1_0" / "golden.json").write_text("half")
    folder = install(trained, modules)
    assert registry.get("anomaly@2.1.0").version == "2.1.0"
    assert json.loads((folder / "golden.json").read_text())


def test_a_directory_that_the_path_names_is_made_by_add_and_said_by_list(
    trained: Path, modules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = modules.parent / "not" / "yet"
    monkeypatch.setenv("STRIX_MODULE_PATH", f"{modules}{os.pathsep}{new}")
    for lists in (main, module_main):
        assert lists(["list"]) == 0
        told = capsys.readouterr()
        assert f"STRIX_MODULE_PATH names {new}, which is not there yet: a job refuses it" in told.err
        assert "anomaly" in told.out
    with pytest.raises(
        registry.ResolveError, match="which is no directory; make it, or take it out of STRIX_MODULE_PATH"
    ):
        registry.resolve(["lc_features", "anomaly"])
    assert not new.exists()
    assert main(["add", "--from", str(trained), "--into", str(new)]) == 0
    assert (new / "anomaly_v2_1_0" / "__init__.py").is_file()
    assert "export" not in capsys.readouterr().out
    assert registry.get("anomaly@2.1.0").version == "2.1.0"
    assert main(["list"]) == 0
    assert "not there yet" not in capsys.readouterr().err


def test_a_new_module_goes_into_a_directory_that_the_path_names_already(
    modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIX_MODULE_PATH", str(modules / "new"))
    assert module_main(["new", "range_of_mine", "--directory", str(modules / "new")]) == 0
    assert "range_of_mine" in registry.names()


def test_a_file_in_the_place_of_a_directory_is_refused_by_list_too(
    modules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (modules / "file").touch()
    monkeypatch.setenv("STRIX_MODULE_PATH", str(modules / "file"))
    assert main(["list"]) == 2
    assert "file, which is no directory" in capsys.readouterr().err
    assert os.environ["STRIX_MODULE_PATH"] == str(modules / "file")
