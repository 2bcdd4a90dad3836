"""One binary network from its first epoch to its last, by the recipe of Duev & van der Walt 2021 (arXiv:2111.12142)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.training.learner import Learner

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Inputs = Callable[[NDArray[Any]], list[NDArray[np.float32]]]
_LEAST_RATE = 0.05  # of the first learning rate


@dataclass(frozen=True)
class Rows:
    """Examples of a binary network.

    Attributes
    ----------
    inputs : callable
        The network's inputs of some rows.
    positive : numpy.ndarray of bool, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
    simulated : numpy.ndarray of bool, shape (n,)
    """

    inputs: Inputs
    positive: Bools
    weight: Floats
    simulated: Bools

    def __len__(self) -> int:
        return len(self.positive)


@dataclass(frozen=True)
class Recipe:
    """How a network learns.

    Attributes
    ----------
    batch, rate : int, float
        32 and 3e-4 are the paper's and its code's.
    negatives : float
        As many times the positives are kept at first, real ones before others.
    epochs : int
        Of the first round.
    rounds, epochs_again : int
        Rounds of active learning after it, and epochs of each.
    boundary : float
        Dropped examples with a score so near to 0.5 come back, beside those that are misclassified.
    hardest : float
        Share of the dropped examples, those of the highest loss, that come back in any case.
    patience : int
        Epochs without a better loss of the validation after which the rate falls to a third; after twice as many a round ends.
    """

    batch: int = 32
    rate: float = 3e-4
    negatives: float = 2.5
    epochs: int = 60
    rounds: int = 2
    epochs_again: int = 20
    boundary: float = 0.1
    hardest: float = 0.02
    patience: int = 5


class BinaryCourse:
    """A network that learns.

    Parameters
    ----------
    learner : Learner
        Of one output.
    training, validation : Rows
        The validation may be empty: then the last weights are the best.
    recipe : Recipe
    seed : int
    """

    def __init__(self, learner: Learner, training: Rows, validation: Rows, recipe: Recipe, seed: int) -> None:
        self.learner, self.training, self.validation, self.recipe, self.seed = (
            learner, training, validation, recipe, seed
        )  # fmt: skip
        self.kept = kept_at_first(training, recipe.negatives, seed)
        self.round, self.in_round, self.epoch, self.waited, self.least = 0, 0, 0, 0, np.inf
        self.put_back: list[int] = []
        self.best = self.learner.weights

    def run(self, save: Callable[[Mapping[str, NDArray[Any]]], None]) -> None:
        """Learn; the best weights are then in the network.

        Parameters
        ----------
        save : callable
            Takes the state after each epoch.
        """
        if not self.epoch:
            self._look()  # what it begins with may be better than all that comes
        while self.round <= self.recipe.rounds:
            if self._round_is_over():
                self._next_round()
            else:
                self._learn()
                self._look()
            save(self.state())
        self.learner.take(self.best)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that the next epoch depends on."""
        best = {f"best_{number}": values for number, values in enumerate(self.best)}
        numbers = np.array([self.round, self.in_round, self.epoch, self.waited, self.least], np.float64)
        put_back = np.array(self.put_back, np.int64)
        return {**self.learner.state(), **best, "kept": self.kept, "numbers": numbers, "put_back": put_back}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state.

        Parameters
        ----------
        state : mapping of str to numpy.ndarray
            As `state` gave it.
        """
        self.learner.restore(state)
        self.kept, self.put_back = state["kept"], state["put_back"].tolist()
        self.best = [state[f"best_{number}"] for number in range(len(self.best))]
        self.round, self.in_round, self.epoch, self.waited = (int(each) for each in state["numbers"][:4])
        self.least = float(state["numbers"][4])

    def _round_is_over(self) -> bool:
        epochs = self.recipe.epochs if self.round == 0 else self.recipe.epochs_again
        return self.in_round >= epochs or self.waited >= 2 * self.recipe.patience

    def _next_round(self) -> None:
        """Put back what the best network so far gets wrong or is not sure of among what was dropped; none, and it is done."""
        self.learner.take(self.best)
        self.round, self.in_round, self.waited = self.round + 1, 0, 0
        dropped = np.flatnonzero(~self.kept)
        if self.round > self.recipe.rounds or not len(dropped):
            self.round = self.recipe.rounds + 1
            return
        score = self.learner.say(self.training.inputs(dropped))[:, 0]
        back = dropped[_hard(score, self.recipe)]
        self.kept[back] = True
        self.put_back.append(len(back))

    def _learn(self) -> None:
        rows = np.flatnonzero(self.kept)
        weight = balanced_weights(self.training.weight * self.kept, self.training.positive)
        order = np.random.default_rng([self.seed, self.epoch]).permutation(rows)
        size = min(self.recipe.batch, len(order))
        self.learner.learn_at(self._rate())
        for start in range(0, len(order) - size + 1, size):
            batch = order[start : start + size]
            wanted = self.training.positive[batch, None].astype(np.float32)
            self.learner.learn(self.training.inputs(batch), wanted, weight[batch].astype(np.float32))
        self.epoch, self.in_round = self.epoch + 1, self.in_round + 1

    def _rate(self) -> float:
        falls = self.waited // self.recipe.patience
        return self.recipe.rate * max(3.0**-falls, _LEAST_RATE)

    def _look(self) -> None:
        """Keep the weights if the validation's loss is better than ever."""
        if not len(self.validation):
            self.best = self.learner.weights
            return
        score = self.learner.say(self.validation.inputs(np.arange(len(self.validation))))[:, 0].astype(np.float64)
        right = np.where(self.validation.positive, score, 1 - score)
        weight = balanced_weights(self.validation.weight, self.validation.positive)
        loss = float(np.mean(weight * -np.log(np.clip(right, 1e-7, 1))))
        if loss < self.least:
            self.least, self.best, self.waited = loss, self.learner.weights, 0
        else:
            self.waited += 1


def kept_at_first(training: Rows, ratio: float, seed: int) -> Bools:
    """All positives and so many times as many negatives: real ones first, simulated ones by chance; shape (n,).

    Parameters
    ----------
    training : Rows
    ratio : float
    seed : int
    """
    kept = training.positive.copy()
    negatives = np.random.default_rng([seed, len(training)]).permutation(np.flatnonzero(~kept))
    negatives = negatives[np.argsort(training.simulated[negatives], kind="stable")]
    kept[negatives[: int(ratio * kept.sum())]] = True
    return kept


def balanced_weights(weight: Floats, positive: Bools) -> Floats:
    """Weights by which positives and negatives weigh alike; their mean is 1 where there are both.

    Parameters
    ----------
    weight : numpy.ndarray of float64, shape (n,)
        0 for those that do not count.
    positive : numpy.ndarray of bool, shape (n,)
    """
    counted = np.count_nonzero(weight)
    out = np.zeros(len(weight))
    for side in (positive, ~positive):
        total = weight[side].sum()
        if total > 0:
            out[side] = weight[side] / total * counted / 2
    return out


def _hard(score: NDArray[np.float32], recipe: Recipe) -> Bools:
    """Of dropped negatives: misclassified ones, those near the boundary, and some of the highest loss."""
    hard = score > 0.5 - recipe.boundary
    hard[np.argsort(-score, kind="stable")[: int(np.ceil(recipe.hardest * len(score)))]] = True
    return np.asarray(hard)
