"""What can be trained: one file `jobs/training/trainables/NAME.py` with an object `TRAINABLE`.

`strix train NAME --config conf/training/NAME.yaml` does, for each of them, the same:

1. reads the label files, resolves what they disagree in (`jobs/labels`);
2. has the trainable make examples, part by part (`parts`, `examples`), on Spark or in this process, gives them their labels,
   lets it choose among them (`chosen`) and writes them as Parquet shards: a set may be larger than memory;
3. splits by object and place on the sky (`splitting.py`);
4. fits: `fold-0`, `fold-1`, ... for the cross-validation, then `final` (`fit`). Each fit has its seed, its checkpoint and its
   progress. After a kill what is done is kept, and the fit in hand goes on from its last checkpoint;
5. scores what a fit has not seen (`score`): every fold by the fit that left it out, the test part by `final`;
6. writes `model/`: artefacts, SHA256SUMS, the card, `training.json`, plots.

To write one: subclass `Trainable`, declare name, version, classes, `columns` (what an example holds beside examples.KEYS),
two frozen dataclasses with defaults for the configuration's `data` and `settings`, and the four functions. A fit reads

    for epoch in range(first, settings.epochs):
        for batch in fit.training.shuffled(256, fit.seed, epoch):   # pyarrow tables: your columns, label, weight
            ...
        fit.checkpoint.save(epoch + 1, {"weights": weights})         # numpy arrays; or files in fit.checkpoint.folder
        fit.progress(epoch + 1, settings.epochs, loss=loss)

and begins with `saved = fit.checkpoint.load()`: None, or the last step and its arrays. `fit.validation` is for stopping
early and for calibration; it may be empty. A test part is never handed to a fit.
`anomaly.py` is one without classes, `stamp.py` a classifier; tests/helpers/trainables/line.py is a small one, whole.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.common.typed_names import did_you_mean
from jobs.training import trainables
from jobs.training.checkpoint import Checkpoint
from jobs.training.examples import Selection
from jobs.training.progress import Progress

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Nothing:
    """Of a trainable that has no keys of its own."""


@dataclass(frozen=True)
class Fit:
    """What a fit is given.

    Attributes
    ----------
    name : str
        `fold-0`, `fold-1`, ... or `final`.
    settings : object
        The trainable's `settings`, filled from the configuration.
    training, validation : Selection
        Examples; those of the validation are no neighbours of the training's, and may be none.
    seed : int
        Of this fit, from the configuration's and the fit's name.
    checkpoint : Checkpoint
        Where to save what a restart goes on from.
    progress : Progress
        Told how far the fit is.
    """

    name: str
    settings: Any
    training: Selection
    validation: Selection
    seed: int
    checkpoint: Checkpoint
    progress: Progress


@dataclass(frozen=True)
class Fitted:
    """A fit that is done.

    Attributes
    ----------
    name : str
        As of the Fit.
    artefacts : mapping of str to bytes
        Files by name.
    unseen : Selection
        Examples that it was not given: those of its fold, or the test part.
    """

    name: str
    artefacts: Mapping[str, bytes]
    unseen: Selection


class Trainable(ABC):
    """A model that the frame trains; see the module's text.

    Attributes
    ----------
    name, version : str
        Of the science module that the artefacts are for; the version of what is trained.
    classes : tuple of str
        Of labels, in the order of `score`'s columns; empty for a model without classes. Examples with another label are
        left out and counted.
    columns : pyarrow.Schema
        What an example holds beside `examples.KEYS`; any types.
    data, settings : type
        Frozen dataclasses, all fields with defaults.
    packages : tuple of str
        Distributions whose versions are recorded beside the frame's own.
    defaults : mapping
        Of the frame's keys, where this model wants others than TrainingConfig's.
    trades : tuple of (str, str)
        Pairs of classes that are taken for each other: the card has a curve of how much of the second is found where how much
        of the first stays.
    not_tested_on : str
        For the card, in Markdown: what the numbers do not cover, and when not to trust the model.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    classes: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[pa.Schema]
    data: ClassVar[type] = Nothing
    settings: ClassVar[type] = Nothing
    packages: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[Mapping[str, Any]] = {}
    trades: ClassVar[tuple[tuple[str, str], ...]] = ()
    not_tested_on: ClassVar[str] = ""

    @abstractmethod
    def parts(self, data: Any) -> Sequence[str]:
        """The pieces in which examples are made, each by a task of its own: names of files, nights, seeds.

        Parameters
        ----------
        data : object
            The trainable's `data`.

        Raises
        ------
        ValueError
            If there is nothing to make examples of.
        """

    @abstractmethod
    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """Examples of a part, a bounded table at a time: `columns`, and of `examples.KEYS` what is known.

        `survey` and `object_id` are wanted; `alert_id`, `ra`, `dec` where there are any. Where `label` is absent or NULL
        the label files give it, by alert, else by object, with `weight` and `source`.

        Parameters
        ----------
        part : str
            One of `parts`.
        data : object
            The trainable's `data`.
        """

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """What of a part becomes examples, once labels are known: all of it, unless a trainable chooses.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            As `examples` gave them, whole, with label, weight and source. Where source is told and label is NULL, labels
            contradict each other.
        data : object
            The trainable's `data`.
        """
        yield from labelled

    def learned(self, examples: pa.Table, settings: Any) -> Bools:
        """Of which examples a fit that is shown them learns: all, unless a trainable gives some no weight. Shape (n_examples,).

        Parameters
        ----------
        examples : pyarrow.Table
            KEYS.
        settings : object
            The trainable's `settings`.
        """
        return np.ones(examples.num_rows, bool)

    @abstractmethod
    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """Fit, and give the artefacts by file name (ONNX or npz; no pickle).

        Parameters
        ----------
        fit : Fit
        """

    @abstractmethod
    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """Probabilities, shape (n_examples, n_classes); NaN rows where there is no answer. Not called without classes.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            KEYS and `columns`.
        """

    def files(self, data: Any) -> Sequence[Path]:
        """Files whose sha256 is recorded with the model.

        Parameters
        ----------
        data : object
            The trainable's `data`.
        """
        return ()

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """Further numbers for the card and training.json, by name; plain values.

        Parameters
        ----------
        fits : sequence of Fitted
            The folds and `final`, which is last.
        everything : Selection
            All examples.
        settings : object
            The trainable's `settings`.
        """
        return {}


def names() -> list[str]:
    """The trainables, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(trainables.__path__))


def get(name: str) -> Trainable:
    """The trainable of a name.

    Parameters
    ----------
    name : str
        Of its file.

    Raises
    ------
    ValueError
        If there is none; says the nearest.
    """
    if name not in names():
        raise ValueError(f"no trainable {name!r}{did_you_mean(name, names())}; there are {', '.join(names())}")
    found = importlib.import_module(f"{trainables.__name__}.{name}").TRAINABLE
    assert isinstance(found, Trainable)
    return found
