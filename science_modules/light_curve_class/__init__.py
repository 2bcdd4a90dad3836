"""Which of fifteen classes an object is, by the shape of its light curve: four balanced random forests in two levels."""

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, ScienceModule
from science_modules.common.curve_features.curves import LEAST_POINTS, enough
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_answers import OUTPUTS, answers, numbers
from science_modules.common.reasons import first_reason
from science_modules.light_curve_class.columns import FEATURES

COUNTS = ("alerce_features.n_det_1", "alerce_features.n_det_2")

TOO_FEW = f"too few points: neither g nor r has {LEAST_POINTS} usable detections"
NO_FEATURES = "no features: alerce_features has no answer"

ARTEFACTS = (
    Artefact(
        name="light_curve_class_ztf.npz",
        sha256="a710d7342e93238259f43fb01f04d6e300e0e2dee507003483615993219f88eb",
        source="strix train light_curve_class, on simulated and real ZTF light curves; its card is README.md",
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> Forest:
    """The forests; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, `light_curve_class_ztf.npz`.

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
    counts = numbers(batch, COUNTS)
    none = np.asarray(np.isnan(counts).any(axis=1))
    error = first_reason((none, NO_FEATURES), (~enough(counts), TOO_FEW))
    return answers(batch, forest, counts.sum(axis=1), error)


MODULE = ScienceModule(
    name="light_curve_class",
    version="1.1.1",
    inputs=(*COUNTS, *FEATURES),
    outputs=OUTPUTS,
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=("ztf",),
    source="Sanchez-Saez et al. 2021, AJ 161, 141",
)
