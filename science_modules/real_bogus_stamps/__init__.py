"""Real or bogus, from the stamps alone, for packets that have no such score or whose score is to be checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.common import rubin_stamps, ztf_stamps
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Floats, Forest
from science_modules.common.contract import Artefact, Artefacts, Field, ScienceModule
from science_modules.common.image_numbers import NAMES, image_numbers

SURVEYS = ("ztf", "lsst")
CLASSES = ("bogus", "real")
_STAMPS = {"ztf": ztf_stamps, "lsst": rubin_stamps}
_SHA256 = {
    "ztf": "84781fe416e9accc07e5d51d327c421811a06db0bfdaf738e05bb547c30ad920",
    "lsst": "8bcf70d262dcb5fe6639c404acea2b8987bf92c38cf3ad3ffcab307688b9011b",
}

State = Mapping[str, Forest]


def file_of(survey: str) -> str:
    """The artefact of a survey.

    Parameters
    ----------
    survey : str
        Of SURVEYS.
    """
    return f"real_bogus_stamps_{survey}.npz"


def load(artefacts: Artefacts) -> State:
    """The trees of each survey; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, one for each of SURVEYS.

    Raises
    ------
    ValueError
        If trees were grown on other features than this version computes.
    """
    empty = np.full((1, 3, 63, 63), np.nan, np.float32)
    for stamps in _STAMPS.values():
        image_numbers(empty, stamps.levels(empty))
    return {survey: Forest.of_features(artefacts[file_of(survey)], NAMES) for survey in SURVEYS}


def run(batch: AlertBatch, state: State) -> pd.DataFrame:
    """One row per alert: the probability of being real, or the reason why there is none.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    state : mapping of str to Forest
        What `load` gives.
    """
    error = np.array(batch.stamps.unusable, object)
    survey, measured = np.asarray(batch["survey"], object), numbers(batch)
    p_real = np.full(len(batch), np.nan, np.float32)
    for name, forest in state.items():
        rows = np.flatnonzero((survey == name) & np.array([reason is None for reason in error], bool))
        p_real[rows] = probability(forest, measured[rows])
    return pd.DataFrame({"p_real": p_real, "error": error})


def numbers(batch: AlertBatch) -> Floats:
    """The image numbers of alerts, each measured as its survey's stamps want it; shape (n, len(NAMES)).

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    """
    survey = np.asarray(batch["survey"], object)
    out = np.full((len(batch), len(NAMES)), np.nan)
    for name, stamps in _STAMPS.items():
        rows = np.flatnonzero(survey == name)
        if len(rows):
            images = stamps.planes(_part(batch, rows))
            out[rows] = image_numbers(images, stamps.levels(images))
    return out


def _part(batch: AlertBatch, rows: NDArray[Any]) -> AlertBatch:
    """The alerts of one survey; with the stamps that are decoded already where these are all."""
    return batch if len(rows) == len(batch) else AlertBatch(batch.table.take(pa.array(rows)))


def probability(forest: Forest, features: Floats) -> Floats:
    """The probability of being real, shape (n,).

    Parameters
    ----------
    forest : Forest
    features : numpy.ndarray of float64, shape (n, len(NAMES))
    """
    return np.asarray(1 / (1 + np.exp(-forest.logits(features)[:, 0] / forest.temperature[0])))


MODULE = ScienceModule(
    name="real_bogus_stamps",
    version="1.0.0",
    inputs=("survey", "cutouts", "is_positive", *(f"candidate.{name}" for name in ("xpos", "ypos", "x", "y"))),
    outputs=(Field("p_real", "float32", "", "score from the stamps alone, 0 to 1: real (1) or bogus (0)"),),
    run=run,
    load=load,
    artefacts=tuple(
        Artefact(
            name=file_of(survey),
            sha256=digest,
            source="strix train real_bogus_stamps on real and simulated alerts; its card is README.md",
            licence="Apache-2.0",
        )
        for survey, digest in _SHA256.items()
    ),
    surveys=SURVEYS,
    source="task of Duev et al. 2019, MNRAS 489, 3582; trees of Friedman 2001, Annals of Statistics 29, 1189",
)
