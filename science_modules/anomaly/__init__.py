"""How unlike the known alerts a light curve is, and in what: an isolation forest on its statistics."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.anomaly.forest import Forest
from science_modules.anomaly.selection import FEATURES, INPUTS, Curves, curves
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, Field, ScienceModule
from science_modules.common.view import BANDS

N_REASONS = 3
# A survey is served if its forest stands here; `strix train anomaly` makes one and says its sha256.
ARTEFACTS = (
    Artefact(
        name="forest_ztf.npz",
        sha256="2fa277cd2c7c5bd610d1c3c4e6c35e3b271300d47d02c2d06ead620a09c060f6",
        source="strix train anomaly, on real ZTF alerts and light curves, 2018 to 2026; its card is forest_ztf.json",
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> dict[str, Forest]:
    """The forest of each survey; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified files, `forest_<survey>.npz`.

    Returns
    -------
    dict of str to Forest
        By the survey's name.

    Raises
    ------
    ValueError
        If a forest was trained on other statistics than this version computes.
    """
    forests = {_survey(name): Forest.from_bytes(data) for name, data in artefacts.items()}
    for survey, forest in forests.items():
        if tuple(forest.features) != FEATURES:
            raise ValueError(f"forest of {survey} splits on {list(forest.features)}, this module gives {FEATURES}")
        forest.score(np.zeros((1, len(FEATURES)), np.float32))
    return forests


def run(batch: AlertBatch, forests: dict[str, Forest]) -> pd.DataFrame:
    """One row per alert: score, percentile, why, band, error.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    forests : dict of str to Forest
        What `load` gives.
    """
    surveys = batch["survey"]
    found = curves(batch)
    score, percentile = np.full(len(batch), np.nan), np.full(len(batch), np.nan)
    why, band = np.full(len(batch), None, object), np.full(len(batch), None, object)
    error = np.where(np.isin(surveys, list(forests)), found.reasons, _no_forest(surveys))
    for survey, forest in forests.items():
        worst, scores, contributions = _worst_band(found, surveys == survey, forest)
        alert = found.alert[worst]
        score[alert], percentile[alert] = scores, forest.percentile(scores)
        band[alert] = np.array(BANDS, object)[found.band[worst]]
        why[alert] = _why(contributions, found.band[worst])
    columns = {"score": score, "percentile": percentile, "why": why, "band": band, "error": error}
    return pd.DataFrame(columns)


def _no_forest(surveys: Any) -> Any:
    return np.array([f"no forest for survey {survey}" for survey in surveys], object)


def _worst_band(found: Curves, mine: Any, forest: Forest) -> tuple[Any, Any, Any]:
    """Per alert the row of its most anomalous band (the first of equals), its score and its contributions."""
    rows = np.flatnonzero(mine[found.alert])
    scores, contributions = forest.score(found.x[rows])
    order = np.lexsort((rows, scores, found.alert[rows]))
    first = order[np.r_[True, np.diff(found.alert[rows][order]) > 0][: len(order)]]
    return rows[first], scores[first], contributions[first]


def _why(contributions: Any, bands: Any) -> Any:
    """The names of the features, with their band, that shortened the path most; those that lengthened it are no reason."""
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :N_REASONS]
    names = np.array([[f"{name}_{band}" for name in FEATURES] for band in BANDS], object)
    helped = np.take_along_axis(contributions, order, axis=1) > 0
    why = np.full(len(order), None, object)
    for i, (features, useful) in enumerate(zip(names[bands[:, None], order], helped, strict=True)):
        why[i] = list(features[useful])
    return why


def _survey(name: str) -> str:
    return name.removeprefix("forest_").removesuffix(".npz")


MODULE = ScienceModule(
    name="anomaly",
    version="1.1.1",
    inputs=INPUTS,
    outputs=(
        Field(
            "score",
            "float64",
            "",
            "isolation forest score, -1 to 0; lower is more anomalous; lowest over the bands",
            lowest_first=True,
        ),
        Field("percentile", "float64", "%", "share of the training alerts that are less anomalous; 100: all of them"),
        Field("why", "list<string>", "", "up to three statistics that set the light curve apart most, strongest first"),
        Field("band", "string", "", "the band whose light curve gave the score"),
    ),
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=tuple(_survey(artefact.name) for artefact in ARTEFACTS),
    source="Liu, Ting & Zhou 2008, ICDM; Malanchev et al. 2021, MNRAS 502, 5147; coniferest 0.2.2",
)
