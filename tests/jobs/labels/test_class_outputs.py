"""One rule says which outputs of a module tell classes, which are scores, and which are shown first."""

import pytest

from jobs.labels.class_outputs import Output, called_outputs, class_scores, leading, other_versions, score_names
from science_modules import registry
from science_modules.common.contract import Field

CLASSIFIERS = ("stamp", "stamp_lsst", "light_curve_class", "light_curve_class_early", "light_curve_class_lsst")


def outputs(name: str) -> list[Output]:
    return [Output(each.name, each.unit, each.description) for each in numbers(name)]


def numbers(name: str) -> list[Field]:
    return [each for each in registry.get(name).outputs if each.type.startswith("float")]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_class_that_is_called_and_calibrated_probabilities_come_first(name: str) -> None:
    names = [each.name for each in registry.get(name).outputs]
    ordered = leading(names)
    assert sorted(ordered) == sorted(names)
    called = called_outputs(names)
    assert called[0] == "top_class"
    probabilities = [each for each in names if each.startswith("p_")]
    assert list(class_scores(names)) == probabilities == score_names(outputs(name))
    assert ordered[: len(called) + len(probabilities)] == [*called, *probabilities]
    uncalibrated = [each for each in names if each.startswith("raw_")]
    assert uncalibrated
    assert set(uncalibrated) <= set(other_versions(names))
    assert ordered[-len(other_versions(names)) :] == list(other_versions(names))


def test_light_curves_have_a_branch_and_probabilities_at_other_frequencies() -> None:
    names = [each.name for each in registry.get("light_curve_class").outputs]
    assert called_outputs(names) == ("top_class", "branch")
    assert {"sky_periodic_other", "raw_transient"} <= set(other_versions(names))
    assert not {"second_class", "sky_class", "n_points", "trained_on"} & set(other_versions(names))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acai", ["acai_h", "acai_n", "acai_v", "acai_o", "acai_b"]),
        ("braai", ["p_real"]),
        ("real_bogus_stamps", ["p_real"]),
        ("anomaly", ["score", "percentile"]),
        ("alerce_features", []),  # rb and sgscore1 are the survey's, passed on as features
        ("lc_features", []),
        ("rise", []),
        ("period", []),
    ],
)
def test_a_score_says_so_and_its_range_and_a_feature_is_none(name: str, expected: list[str]) -> None:
    assert score_names(outputs(name)) == expected
    names = [each.name for each in registry.get(name).outputs]
    assert leading(names) == names
    assert called_outputs(names) == ()
