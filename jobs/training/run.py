"""A training from its configuration to the folder that `strix models add --from` takes."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from jobs.modules.trained_on import object_names
from jobs.storage.writing import replace_bytes, replace_json
from jobs.training.checkpoint import Checkpoint
from jobs.training.config import TrainingConfig, filled
from jobs.training.examples import Examples, Selection
from jobs.training.labels_of_run import resolved_labels
from jobs.training.making import MakePart, RunTasks, in_this_process, make
from jobs.training.progress import Progress
from jobs.training.record import code_hash
from jobs.training.result import Result, write_result
from jobs.training.scoring import scored
from jobs.training.seeds import seed_of
from jobs.training.splitting import TEST, TRAIN, VALIDATION, Split, groups, split
from jobs.training.trainable import Fit, Fitted, Trainable, get

FINAL = "final"
MODEL = "model"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Training:
    """A run: what it is told, and where it keeps what it has done.

    Attributes
    ----------
    trainable : Trainable
    config : TrainingConfig
    data, settings : object
        The trainable's own, filled from the configuration.
    tell : callable
        Takes a line of progress.
    """

    trainable: Trainable
    config: TrainingConfig
    data: Any
    settings: Any
    tell: Tell

    @property
    def folder(self) -> Path:
        """The run's."""
        return self.config.folder


def train(
    name: str, config: TrainingConfig, tell: Tell = lambda line: None, run_tasks: RunTasks = in_this_process
) -> Result:
    """Train; what an earlier run of the same configuration into the same folder has done is not done again.

    Parameters
    ----------
    name : str
        Of a trainable.
    config : TrainingConfig
    tell : callable
        Takes a line of progress.
    run_tasks : callable
        Runs the making of examples.

    Raises
    ------
    ValueError
        For an unknown trainable or key, a folder that holds a run of something else, nothing to train on.
    """
    trainable = get(name)
    data = filled(trainable.data, config.data, "data")
    settings = filled(trainable.settings, config.settings, "settings")
    training = Training(trainable, config, data, settings, tell)
    parts = trainable.parts(data)
    _same_or_new(training)
    labels = resolved_labels(config.labels, config.level, training.folder, tell)
    task = MakePart(name, data, training.folder / "examples", labels.path)
    left_out = make(task, parts, run_tasks)
    examples = Examples.at(task.folder)
    if not examples.keys.num_rows:
        raise ValueError(f"{name} has no examples to train on; left out: {dict(left_out)}")
    sides = sides_of(examples, config)
    fits = [_fitted(training, name, examples, sides) for name in _fit_names(config)]
    scores = scored(trainable, fits) if trainable.classes else None
    facts = dict(trainable.facts(fits, examples.select(np.ones(len(sides.part), bool)), settings))
    result = Result(trainable, config, settings, labels, examples, sides, left_out, fits, scores, facts)
    write_result(result, data, training.folder / MODEL)
    return result


def sides_of(examples: Examples, config: TrainingConfig) -> Split:
    """The split of the examples, by object and place, each class and origin dealt out by itself.

    Parameters
    ----------
    examples : Examples
    config : TrainingConfig
        Its seed, folds, shares and radius.
    """
    keys = examples.keys.to_pylist()
    objects = np.array(object_names(examples.keys).to_pylist(), object)
    strata = np.array([f"{row['label'] or ''}/{bool(row['simulated'])}" for row in keys], object)
    ra, dec = (examples.keys[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("ra", "dec"))
    group = groups(objects, ra, dec, config.radius_arcsec)
    shares = {"folds": config.folds, "validation": config.validation, "test": config.test}
    return split(group, objects, strata, seed_of(config.seed, "split"), **shares)  # type: ignore[arg-type]


def selections(name: str, examples: Examples, sides: Split, folds: int) -> tuple[Selection, Selection, Selection]:
    """What a fit trains on, validates on, and has not seen.

    Parameters
    ----------
    name : str
        `final` or `fold-<k>`. A fold's validation is the next fold; of two folds there is none.
    examples : Examples
    sides : Split
    folds : int
        Of the cross-validation.
    """
    if name == FINAL:
        parts = (sides.part == TRAIN, sides.part == VALIDATION, sides.part == TEST)
    else:
        own = int(name.removeprefix("fold-"))
        other = (own + 1) % folds if folds > 2 else -2
        unseen, validation = sides.fold == own, sides.fold == other
        parts = ((sides.fold >= 0) & ~unseen & ~validation, validation, unseen)
    train_on, validate_on, unseen_by = (examples.select(each) for each in parts)
    return train_on, validate_on, unseen_by


def _fit_names(config: TrainingConfig) -> list[str]:
    return [*(f"fold-{number}" for number in range(config.folds)), FINAL]


def _fitted(training: Training, name: str, examples: Examples, sides: Split) -> Fitted:
    """A fit, from its files if it is done."""
    train_on, validate_on, unseen = selections(name, examples, sides, training.config.folds)
    folder = training.folder / "fits" / name
    known = _kept(folder)
    if known is None:
        progress = Progress(name, training.folder / "progress.json", training.tell)
        checkpoint = Checkpoint(folder / "checkpoint")
        checkpoint.folder.mkdir(parents=True, exist_ok=True)
        seed = seed_of(training.config.seed, "fit", name)
        fit = Fit(name, training.settings, train_on, validate_on, seed, checkpoint, progress)
        known = dict(training.trainable.fit(fit))
        _keep(folder, known)
    return Fitted(name, known, unseen)


def _keep(folder: Path, artefacts: Mapping[str, bytes]) -> None:
    for name, content in artefacts.items():
        replace_bytes(folder / name, content)
    replace_json(folder / "done.json", {name: sha256(content).hexdigest() for name, content in artefacts.items()})
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)


def _kept(folder: Path) -> dict[str, bytes] | None:
    path = folder / "done.json"
    if not path.is_file():
        return None
    artefacts = {name: (folder / name).read_bytes() for name in json.loads(path.read_text())}
    return artefacts


def _same_or_new(training: Training) -> None:
    """Keep what is asked for; refuse a folder in which something else was begun: half of it would be of other data or code."""
    path = training.folder / "run.json"
    inputs = [*map(Path, training.config.labels), *training.trainable.files(training.data)]
    asked = {
        "trainable": training.trainable.name,
        **json.loads(json.dumps(asdict(training.config))),
        "code": code_hash()[:16],
        **{f"file {each}": [each.stat().st_size, each.stat().st_mtime_ns] for each in inputs},
    }
    begun = any((training.folder / "examples").glob("part-*.json"))
    if begun and path.is_file():
        before = json.loads(path.read_text())
        # What is done is the same under another version: a model can be named anew without its fits
        differ = sorted(key for key in {*asked, *before} - {"version"} if before.get(key) != asked.get(key))
        if differ:
            told = "; ".join(f"{key} was {before.get(key)!r}, now {asked.get(key)!r}" for key in differ)
            raise ValueError(f"{training.folder} holds another training: {told}; name another output, or remove it")
    replace_json(path, asked)
