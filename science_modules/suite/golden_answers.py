"""Answers that something independent has computed: golden.json (see `science_modules.golden`)."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from science_modules import golden
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.results import struct_column
from science_modules.suite.cases import ALWAYS, Case

_TOLERANCES = {"rtol": 1e-5, "atol": 1e-7}  # what float32 sums differ by between processors


def check_golden(case: Case) -> None:
    """The module gives the answers of golden.json, which something independent has computed (see `golden`).

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    for wanted in golden.read(path):
        answer = case.run(golden_alerts(case, [wanted])).to_pylist()[0]
        _compare(answer, wanted, f"{path}, case {wanted.number}")


def check_golden_answers(case: Case) -> None:
    """golden.json holds an answer that is finite; of cutouts, one case's are not their own mirror images.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    answering = [wanted for wanted in golden.read(path) if wanted.answers]
    assert answering, f"{path}: no case has an answer, only reasons and NULL"
    if "cutouts" in case.module.inputs:
        said = "set `at` of their sources off the middle"
        assert any(wanted.is_lopsided for wanted in answering), (
            f"{path}: in every case with an answer a stamp is its own mirror image or transpose, so that one that is read"
            f" turned would not show; {said}"
        )


def check_reactions(case: Case) -> None:
    """For each declared input, each cutout too, a golden case answers otherwise when that input alone changes.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    cases = [wanted for wanted in golden.read(path) if wanted.answers]
    declared = golden.features_of(case.module.inputs + case.module.optional_inputs, ALWAYS)
    dead = [feature for feature in declared if not any(_reacts(case, wanted, feature, cases) for wanted in cases)]
    assert not dead, (
        f"{path}: no answer changes when one of {dead} alone does. Does the module read it where it stands? Is there a"
        " case, without error, that gives it?"
    )


def _reacts(case: Case, wanted: golden.Golden, feature: str, others: list[golden.Golden]) -> bool:
    changed = [golden.with_inputs(wanted, inputs) for inputs in golden.variants(wanted, feature, others)]
    if not changed:
        return False
    first, *rest = case.bits(golden_alerts(case, [wanted, *changed]))
    return any(answer != first for answer in rest)


def golden_alerts(case: Case, cases: list[golden.Golden]) -> pa.Table:
    """Golden cases of one survey as the module sees them, with the outputs of other modules as they give them.

    Parameters
    ----------
    case : Case
        The module.
    cases : list of Golden
        At least one.
    """
    view = golden.table(cases)
    alerts = case.visible(view)
    for at, field in enumerate(alerts.schema):
        if field.name not in view.column_names:
            given = pa.array([each.inputs.get(field.name, {}) for each in cases], field.type)
            alerts = alerts.set_column(at, field, given)
    return alerts


def answers_of(case: Case, state: Any, how: str) -> list[dict[str, Any]]:
    """The cases of a module's golden.json with what it answers with other artefacts: the golden.json of a version of it.

    Parameters
    ----------
    case : Case
        The module.
    state : object
        What its `load` made of the other artefacts.
    how : str
        Who computed the answers, and with what.

    Returns
    -------
    list of dict
        As golden.json holds them, every output among them.
    """
    path = case.folder / "golden.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    return [
        given | _answer(case, each, state) | {"how": how, **_TOLERANCES}
        for given, each in zip(told, golden.read(path), strict=True)
    ]


def _answer(case: Case, wanted: golden.Golden, state: Any) -> dict[str, Any]:
    alerts = golden_alerts(case, [wanted])
    answer = struct_column(case.module, case.module.run(AlertBatch(alerts), state), len(alerts)).to_pylist()[0]
    return {"outputs": {field.name: answer[field.name] for field in case.module.outputs}, "error": answer["error"]}


def _compare(answer: Mapping[str, Any], wanted: golden.Golden, where: str) -> None:
    assert answer["error"] == wanted.error, f"{where}: wants error {wanted.error}, has {answer['error']}"
    for name, value in wanted.outputs.items():
        got = answer[name]
        if isinstance(value, float) and got is not None:
            np.testing.assert_allclose(got, value, rtol=wanted.rtol, atol=wanted.atol, err_msg=f"{where}: {name}")
        else:
            assert got == value, f"{where}: {name} wants {value}, has {got}"
