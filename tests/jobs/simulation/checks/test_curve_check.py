"""Check 4, small: a forest that has seen simulated light curves only sorts real ones."""

import json
from pathlib import Path

import pytest

from jobs.cli.main import main

CLASSES = "sn_ia,sn_ii,sn_ibc,rr_lyrae_ab,rr_lyrae_c,eclipsing_ew,eclipsing_ea,lpv,yso,dwarf_nova,qso,agn,blazar"


def test_real_light_curves_are_sorted_by_simulated_ones(real_alerts: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the extra `training` is not installed")
    simulated, numbers = tmp_path / "simulated", tmp_path / "check.json"
    options = ["--classes", CLASSES, "--n", "200", "--faint", "19", "--least", "6", "--seed", "7", "--tasks", "1"]
    assert main(["simulate", "lightcurves", *options, "--output", str(simulated)]) == 0
    given = ["--lightcurves", str(simulated), "--real", str(real_alerts), "--json", str(numbers)]
    assert main(["simulate", "check", *given]) == 0
    result = json.loads(numbers.read_text())
    rows = {row["kind"]: row for row in result["transfer"]["rows"]}
    assert {kind: row["n"] for kind, row in rows.items()} == {"SN": 1086, "VS": 59, "AGN": 18}
    assert rows["SN"]["SN"] > 0.8
    assert rows["SN"]["SN_low"] < rows["SN"]["SN"] < rows["SN"]["SN_high"]
    assert rows["VS"]["SN"] < 0.2
    assert rows["AGN"]["SN"] < 0.3
    assert result["stripe_82"]["n"] > 100
    assert result["stripe_82"]["VS"] > 0.8
    periods = {row["class"]: row for row in result["variable_stars"] if row["number"] == "period"}
    assert periods["rr_lyrae_ab"]["ok"]
    assert periods["eclipsing_ew"]["ok"]


def test_a_check_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "check", "--real", str(tmp_path)]) == 2
    assert "--night, --lightcurves or both" in capsys.readouterr().err
