"""Checks that cannot be made here leave the others as they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.cli.main import main
from jobs.simulation.checks import curve_check, lacking, night_check
from jobs.simulation.checks.discrimination import NUISANCE
from jobs.simulation.checks.medians import CLASSES as COMPARED
from jobs.simulation.checks.medians import COLUMNS
from jobs.simulation.checks.night_alerts import CLASSES, Alerts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.artefacts import ArtefactError

EACH = 40


def sky(seed: int) -> Alerts:
    """Alerts of every class."""
    rng, n = np.random.default_rng(seed), EACH * len(CLASSES)
    fields = pd.DataFrame({name: rng.normal(0, 1, n) for name in {*COLUMNS, *NUISANCE}})
    fields["ndethist"], fields["magpsf"], fields["fid"] = rng.integers(1, 40, n), rng.uniform(17, 20, n), 1
    fields["jd"] = 2460000.5 + rng.uniform(0, 100, n)
    names = [f"ZTF{number}" for number in range(n)]
    batch = AlertBatch(pa.table({"survey": ["ztf"] * n, "object_id": names}))
    return Alerts(np.repeat(np.array(CLASSES, dtype=object), EACH), fields, batch)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place without weights and scikit-learn, where a night can be checked."""
    monkeypatch.setenv("STRIX_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(lacking, "find_spec", lambda name: None)
    monkeypatch.setattr(night_check, "real_alerts", lambda directory: sky(1))
    monkeypatch.setattr(night_check, "simulated_alerts", lambda nights: sky(2))
    pulls = {"n": 9, "median": float("nan"), "median_absolute": 0.7, "ok": True}
    monkeypatch.setattr(night_check, "aperture_pulls", lambda alerts: {"positive": pulls})
    return tmp_path


def check(place: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and what is in the JSON file."""
    path = place / "new" / "check.json"
    code = main(["simulate", "check", "--night", "sky", "--real", "real", "--json", str(path), *more])
    return code, json.loads(path.read_text(), parse_constant=pytest.fail)


def test_a_night_is_checked_without_weights_and_scikit_learn(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check(bare, "--pictures", str(bare / "pictures"))
    told = capsys.readouterr().out
    assert code == 0
    assert found["within"] > 0.5 and len(found["medians"]) == len(COLUMNS) * len(COMPARED)
    assert found["aperture"]["real"]["positive"] == {"n": 9, "median": None, "median_absolute": 0.7, "ok": True}
    assert [found[name] for name in ("discrimination", "networks", "braai")] == [None, None, None]
    assert "pip install 'strix[training]'" in found["not_made"]["discrimination"]
    weights = f"the published weights of braai and acai are not in {bare / 'models'}: strix models add braai"
    assert found["not_made"]["networks"].startswith(weights) and weights in found["not_made"]["braai"]
    assert "1  medians: " in told and "5  aperture sums" in told
    assert f"3  published networks: not made: {weights}" in told
    assert "2  a forest, real against simulated: not made: scikit-learn is absent" in told
    assert [path.name for path in (bare / "pictures").iterdir()] == ["fields.png"]


def test_what_was_found_stays_when_the_next_check_fails(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check(bare, "--lightcurves", str(bare / "nowhere"))
    assert code == 3
    assert "nowhere" in capsys.readouterr().err
    assert found["within"] > 0.5


def test_periods_of_light_curves_need_no_forest(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"class": "sn", "number": "period", "real": 1.0, "simulated": 1.0, "difference": 0.0, "n_real": 3}
    rows = [{**row, "n_simulated": 3, "ok": True}]
    monkeypatch.setattr(curve_check, "variable_stars", lambda directory, stars: rows)
    code, found = check(bare, "--lightcurves", "curves")
    assert code == 0
    assert (found["variable_stars"], found["transfer"], found["stripe_82"]) == (rows, None, None)
    assert set(found["not_made"]) == {"discrimination", "networks", "braai", "transfer", "stripe_82"}
    assert (
        "4  trained on simulated light curves, tested on real ones: not made: scikit-learn" in capsys.readouterr().out
    )


def test_with_all_that_is_needed_nothing_lacks(models_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIX_MODELS", str(models_directory))
    assert (lacking.no_forest(), lacking.no_networks()) == (None, None)


def test_weights_of_another_are_an_error_and_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "braai").mkdir()
    (tmp_path / "braai" / "braai.onnx").write_bytes(b"another")
    monkeypatch.setenv("STRIX_MODELS", str(tmp_path))
    with pytest.raises(ArtefactError, match=r"braai.onnx: declares sha256"):
        lacking.no_networks()
