"""Numbers of the card on a forest of one tree, which asks one number of the image."""

import numpy as np
import pytest

from jobs.training.stamp_facts import ZTF_CHANGED, Unseen, facts_of, no_units
from science_modules.common.boosted_trees import Forest
from science_modules.stamp import CLASSES, history, image_numbers, metadata
from science_modules.stamp.growing import FEATURES, TrainingSet
from science_modules.stamp.trees import Trees

N = 200
AGN, VS = CLASSES.index("AGN"), CLASSES.index("VS")
SCIENCE, TEMPLATE = (image_numbers.NAMES.index(f"{stamp}_light_0") for stamp in ("science", "template"))


def alone() -> Forest:
    """AGN where the middle of the science stamp is brighter than 0.5, else and without stamps VS."""
    base = np.full(len(CLASSES), -9.0)
    base[VS] = 0.0
    return Forest(
        features=np.array(FEATURES), base=base, roots=np.array([0], np.int32), classes=np.array([AGN], np.int32),
        feature=np.array([len(metadata.NAMES) + SCIENCE, 0, 0], np.int32), left=np.array([1, 0, 0], np.int32),
        right=np.array([2, 0, 0], np.int32), missing_left=np.array([True, False, False]),
        value=np.array([0.5, 0.0, 19.0]), temperature=np.array([1.0]),
    )  # fmt: skip


def always_vs() -> Forest:
    """VS, without a question."""
    base = np.zeros(len(CLASSES))
    base[VS] = 100.0
    none, no = np.zeros(1, np.int32), np.zeros(1, bool)
    return Forest(
        features=np.array((*FEATURES, *history.NAMES)), base=base, roots=none, classes=none, feature=none, left=none, right=none,
        missing_left=no, value=np.zeros(1), temperature=np.array([1.0]),
    )  # fmt: skip


def unseen(seed: int = 1, vs_seen_before: bool = False) -> Unseen:
    """AGN bright in science and faint in template, VS the other way; the last quarter is older, and there all is called AGN."""
    label = np.where(np.arange(N) % 2, AGN, VS)
    numbers = np.random.default_rng(seed).uniform(0, 0.4, (N, len(image_numbers.NAMES)))
    numbers[:, SCIENCE] += label == AGN
    numbers[:, TEMPLATE] += label == VS
    numbers[3 * N // 4 :, SCIENCE] += 1
    fields, past = (np.zeros((N, len(names))) for names in (metadata.NAMES, history.NAMES))
    earlier = (label == VS) & vs_seen_before
    known = TrainingSet(fields, numbers, past, earlier, label, np.zeros(N, bool), np.ones(N))
    mjd = np.full(N, ZTF_CHANGED)
    mjd[3 * N // 4 :] -= 0.1
    return Unseen(Trees(alone(), always_vs()), known, mjd)


@pytest.fixture(scope="module")
def facts() -> dict[str, str]:
    return facts_of([unseen(1), unseen(2)])


def value(text: str) -> float:
    return float(text.split(" ")[0])


def test_other_stamps_no_stamps_and_exchanged_stamps(facts: dict[str, str]) -> None:
    assert value(facts["this alert alone: accuracy"]) == 0.875  # half of the older quarter is wrong
    assert value(facts["this alert alone, without stamps: accuracy"]) == 0.5  # all are called VS
    assert value(facts["this alert alone, without stamps: classes that change"]) == 0.625
    assert value(facts["this alert alone, science and template exchanged: accuracy"]) == 0.0
    other = value(facts["this alert alone, stamps of another alert: accuracy"])
    assert 0.4 < other < 0.6


def test_recalls_before_and_after_the_survey_changed(facts: dict[str, str]) -> None:
    before, after = (value(each) for each in facts["VS: recall before / from 2020-06-16"].split(" / "))
    assert (before, after) == (0.0, 1.0)
    assert facts["asteroid: recall before / from 2020-06-16"] == "no answer (n = 0) / no answer (n = 0)"


def test_seasons_and_the_trade_are_of_what_the_module_answers_with_history() -> None:
    found = facts_of([unseen(vs_seen_before=True)])
    assert value(found["this alert alone: accuracy"]) == 0.875
    assert value(found["VS: recall before / from 2020-06-16"].split(" / ")[0]) == 1.0  # 0 without
    assert found["this alert alone, AGN against VS: area under ROC"] == "0.875 (100 AGN, 100 VS)"
    assert found["AGN against VS: area under ROC"] == "1.000 (100 AGN, 100 VS)"


def test_agn_against_vs(facts: dict[str, str]) -> None:
    assert facts["AGN against VS: area under ROC"] == "0.875 (200 AGN, 200 VS)"
    assert facts["AGN found [%] where 80 / 85 / 90 / 95 % of VS stay"] == "0 / 0 / 0 / 0"


def test_a_forest_has_no_units_but_numbers_that_it_does_not_ask() -> None:
    n = len(FEATURES)
    assert no_units(alone()) == {"dead units": f"n/a: trees have none; {n - 1} of {n} numbers are asked by no tree"}
