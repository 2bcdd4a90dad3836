"""Five networks of ACAI (Duev & van der Walt 2021, arXiv:2111.12142), trained on data of our own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.classification import confusion
from jobs.measures.paired import paired
from jobs.measures.thresholds import STEPS, error_rates
from jobs.pipeline.alerts import alert_tables
from jobs.pipeline.surveys.ztf import ZTF
from jobs.training import first_alerts, stamp_set
from jobs.training.acai_beginnings import KEPT, PUBLISHED, Beginning, Layers, planes, trained
from jobs.training.binary_course import BinaryCourse, Recipe, Rows
from jobs.training.examples import Selection
from jobs.training.first_alerts import FirstAlerts, real
from jobs.training.learner import Learner, keras_or_reason
from jobs.training.mapped_arrays import Arrays, arrays, mapped
from jobs.training.onnx_answers import answers, silent_units
from jobs.training.seeds import seed_of
from jobs.training.trainable import Fit, Fitted, Floats
from science_modules import acai, braai
from science_modules.acai.scaling import Scaling
from science_modules.common import artefacts as weights_of_modules
from science_modules.common.alert_batch import AlertBatch

CLASSES = ("hosted", "nuclear", "variable", "orphan", "bogus")  # of acai.NETWORKS, in their order
# A label, and the network for which it is a positive; it is a negative for the four others.
NETWORK_OF = {
    "SN": "hosted", "AGN": "nuclear", "TDE": "nuclear", "VS": "variable", "asteroid": "orphan", "bogus": "bogus"
}  # fmt: skip
LAYERS = ("conv_conv_1", "conv_conv_2", "conv_conv_3", "conv_conv_4", "dense_fc_1", "dense_fc_2", "fc_1")
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_SIDE = 60
_SHAPES = {"features": (len(acai.FEATURES),), "triplets": (_SIDE, _SIDE, 3)}


@dataclass(frozen=True)
class Data(first_alerts.Data):
    """What they are trained on.

    Attributes
    ----------
    braai : bool
        Packets without drb get braai's score, as in a job that runs it; else they are left out.
    """

    braai: bool = True


@dataclass(frozen=True)
class Settings(Recipe):
    """How they learn.

    Attributes
    ----------
    simulated : float
        Weight of a simulated example against a real one.
    dropout : float
        0.25 is the paper's.
    start : str
        `published`: from version 1's weights, which have to be installed; `blank`: by chance, as the paper's began.
    image : str
        `kept`: published convolutions stay, what lies behind them learns; `trained`: all learns, at some hundred times the cost.
    precision : str
        As Keras names it.
    """

    simulated: float = 0.2
    dropout: float = 0.25
    start: str = PUBLISHED
    image: str = KEPT
    precision: str = "float32"

    def __post_init__(self) -> None:
        self.beginning  # noqa: B018  it refuses what does not go together

    @property
    def beginning(self) -> Beginning:
        """How a network begins."""
        return Beginning(self.start, self.image, self.dropout, self.precision)


class Acai(FirstAlerts):
    """See science_modules/acai."""

    name = "acai"
    version = "2.0.0"
    classes = CLASSES
    columns = pa.schema(
        [
            *stamp_set.CHOSEN_BY,
            *(pa.field(name, pa.list_(pa.float32(), int(np.prod(shape)))) for name, shape in _SHAPES.items()),
        ]
    )
    data = Data
    settings = Settings
    packages = ("tensorflow-cpu", "keras", "onnx", "onnxruntime")
    defaults: ClassVar[Mapping[str, Any]] = {"output": "data/training/acai", "test": 0.0}
    not_tested_on = (
        "The classes are those of the labels: a supernova is hosted, wherever in its galaxy; AGN and TDE are nuclear; asteroids"
        " are orphans. Bogus, where it is `drb <`, is circular: drb is among the 25 features. The stream as it comes: the"
        " labelled objects are what somebody had classified. Places on the sky and counts that age are features, too."
    )

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """All alerts of a part: fields as in the packet, triplets as published.

        Parameters
        ----------
        part : str
            A file or directory of packets.
        data : Data
        """
        second_opinion = braai.load(weights_of_modules.find(braai.MODULE)) if data.braai else None
        for alerts in alert_tables([part], (ZTF.name,)):
            batch = AlertBatch(alerts)
            if second_opinion is not None:
                said = pa.array(braai.run(batch, second_opinion)["p_real"], from_pandas=True)
                batch = batch.with_column("braai", pa.StructArray.from_arrays([said], names=["p_real"]))
            fields, absent = acai.features(batch)
            reasons = [one or other for one, other in zip(absent, batch.triplets.reasons, strict=True)]
            inputs = {"features": fields, "triplets": batch.triplets.images[:, :_SIDE, :_SIDE]}
            keys = stamp_set.keys_of(batch, np.array(reasons, object))
            yield pa.table({**keys, **{name: stamp_set.lists(values) for name, values in inputs.items()}})

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """The earliest usable alert of each object, the label being the network that should claim it.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        yield from super().chosen(map(_of_networks, labelled), data)

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """One network after the other.

        Parameters
        ----------
        fit : Fit
        """
        learner = _learner(fit.settings)
        folder = fit.checkpoint.folder / "training"
        given = mapped(fit.training, _SHAPES, folder)
        scaling = Scaling.of(np.asarray(given["features"]))
        sides = (_Side(given, fit.training, scaling, folder), _validation(fit, scaling))
        saved = fit.checkpoint.load()
        state = saved[1] if saved else {}
        done = {name: state[name] for name in acai.NETWORKS if name in state}
        for number, name in enumerate(acai.NETWORKS):
            if name not in done:
                layers = fit.settings.beginning.layers(name, scaling)
                course = _course(fit, number, learner, sides, layers)
                if "numbers" in state:
                    course.restore(state)
                course.run(lambda own, number=number: fit.checkpoint.save(number, {**done, **own}))  # type: ignore[misc]
                done[name] = np.frombuffer(trained(layers, learner.model, scaling), np.uint8)
                fit.checkpoint.save(number + 1, done)
                state = {}
                fit.progress(number + 1, len(acai.NETWORKS), least=course.least, put_back=sum(course.put_back))
        return {f"{name}.onnx": values.tobytes() for name, values in done.items()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The five scores; they do not sum to 1.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        inputs = onnx_inputs(arrays(examples, _SHAPES))
        return np.column_stack([answers(artefacts[f"{name}.onnx"], inputs)[:, 0] for name in acai.NETWORKS])

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """Missed and false claims of real alerts that a fold has not seen, and of the published networks on the same.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        shown = onnx_inputs(arrays(everything.table().slice(0, 1024), _SHAPES))
        found: dict[str, Any] = {}
        for name in acai.NETWORKS:
            silent = silent_units(fits[-1].artefacts[f"{name}.onnx"], shown, LAYERS)
            found[f"{name}: silent units by layer"] = {layer: round(share, 3) for layer, share in silent.items()}
        folds = [(fit.artefacts, real(fit.unseen.table())) for fit in fits if fit.name.startswith("fold-")]
        folds = [(own, examples) for own, examples in folds if examples.num_rows]
        return found | (_against_published(self, folds) if folds else {})


class _Side:
    """Training or validation of all five networks: their inputs, and the rows of each."""

    def __init__(self, given: Arrays, selection: Selection, scaling: Scaling, folder: Path) -> None:
        self.given, self.scaling, self.folder = given, scaling, folder
        self.labels = np.array(selection.keys["label"].to_pylist(), object)
        self.weight = np.array(selection.keys["weight"].to_pylist(), np.float64)
        self.simulated = np.array(selection.keys["simulated"].fill_null(False).to_pylist(), bool)

    def rows(self, number: int, settings: Settings, layers: Layers) -> Rows:
        weight = self.weight * np.where(self.simulated, settings.simulated, 1.0)
        images = settings.beginning.images(layers, self.given, self.folder / CLASSES[number])
        return Rows(
            lambda rows: [self.scaling(self.given["features"][rows]), images[rows]],
            self.labels == CLASSES[number], weight, self.simulated,
        )  # fmt: skip


def _of_networks(labelled: pa.Table) -> pa.Table:
    labels = pa.array([NETWORK_OF.get(label, label) for label in labelled["label"].to_pylist()], pa.string())
    return labelled.set_column(labelled.column_names.index("label"), labelled.schema.field("label"), labels)


def _validation(fit: Fit, scaling: Scaling) -> _Side:
    """Real examples that a fit may stop at; simulated ones if there are no others."""
    simulated = np.array(fit.validation.examples.keys["simulated"].fill_null(False).to_pylist(), bool)
    kept = fit.validation.but(~simulated)
    kept = kept if len(kept) else fit.validation
    folder = fit.checkpoint.folder / "validation"
    return _Side(mapped(kept, _SHAPES, folder), kept, scaling, folder)


def _learner(settings: Settings) -> Learner:
    return Learner(settings.beginning.network({}, 0), keras_or_reason().losses.binary_crossentropy, settings.rate)


def _course(fit: Fit, number: int, learner: Learner, sides: tuple[_Side, _Side], layers: Layers) -> BinaryCourse:
    seed = seed_of(fit.seed, CLASSES[number])
    training, validation = (side.rows(number, fit.settings, layers) for side in sides)
    if not training.positive.any():
        raise ValueError(f"no examples of {CLASSES[number]} to train on; give more, or fewer folds")
    learner.begin(fit.settings.beginning.network(layers, seed))
    return BinaryCourse(learner, training, validation, fit.settings, seed)


def onnx_inputs(given: Arrays) -> Arrays:
    """What the networks in ONNX ask for: planes, with five more of zeros.

    Parameters
    ----------
    given : dict of str to numpy.ndarray
        Features (n, 25), triplets (n, 60, 60, 3).
    """
    return {"features": given["features"], "triplets": planes(given["triplets"])}


def _against_published(trainable: Acai, folds: Sequence[tuple[Mapping[str, bytes], pa.Table]]) -> dict[str, Any]:
    examples = pa.concat_tables([table for _, table in folds])
    labels = np.array(examples["label"].to_pylist(), object)
    ours = np.concatenate([trainable.score(own, table) for own, table in folds])
    found = _rates("ours", ours, labels)
    if weights_of_modules.missing(acai.MODULE):
        return found
    theirs = trainable.score(weights_of_modules.find(acai.MODULE), examples)
    right = [np.array(CLASSES, object)[said.argmax(axis=1)] == labels for said in (theirs, ours)]
    counted = confusion(labels, theirs, CLASSES)
    return {
        **found,
        **_rates("published", theirs, labels),
        "published, real, highest of five: accuracy": str(counted.accuracy),
        "published, real, highest of five: mean recall": round(counted.mean_recall, 4),
        "published, then ours, highest of five": str(paired(right[0], right[1], np.arange(len(labels)))),
    }


def _rates(whose: str, scores: Floats, labels: NDArray[np.object_]) -> dict[str, Any]:
    """Of every network: missed and false at some thresholds, and where they are alike."""
    found = {}
    for number, name in enumerate(acai.NETWORKS):
        positive = labels == CLASSES[number]
        if positive.any() and not positive.all():
            rates = error_rates(positive, scores[:, number])
            missed, false = rates.false_negatives, rates.false_positives
            told = [
                f"{at:g}: {missed[i].value:.3f}/{false[i].value:.3f}" for at in THRESHOLDS for i in [round(at * STEPS)]
            ]
            found[f"{name}, {whose}: FNR/FPR by threshold, real, n {positive.sum()}/{(~positive).sum()}"] = "; ".join(
                told
            )
            at = rates.equal or 0
            found[f"{name}, {whose}: FNR = FPR"] = (
                f"{missed[at].value:.3f}/{false[at].value:.3f} at {rates.thresholds[at]:.3f}"
            )
    return found


TRAINABLE = Acai()
