"""Check 2: whether a forest can tell simulated alerts from real ones by what should say nothing."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
        Of each class as many simulated alerts as real ones, matched as `matched` does.

    Returns
    -------
    dict
        n (of each kind), auroc_fields, auroc_stamps, and their most important columns. Alerts of one exposure are in one
        fold: they share limit, zero point and colour terms, and a forest would tell exposures by these, not skies. The same
        with folds at random are fields_at_random, stamps_at_random.
    """
    rows = [_pair(kind, real, simulated) for kind in CLASSES]
    one = real.select(np.concatenate([pair[0] for pair in rows]))
    other = simulated.select(np.concatenate([pair[1] for pair in rows]))
    exposure = pd.concat([one.fields["jd"], other.fields["jd"]]).round(4).to_numpy()
    found: dict[str, Any] = {"n": len(one)}
    for name, numbers in (("fields", _nuisance), ("stamps", _stamps)):
        pair = numbers(one), numbers(other)
        found[f"auroc_{name}"], found[name] = _auroc(*pair, exposure)
        found[f"{name}_at_random"] = _auroc(*pair)[0]
    return found


def _pair(kind: str, real: Alerts, simulated: Alerts) -> tuple[Any, Any]:
    own, pool = np.flatnonzero(real.kind == kind), np.flatnonzero(simulated.kind == kind)
    alike = pool[matched(real.fields.iloc[own], simulated.fields.iloc[pool])]
    return own[: len(alike)], alike


def _nuisance(alerts: Alerts) -> pd.DataFrame:
    return alerts.fields[list(NUISANCE)].astype(float)


def _stamps(alerts: Alerts) -> pd.DataFrame:
    return stamp_numbers(alerts.batch.stamps)


def _auroc(
    real: pd.DataFrame, simulated: pd.DataFrame, exposure: NDArray[np.float64] | None = None
) -> tuple[float, list[str]]:
    # scikit-learn is in the extra `training`; only this check needs it
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    values = pd.concat([real, simulated], ignore_index=True).fillna(-1e4)
    origin = np.repeat([0, 1], [len(real), len(simulated)])
    forest = RandomForestClassifier(_TREES, min_samples_leaf=3, random_state=1, n_jobs=1)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=1)
    groups = np.arange(len(values)) if exposure is None else exposure
    score = cross_val_predict(forest, values, origin, groups=groups, cv=folds, method="predict_proba")[:, 1]
    important = np.argsort(-forest.fit(values, origin).feature_importances_)[:8]
    return float(roc_auc_score(origin, score)), [str(values.columns[i]) for i in important]
