"""Check 3: what the published networks, trained on the real sky, make of simulated alerts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.simulation.checks.matching import matched
from jobs.simulation.checks.night_alerts import CLASSES, Alerts
from science_modules import acai, braai
from science_modules.common import artefacts

GOAL = 0.10
LEAST = 30
EACH = 2  # simulated alerts to a real one
THRESHOLD = 0.5


def network_scores(alerts: Alerts) -> pd.DataFrame:
    """Scores of braai and of ACAI's five; braai stands in for a drb that the packet lacks.

    Parameters
    ----------
    alerts : Alerts

    Returns
    -------
    pandas.DataFrame
        Columns braai, acai_h, acai_n, acai_v, acai_o, acai_b; NaN where there is no answer.

    Raises
    ------
    ArtefactError
        If the weights are not there (`strix models add`).
    """
    real = braai.run(alerts.batch, braai.load(artefacts.find(braai.MODULE)))["p_real"]
    column = pa.StructArray.from_arrays([pa.array(real)], names=["p_real"])
    five = acai.run(alerts.batch.with_column("braai", column), acai.load(artefacts.find(acai.MODULE)))
    return pd.concat([real.rename("braai"), five[list(acai.NETWORKS)]], axis=1)


def fractions(
    real: Alerts, simulated: Alerts, scores: Mapping[str, pd.DataFrame], checked: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Per class and network, the fraction of alerts above 0.5, of those that have the survey's drb.

    ACAI was trained on it; the packets before 2019-08 lack it, no simulated one does. Simulated alerts are matched to the
    real ones as in the other checks: ACAI reads how often and how brightly an object was seen.

    Parameters
    ----------
    real, simulated : Alerts
    scores : mapping of str to pandas.DataFrame
        Of `real` and of `simulated`, as `network_scores` gives them.
    checked : numpy.ndarray of bool, shape (len(real),)
        The real alerts on which nothing was measured. A class with fewer than LEAST of them is compared by all.

    Returns
    -------
    list of dict
        class, network, half (whether the real ones are those `checked` alone), n_real, n_simulated, real, simulated, night
        (of all simulated alerts of the class), ok (None where there are fewer than LEAST real alerts).
    """
    return [row for kind in CLASSES for row in _of_class(kind, real, simulated, scores, checked)]


def _of_class(
    kind: str, real: Alerts, simulated: Alerts, scores: Mapping[str, pd.DataFrame], checked: NDArray[np.bool_]
) -> Iterator[dict[str, Any]]:
    every = (real.kind == kind) & real.fields["drb"].notna().to_numpy()
    half = bool(np.sum(every & checked) >= LEAST)
    own, pool = np.flatnonzero(every & (checked | ~half)), np.flatnonzero(simulated.kind == kind)
    alike = pool[matched(real.fields.iloc[own], simulated.fields.iloc[pool], EACH)]
    for network in scores["real"].columns:
        one, other, night = (
            scores[origin][network].iloc[rows].dropna()
            for origin, rows in (("real", own), ("simulated", alike), ("simulated", pool))
        )
        yield {"class": kind, "network": network, "half": half, "night": _above(night), **_compared(one, other)}


def _compared(real: pd.Series, simulated: pd.Series) -> dict[str, Any]:
    enough = min(len(real), len(simulated)) >= LEAST
    above = _above(real), _above(simulated)
    close = bool(abs(above[0] - above[1]) <= GOAL) if enough else None
    counts = {"n_real": len(real), "n_simulated": len(simulated)}
    return {**counts, "real": above[0], "simulated": above[1], "ok": close}


def _above(scores: pd.Series) -> float:
    return float((scores > THRESHOLD).mean()) if len(scores) else float("nan")


def braai_verdict(simulated: Alerts, scores: pd.DataFrame) -> dict[str, float]:
    """Shares of simulated real alerts that braai gives more than 0.9, and of simulated bogus ones less than 0.1.

    Parameters
    ----------
    simulated : Alerts
    scores : pandas.DataFrame
        As `network_scores` gives them.
    """
    bogus = simulated.kind == "bogus"
    return {
        "real_above_0.9": float((scores["braai"][~bogus] > 0.9).mean()),
        "bogus_below_0.1": float((scores["braai"][bogus] < 0.1).mean()),
    }
