"""Every registered module holds the contract, without its author writing a test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from weights import needs_weights

from jobs.pipeline.enrichment.modules import Enrichment
from science_modules import registry, suite
from science_modules.common.alert_batch import AlertBatch


@pytest.fixture(scope="session")
def cases() -> dict[str, suite.Case]:
    """Cases made so far: a state is loaded once per module, not once per check."""
    return {}


@pytest.fixture
def case(request: pytest.FixtureRequest, cases: dict[str, suite.Case]) -> suite.Case:
    name: str = request.param
    if name not in cases:
        weights = needs_weights(registry.get(name))
        cases[name] = suite.case(name, request.getfixturevalue("models_directory") if weights else None)
    return cases[name]


@pytest.mark.parametrize("check", suite.CHECKS)
@pytest.mark.parametrize("case", registry.names(), indirect=True)
def test_module_holds(case: suite.Case, check: str) -> None:
    suite.CHECKS[check](case)


@pytest.mark.parametrize("case", registry.names(), indirect=True)
def test_an_alert_that_breaks_a_module_changes_no_bit_of_its_neighbours(case: suite.Case) -> None:
    def poisoned(batch: AlertBatch, state: Any) -> pd.DataFrame:
        if 10_017 in batch["alert_id"]:
            raise RuntimeError("poison")
        return case.module.run(batch, state)

    module = replace(case.module, run=poisoned, load=lambda artefacts, **settings: case.state)
    alerts = next(iter(case.alerts.values()))
    out = [repr(answer) for answer in Enrichment([module]).run(alerts)[module.name].to_pylist()]
    whole = case.bits(alerts)
    assert "failed: RuntimeError: poison" in out.pop(17)
    assert out == whole[:17] + whole[18:]


BREAKS = {
    "answers": "return pd.DataFrame({'value': pd.Series([1] * len(batch), dtype='int64')})",
    "splitting": "return pd.DataFrame({'value': np.full(len(batch), float(len(batch)))})",
    "order": "return pd.DataFrame({'value': np.arange(float(len(batch)))})",
    "repetition": "return pd.DataFrame({'value': np.full(len(batch), float(np.random.random()))})",
    "odd_alerts": "return pd.DataFrame({'value': batch.light_curves.mjd[batch.light_curves.offsets[:-1]]})",
    "empty_batch": "return pd.DataFrame({'value': np.full(len(batch), batch['mjd'].max())})",
    "input_unchanged": "batch.light_curves.flux[:] = 0; return pd.DataFrame({'value': batch['mjd']})",
    "golden": "return pd.DataFrame({'value': batch['mjd'] * 1.001})",
}


@pytest.mark.parametrize("check", BREAKS)
def test_the_suite_sees_a_module_that_breaks_the_contract(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"broken_{check}"
    folder = tmp_path / name
    folder.mkdir()
    golden = '[{"how": "by hand", "survey": "ztf", "inputs": {"mjd": 1.0}, "outputs": {"value": 1.0}, "error": null}]'
    (folder / "golden.json").write_text(golden)
    (folder / "__init__.py").write_text(
        "import numpy as np, pandas as pd\n"
        "from science_modules.common.contract import Field, ScienceModule\n"
        f"def run(batch, state):\n    {BREAKS[check]}\n"
        f"MODULE = ScienceModule('{name}', '1.0.0', ('mjd', 'light_curve'),"
        " (Field('value', 'float64', '', 'x'),), run, 'here')\n"
    )
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path))
    with pytest.raises((AssertionError, TypeError, ValueError, IndexError)):
        suite.CHECKS[check](suite.case(name))


BAD = Path(__file__).parents[1] / "science_modules_bad"
REFUSED = {
    "feeds_planes_last": ("answers", r"wants triplets of shape \(63, 63, 3\) per alert, it is given \(3, 63, 63\)"),
    "ignores_template": ("reactions", r"no answer changes when one of \['cutout_template'\] alone does"),
    "ignores_a_feature": ("reactions", r"no answer changes when one of \['candidate.fwhm'\] alone does"),
    "swaps_planes": ("golden", "case 0: p"),
    "scores_blank_stamps": ("blank_stamps", "40 alerts have an answer, and their cutout_science is zero"),
    "golden_without_answers": ("golden_answers", "no case has an answer, only reasons and NULL"),
    "golden_of_round_stamps": ("golden_answers", "its own mirror image or transpose"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_module_that_is_wrong_on_purpose_is_refused_by_the_check_that_is_for_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIX_MODULE_PATH", str(BAD))
    check, said = REFUSED[name]
    bad = suite.case(name)
    with pytest.raises((AssertionError, ValueError), match=said):
        suite.CHECKS[check](bad)
    others = set(suite.CHECKS) - {check}
    failing = {other for other in others if suite.problem_of(other, bad)}
    consequences = {
        "feeds_planes_last": others - {"declaration", "documentation", "artefacts", "imports", "golden_answers"},
        "golden_without_answers": {"reactions"},
    }
    assert failing == consequences.get(name, set())
