"""The published network of the stamp classifier (Carrasco-Davis et al. 2021, AJ 162, 231), trained on data of our own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.classification import Confusion, confusion
from jobs.pipeline.alerts import alert_tables
from jobs.pipeline.surveys.ztf import ZTF
from jobs.training import balanced, stamp_set
from jobs.training.examples import Selection
from jobs.training.first_alerts import FirstAlerts, real
from jobs.training.learner import Learner, keras_or_reason, precision
from jobs.training.mapped_arrays import Arrays, arrays, mapped
from jobs.training.onnx_answers import answers, silent_units
from jobs.training.trainable import Fit, Fitted, Floats
from science_modules import stamp
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.reasons import first_reason
from science_modules.common.stamp_rules import with_rules
from science_modules.common.ztf_stamps import planes
from science_modules.stamp import features
from science_modules.stamp.stamps import CROP, crops

FILE = "stamp_network.onnx"
LAYERS = ("conv_1", "conv_2", "conv_3", "conv_4", "conv_5", "dense_1", "dense_2", "dense_3")
_SHAPES = {"stamps": (CROP, CROP, 3), "features": (len(features.NAMES),)}
_TOLD_EVERY = 25


@dataclass(frozen=True)
class Settings:
    """How it learns; where a value is the paper's, it says so.

    Attributes
    ----------
    batch, rate, dropout, entropy : int, float, float, float
        Of its best region: 64, 1e-3, 0.5, and 0.5, which weighs the entropy of the answers.
    iterations, extension, every : int
        30,000 steps, by 10,000 prolonged with every better loss of the validation, which is looked at every 10 steps.
    most : int
        Steps at which it ends in any case.
    real : float
        Share of real examples in a batch, where a class has both kinds.
    without : tuple of str
        Features that the network is not shown; all 26 are the paper's.
    precision : str
        `mixed_bfloat16`: the convolutions in 16 bits, a third of the time where the processor can; weights are float32.
    """

    batch: int = 64
    rate: float = 1e-3
    dropout: float = 0.5
    entropy: float = 0.5
    iterations: int = 30_000
    extension: int = 10_000
    every: int = 10
    most: int = 100_000
    real: float = 0.5
    without: tuple[str, ...] = ()
    precision: str = "mixed_bfloat16"

    def __post_init__(self) -> None:
        unknown = [name for name in self.without if name not in features.NAMES]
        if unknown:
            raise ValueError(f"settings: without names {unknown}, features are {', '.join(features.NAMES)}")

    @property
    def shown(self) -> NDArray[np.float32]:
        """1 for each feature that the network is shown, else 0."""
        return np.array([name not in self.without for name in features.NAMES], np.float32)


class StampNetwork(FirstAlerts):
    """See science_modules/stamp/network.py."""

    name = "stamp_network"
    version = "1.0.0"
    classes = stamp.CLASSES
    columns = pa.schema(
        [
            *stamp_set.CHOSEN_BY,
            *(pa.field(name, pa.list_(pa.float32(), int(np.prod(shape)))) for name, shape in _SHAPES.items()),
        ]
    )
    settings = Settings
    packages = ("tensorflow-cpu", "keras", "onnx", "onnxruntime")
    defaults: ClassVar[Mapping[str, Any]] = {"output": "data/training/stamp_network", "test": 0.0}
    not_tested_on = (
        "First alerts as such, where the earliest usable alert that was given is a later one of its object. A fair sample of the"
        " stream. Bogus, where it is `drb <`: a proxy. Features that leak the label or age with the survey are among the"
        " published 26 (ndethist, ncovhist, rb, places on the sky): expect less of it on another year and another sky."
    )

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """All alerts of a part: crops and features as published.

        Parameters
        ----------
        part : str
            A file or directory of packets.
        data : Data
        """
        for alerts in alert_tables([part], (ZTF.name,)):
            batch = AlertBatch(alerts)
            numbers = features.published_features(batch)
            absent = [(np.isnan(values), f"no {name}") for name, values in zip(features.NAMES, numbers.T, strict=True)]
            reasons = [one or other for one, other in zip(first_reason(*absent), batch.stamps.unusable, strict=True)]
            inputs = {"stamps": crops(planes(batch)), "features": numbers.astype(np.float32)}
            keys = stamp_set.keys_of(batch, np.array(reasons, object))
            yield pa.table({**keys, **{name: stamp_set.lists(values) for name, values in inputs.items()}})

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """Learn until the validation's loss gets no better; the network of its least loss.

        Parameters
        ----------
        fit : Fit
        """
        keras_or_reason().utils.set_random_seed(fit.seed)
        from science_modules.stamp import convert, network

        course = _Course(fit)
        course.run()
        weights = {name: dict(own) for name, own in network.weights_of(course.learner.model).items()}
        weights["scaled"]["gamma"] = weights["scaled"]["gamma"] * fit.settings.shown
        return {FILE: convert.to_onnx(weights)}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The network's answer after the history rule.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        return _with_history(answers(artefacts[FILE], arrays(examples, _SHAPES)), examples)

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """What the folds say of real alerts without the history rule, and of stamps that are not theirs; silent units.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        shown = real(everything.table())
        shown = shown if shown.num_rows else everything.table()
        silent = silent_units(fits[-1].artefacts[FILE], arrays(shown, _SHAPES), LAYERS)
        found: dict[str, Any] = {f"silent units of {name}, for all real stamps": each for name, each in silent.items()}
        folds = [(fit.artefacts[FILE], real(fit.unseen.table())) for fit in fits if fit.name.startswith("fold-")]
        folds = [(onnx, examples) for onnx, examples in folds if examples.num_rows]
        if folds:
            found |= _of_changed_stamps(folds)
        return found


class _Course:
    """A fit from its first step, or its checkpoint, to the last."""

    def __init__(self, fit: Fit) -> None:
        from science_modules.stamp import network

        self.fit, self.settings = fit, fit.settings
        self.given = mapped(fit.training, _SHAPES, fit.checkpoint.folder / "training")
        self.pools = balanced.pools(fit.training.keys, stamp.CLASSES)
        self.unseen, self.labels = _validation(fit)
        with precision(self.settings.precision):
            model = network.build(self.settings.dropout)
        self._scale(model.get_layer("scaled"))
        self.learner = Learner(model, network.entropy_regularised(self.settings.entropy), self.settings.rate)
        self.step, self.horizon, self.least = 0, self.settings.iterations, np.inf
        self.best = self.learner.weights

    def run(self) -> None:
        """Learn; what was best is then in the network."""
        self._go_on()
        first = len(self.fit.training) // self.settings.batch  # an epoch
        loss = np.nan
        while self.step < min(self.horizon, self.settings.most):
            loss = self._learn()
            self.step += 1
            if len(self.labels) and self.step >= first and self.step % self.settings.every == 0:
                self._look()
            if self.step % _TOLD_EVERY == 0:
                self._save()
                self.fit.progress(self.step, min(self.horizon, self.settings.most), loss=loss, least=self.least)
        if np.isfinite(self.least):
            self.learner.take(self.best)

    def _learn(self) -> float:
        rng = np.random.default_rng([self.fit.seed, self.step])
        rows, classes = self.pools.drawn(self.settings.batch, self.settings.real, rng)
        wanted = np.eye(len(stamp.CLASSES), dtype=np.float32)[classes]
        return self.learner.learn(self._inputs(self.given, rows), wanted, np.ones(len(rows), np.float32))

    def _look(self) -> None:
        """The validation's loss, every class weighing alike; better than before, it is kept and prolongs."""
        said = self.learner.say(self._inputs(self.unseen, slice(None)))
        wanted = np.eye(len(stamp.CLASSES), dtype=np.float32)[self.labels]
        losses = np.asarray(self.learner.loss(wanted, said))
        loss = float(np.mean([losses[self.labels == each].mean() for each in np.unique(self.labels)]))
        if loss < self.least:
            self.least, self.best = loss, self.learner.weights
            self.horizon = max(self.horizon, self.step + self.settings.extension)

    def _inputs(self, given: Arrays, rows: Any) -> list[NDArray[np.float32]]:
        return [given["stamps"][rows], given["features"][rows] * self.settings.shown]

    def _scale(self, layer: Any) -> None:
        """Begin with the mean and variance of the features: a short training has no time to find them."""
        rng = np.random.default_rng(self.fit.seed)
        rows, _ = self.pools.drawn(20 * self.settings.batch, self.settings.real, rng)
        shown = self.given["features"][np.sort(rows)] * self.settings.shown
        layer.moving_mean.assign(shown.mean(axis=0))
        layer.moving_variance.assign(shown.var(axis=0))

    def _save(self) -> None:
        best = {f"best_{number}": values for number, values in enumerate(self.best)}
        far = {"horizon": np.array(self.horizon), "least": np.array(self.least)}
        self.fit.checkpoint.save(self.step, {**self.learner.state(), **best, **far})

    def _go_on(self) -> None:
        saved = self.fit.checkpoint.load()
        if saved:
            self.step, state = saved
            self.learner.restore(state)
            self.best = [state[f"best_{number}"] for number in range(len(self.best))]
            self.horizon, self.least = int(state["horizon"]), float(state["least"])


def _validation(fit: Fit) -> tuple[Arrays, NDArray[np.int64]]:
    """Real examples that a fit may stop at, as arrays, and their classes; simulated ones if there are no others."""
    simulated = np.array(fit.validation.examples.keys["simulated"].fill_null(False).to_pylist(), bool)
    kept = fit.validation.but(~simulated)
    kept = kept if len(kept) else fit.validation
    labels = [stamp.CLASSES.index(label) for label in kept.keys["label"].to_pylist()]
    return mapped(kept, _SHAPES, fit.checkpoint.folder / "validation"), np.array(labels, np.int64)


def _with_history(said: Floats, examples: pa.Table) -> Floats:
    earlier = np.array(examples["seen_earlier"].to_pylist(), bool)
    return with_rules(said, earlier, np.zeros(len(earlier), bool), stamp.ASTEROID, (stamp.ASTEROID,))


_ALONE = "this alert alone"
_CHANGES: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    _ALONE: lambda stamps: stamps,
    "stamps zero": np.zeros_like,
    "stamps of other alerts": lambda stamps: np.random.default_rng(1).permutation(stamps),
    "science, template and difference each in the next one's place": lambda stamps: np.roll(stamps, 1, axis=3),
}


def _of_changed_stamps(folds: Sequence[tuple[bytes, pa.Table]]) -> dict[str, Any]:
    """Accuracy and mean recall on unseen real alerts, without the rule; and with it, of stamps that are not theirs."""
    found: dict[str, Any] = {}
    for name, change in _CHANGES.items():
        said, labels = [], []
        for onnx, examples in folds:
            inputs = arrays(examples, _SHAPES)
            own = answers(onnx, {**inputs, "stamps": change(inputs["stamps"])})
            said.append(own if name == _ALONE else _with_history(own, examples))
            labels += examples["label"].to_pylist()
        counted: Confusion = confusion(np.array(labels, object), np.concatenate(said), stamp.CLASSES)
        found[f"real, {name}: accuracy"] = str(counted.accuracy)
        found[f"real, {name}: mean recall"] = round(counted.mean_recall, 4)
    return found


TRAINABLE = StampNetwork()
