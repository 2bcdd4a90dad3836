"""Check 2: whether a forest can tell simulated alerts from real ones by what should say nothing."""

from typing import Any

import numpy as np
import pandas as pd

from jobs.simulation.checks.matching import matched
from jobs.simulation.checks.medians import CLASSES
from jobs.simulation.checks.night_alerts import Alerts
from jobs.simulation.checks.stamp_numbers import stamp_numbers

# Of the exposure, of the fit and of the surroundings: not what an object is.
NUISANCE = (
    *("diffmaglim", "magzpsci", "clrcoeff", "fwhm", "seeratio", "sky", "elong", "classtar", "chipsf", "sigmapsf"),
    *("scorr", "magdiff", "sumrat", "nneg", "nbad", "distpsnr2", "distpsnr3", "neargaia", "nmtchps", "dsnrms"),
)
GOAL_FIELDS = 0.75
AIM_STAMPS = 0.85
_TREES = 300


def discrimination(real: Alerts, simulated: Alerts) -> dict[str, Any]:
    """AUROC of a forest, real against simulated, five-fold, and the columns that it uses most.

    Parameters
    ----------
    real, simulated : Alerts
        Of each class as many simulated alerts as real ones, matched in ndethist and magpsf.

    Returns
    -------
    dict
        n (of each kind), auroc_fields, auroc_stamps, and their most important columns.
    """
    rows = [_pair(kind, real, simulated) for kind in CLASSES]
    one = real.select(np.concatenate([pair[0] for pair in rows]))
    other = simulated.select(np.concatenate([pair[1] for pair in rows]))
    fields = _auroc(_nuisance(one), _nuisance(other))
    stamps = _auroc(stamp_numbers(one.batch.stamps), stamp_numbers(other.batch.stamps))
    return {
        "n": len(one),
        "auroc_fields": fields[0],
        "auroc_stamps": stamps[0],
        "fields": fields[1],
        "stamps": stamps[1],
    }


def _pair(kind: str, real: Alerts, simulated: Alerts) -> tuple[Any, Any]:
    own, pool = np.flatnonzero(real.kind == kind), np.flatnonzero(simulated.kind == kind)
    alike = pool[matched(real.fields.iloc[own], simulated.fields.iloc[pool])]
    return own[: len(alike)], alike


def _nuisance(alerts: Alerts) -> pd.DataFrame:
    return alerts.fields[list(NUISANCE)].astype(float)


def _auroc(real: pd.DataFrame, simulated: pd.DataFrame) -> tuple[float, list[str]]:
    # scikit-learn is in the extra `training`; only this check needs it
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    values = pd.concat([real, simulated], ignore_index=True).fillna(-1e4)
    origin = np.repeat([0, 1], [len(real), len(simulated)])
    forest = RandomForestClassifier(_TREES, min_samples_leaf=3, random_state=1, n_jobs=1)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    score = cross_val_predict(forest, values, origin, cv=folds, method="predict_proba")[:, 1]
    important = np.argsort(-forest.fit(values, origin).feature_importances_)[:8]
    return float(roc_auc_score(origin, score)), [str(values.columns[i]) for i in important]
