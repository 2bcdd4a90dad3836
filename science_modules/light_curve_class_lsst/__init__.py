"""Which of fifteen classes an object of Rubin is, by the shape of its light curve in six bands: four forests in two levels."""

from dataclasses import replace

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, ScienceModule
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_answers import OUTPUTS, answers, numbers
from science_modules.common.reasons import first_reason
from science_modules.common.view import BANDS
from science_modules.light_curve_class_lsst.columns import FEATURES

COUNTS = tuple(f"alerce_features_lsst.n_det_{band}" for band in BANDS)
LEAST_POINTS = 6  # in all bands together; alerce_features_lsst gives nothing below

TOO_FEW = f"too few points: less than {LEAST_POINTS} usable detections in all bands together"
NO_FEATURES = "no features: alerce_features_lsst has no answer"

ARTEFACTS = (
    Artefact(
        name="light_curve_class_lsst.npz",
        sha256="bcdf85946d247e63decb2f77ebbc505a2177e7a8b0188f94e0ce0b9441dd49e2",
        source="strix train light_curve_class_lsst, on simulated Rubin light curves and ELAsTiCC's; its card is README.md",
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> Forest:
    """The forests; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, `light_curve_class_lsst.npz`.

    Raises
    ------
    ValueError
        If the trees were grown on other features than this version reads.
    """
    return Forest.of_features(artefacts[ARTEFACTS[0].name], FEATURES)


def run(batch: AlertBatch, forest: Forest) -> pd.DataFrame:
    """One row per alert: probabilities, classes, what they are made of, error.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    forest : Forest
        What `load` gives.
    """
    points = numbers(batch, COUNTS).sum(axis=1)  # NaN without alerce_features_lsst
    error = first_reason((np.isnan(points), NO_FEATURES), (points < LEAST_POINTS, TOO_FEW))
    return answers(batch, forest, points, error)


MODULE = ScienceModule(
    name="light_curve_class_lsst",
    version="1.0.1",
    inputs=(*COUNTS, *FEATURES),
    outputs=tuple(
        replace(field, description="detections in all bands that the features are made of")
        if field.name == "n_points"
        else field
        for field in OUTPUTS
    ),
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=("lsst",),
    source="task of Sanchez-Saez et al. 2021, AJ 161, 141",
)
