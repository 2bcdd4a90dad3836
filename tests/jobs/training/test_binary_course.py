"""The recipe of a binary network, on one that needs no TensorFlow: what is dropped, what is put back, the same after a kill."""

from typing import Any

import numpy as np
import pytest

from jobs.training.binary_course import BinaryCourse, Recipe, Rows, balanced_weights, kept_at_first

RECIPE = Recipe(batch=16, rate=0.5, negatives=1.0, epochs=6, rounds=2, epochs_again=3, hardest=0.02, patience=2)


class Logistic:
    """As jobs.training.learner.Learner, of two numbers and a constant."""

    def __init__(self) -> None:
        self.values, self.rate, self.rates = np.zeros(3), 0.0, []

    def learn_at(self, rate: float) -> None:
        self.rate = rate
        self.rates.append(rate)

    def learn(self, inputs: Any, wanted: Any, weight: Any) -> float:
        x = np.column_stack([inputs[0], np.ones(len(wanted))])
        self.values = self.values + self.rate * x.T @ (weight * (wanted[:, 0] - self.say(inputs)[:, 0])) / len(x)
        return 0.0

    def say(self, inputs: Any) -> Any:
        return 1 / (1 + np.exp(-(inputs[0] @ self.values[:2] + self.values[2])))[:, None]

    @property
    def weights(self) -> Any:
        return [self.values.copy()]

    def take(self, weights: Any) -> None:
        self.values = weights[0].copy()

    def state(self) -> Any:
        return {"values": self.values}

    def restore(self, state: Any) -> None:
        self.values = state["values"]


def rows(n: int, seed: int) -> Rows:
    """A tenth positives, on one side; half of all simulated; some negatives lie among the positives."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 10 == 0
    x = rng.normal(0, 1, (n, 2)) + 3 * positive[:, None]
    x[~positive & (np.arange(n) % 31 == 0)] += 3
    return Rows(lambda some: [x[some]], positive, np.ones(n), np.arange(n) % 2 == 1)


def course() -> BinaryCourse:
    return BinaryCourse(Logistic(), rows(400, 1), rows(200, 2), RECIPE, seed=5)  # type: ignore[arg-type]


def test_at_first_negatives_are_as_many_as_said_and_real_ones_come_first() -> None:
    training = rows(400, 1)
    kept = kept_at_first(training, 2.0, seed=1)
    assert kept[training.positive].all()
    assert (kept & ~training.positive).sum() == 2 * training.positive.sum()
    assert not training.simulated[kept & ~training.positive].any()  # 160 real negatives, 80 wanted
    assert kept_at_first(training, 1e6, seed=1).all()


def test_both_sides_weigh_alike_and_what_does_not_count_weighs_nothing() -> None:
    positive = np.array([True, False, False, False, False])
    weight = balanced_weights(np.array([1.0, 1.0, 1.0, 2.0, 0.0]), positive)
    assert weight[0] == pytest.approx(weight[1:].sum()) == pytest.approx(2.0)
    assert weight[3] == 2 * weight[1] and weight[4] == 0
    np.testing.assert_allclose(balanced_weights(np.ones(3), np.zeros(3, bool)), 0.5)


def test_dropped_examples_that_are_hard_come_back_and_the_least_loss_stays() -> None:
    whole = course()
    before = whole.kept.copy()
    losses = []
    whole.run(lambda state: losses.append(float(state["numbers"][4])))
    assert before.sum() == 80 and len(whole.put_back) == 2
    assert (whole.kept & ~before).sum() == sum(whole.put_back) > 7  # 2 % of 320 at least, and misclassified ones
    assert whole.least == min(losses) < 0.4
    score = whole.learner.say(whole.validation.inputs(np.arange(200)))[:, 0]
    right = (score > 0.5) == whole.validation.positive
    assert right.mean() > 0.9


def test_the_rate_falls_when_nothing_gets_better() -> None:
    one = course()
    one.waited = 2
    one._learn()
    assert one.learner.rates == [pytest.approx(0.5 / 3)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("after", [2, 7, 9])
def test_a_course_goes_on_from_any_state_as_if_nothing_had_been(after: int) -> None:
    whole, states = course(), []
    whole.run(lambda state: states.append({name: np.array(values) for name, values in state.items()}))
    assert len(states) > 9
    again = course()
    again.restore(states[after])
    again.run(lambda state: None)
    np.testing.assert_array_equal(again.learner.weights[0], whole.learner.weights[0])
    assert again.put_back == whole.put_back and again.least == whole.least


def test_without_a_validation_the_last_weights_are_taken() -> None:
    one = BinaryCourse(Logistic(), rows(100, 1), rows(0, 2), RECIPE, seed=5)  # type: ignore[arg-type]
    one.run(lambda state: None)
    assert one.least == np.inf and np.abs(one.learner.weights[0]).min() > 0
