"""What a training leaves: artefacts with their sha256, the card, the record, plots."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.modules import trained_on
from jobs.modules.trained_on import TrainedOn, object_names
from jobs.storage.writing import replace_bytes, replace_file, replace_json, replace_table
from jobs.training.card import card
from jobs.training.config import TrainingConfig
from jobs.training.examples import Examples
from jobs.training.labels_of_run import RunLabels
from jobs.training.plots import write_plots
from jobs.training.record import record
from jobs.training.scoring import Scores
from jobs.training.splitting import TEST, Split
from jobs.training.trainable import Fitted, Trainable

CARD, RECORD, SUMS = "README.md", "training.json", "SHA256SUMS"


@dataclass(frozen=True)
class Result:
    """A training that is done.

    Attributes
    ----------
    trainable : Trainable
    config : TrainingConfig
    settings : object
        The trainable's.
    labels : RunLabels
    examples : Examples
    sides : Split
    left_out : Counter
        Why examples were left out.
    fits : sequence of Fitted
        `final` is the last.
    scores : Scores or None
        Of unseen examples; None of a model without classes.
    facts : mapping
        The trainable's own numbers.
    """

    trainable: Trainable
    config: TrainingConfig
    settings: Any
    labels: RunLabels
    examples: Examples
    sides: Split
    left_out: "Counter[str]"
    fits: Sequence[Fitted]
    scores: Scores | None
    facts: Mapping[str, Any]

    @property
    def version(self) -> str:
        """Of the model."""
        return self.config.version or self.trainable.version

    @property
    def surveys(self) -> list[str]:
        """Those of the examples, sorted."""
        return sorted(set(self.examples.keys["survey"].to_pylist()))

    @property
    def artefacts(self) -> Mapping[str, bytes]:
        """Files of the model by name."""
        return self.fits[-1].artefacts

    @property
    def trained_on(self) -> TrainedOn:
        """The objects that the model learned from: those of the tests are not among them."""
        keys = self.examples.keys.filter(pa.array(self.sides.part != TEST))
        return TrainedOn.of(object_names(keys.filter(pa.array(self.trainable.learned(keys, self.settings)))))

    @property
    def digests(self) -> dict[str, str]:
        """sha256 of each artefact."""
        return {name: sha256(content).hexdigest() for name, content in sorted(self.artefacts.items())}


def write_result(result: Result, data: Any, folder: Path) -> None:
    """Write the folder anew.

    Parameters
    ----------
    result : Result
    data : object
        The trainable's `data`: its files' hashes are recorded.
    folder : pathlib.Path
        `strix models add --from` takes it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in result.artefacts.items():
        replace_bytes(folder / name, content)
    replace_bytes(folder / trained_on.FILE, result.trained_on.to_bytes())
    plots = write_plots(result.scores, folder / "plots", result.trainable.trades)
    if result.scores is not None:
        replace_table(folder / "predictions.parquet", result.scores.as_table())
    replace_json(folder / RECORD, record(result, data))
    replace_file(folder / CARD, card(result, plots))
    replace_file(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in result.digests.items()))
