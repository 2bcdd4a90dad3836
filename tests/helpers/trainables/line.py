"""A small trainable, whole: logistic regression on two numbers, with a checkpoint after every epoch."""

import io
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.training.trainable import Fit, Floats, Trainable


@dataclass(frozen=True)
class Data:
    """Parquet files of survey, object_id, ra, dec, x, y."""

    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How it is fitted; `kill` names a file that is made where the process kills itself, once, after its third epoch."""

    epochs: int = 6
    rate: float = 0.5
    kill: str = ""


class Line(Trainable):
    """A or B by which side of a line they lie on."""

    name = "line"
    version = "1.0.0"
    classes = ("A", "B")
    columns = pa.schema([("x", pa.float64()), ("y", pa.float64())])
    data = Data
    settings = Settings
    not_tested_on = "Anything real."

    def parts(self, data: Any) -> Sequence[str]:
        return data.files  # type: ignore[no-any-return]

    def files(self, data: Any) -> Sequence[Path]:
        return [Path(file) for file in data.files]

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        for batch in pq.ParquetFile(part).iter_batches(64):
            yield pa.Table.from_batches([batch])

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        saved = fit.checkpoint.load()
        first, weights = (saved[0], saved[1]["weights"]) if saved else (0, np.zeros(3))
        for epoch in range(first, fit.settings.epochs):
            for batch in fit.training.shuffled(32, fit.seed, epoch):
                weights = weights + fit.settings.rate * _slope(weights, batch)
            fit.checkpoint.save(epoch + 1, {"weights": weights})
            fit.progress(epoch + 1, fit.settings.epochs)
            self._perhaps_die(fit, epoch)
        stream = io.BytesIO()
        np.savez(stream, weights=weights)
        return {"line.npz": stream.getvalue()}

    def _perhaps_die(self, fit: Fit, epoch: int) -> None:
        if fit.settings.kill and fit.name == "fold-1" and epoch == 2 and not Path(fit.settings.kill).exists():
            Path(fit.settings.kill).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        chance = _chance(np.load(io.BytesIO(artefacts["line.npz"]))["weights"], examples)
        return np.column_stack([1 - chance, chance])

    def facts(self, fits: Any, everything: Any, settings: Any) -> Mapping[str, Any]:
        return {"epochs": settings.epochs * len(fits)}


def _chance(weights: Floats, examples: pa.Table) -> Floats:
    x = np.column_stack([np.ones(len(examples)), examples["x"].to_numpy(), examples["y"].to_numpy()])
    return np.asarray(1 / (1 + np.exp(-(x @ weights))))


def _slope(weights: Floats, batch: pa.Table) -> Floats:
    x = np.column_stack([np.ones(len(batch)), batch["x"].to_numpy(), batch["y"].to_numpy()])
    wrong = np.array(batch["label"].to_pylist()) == "B"
    return np.asarray(((wrong - _chance(weights, batch)) * batch["weight"].to_numpy()) @ x / len(batch))


TRAINABLE = Line()
