"""What an object may be before light_curve_class takes it, from three points in a band on: its classes, from simpler numbers."""

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, ScienceModule
from science_modules.common.curve_features import curves
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_answers import OUTPUTS, answers, numbers
from science_modules.common.reasons import first_reason
from science_modules.light_curve_class_early.columns import FEATURES

COUNTS = ("lc_features.n_g", "lc_features.n_r")
LEAST_POINTS = 3  # in the band that has more

TOO_FEW = f"too few points: neither g nor r has {LEAST_POINTS} detections with a magnitude"
ENOUGH = f"not applicable: g or r has {curves.LEAST_POINTS} usable detections, light_curve_class answers"
NO_FEATURES = "no features: lc_features has no answer"

ARTEFACTS = (
    Artefact(
        name="light_curve_class_early_ztf.npz",
        sha256="4023394536107bcbdbf748bc5ac8e9c381fc531780ebd1f2dfecfce37b8e05d8",
        source="strix train light_curve_class_early, on simulated and real ZTF light curves; its card is README.md",
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> Forest:
    """The forests; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, `light_curve_class_early_ztf.npz`.

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
    most = counts.max(axis=1)  # NaN without lc_features
    # lc_features counts detections of any real-bogus score, alerce_features of either sign: so its own rule is asked.
    enough = curves.enough(curves.counts_in(batch, ("g", "r")))
    error = first_reason((np.isnan(most), NO_FEATURES), (enough, ENOUGH), (most < LEAST_POINTS, TOO_FEW))
    return answers(batch, forest, counts.sum(axis=1), error)


MODULE = ScienceModule(
    name="light_curve_class_early",
    version="1.2.0",
    inputs=("light_curve", "corrected", *COUNTS, *FEATURES),
    outputs=OUTPUTS,
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=("ztf",),
    source="task of Sanchez-Saez et al. 2021, AJ 161, 141; statistics of Malanchev et al. 2021, MNRAS 502, 5147",
)
