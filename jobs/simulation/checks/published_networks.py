"""Check 3: what the published networks, trained on the real sky, make of simulated alerts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.simulation.checks.night_alerts import CLASSES, Alerts
from science_modules import acai, braai
from science_modules.common import artefacts

GOAL = 0.10
LEAST = 20
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


def fractions(real: Alerts, simulated: Alerts, scores: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Per class and network, the fraction of alerts above 0.5, of those that have the survey's drb.

    ACAI was trained on it; the packets before 2019-08 lack it, no simulated one does.

    Parameters
    ----------
    real, simulated : Alerts
    scores : mapping of str to pandas.DataFrame
        Of `real` and of `simulated`, as `network_scores` gives them.

    Returns
    -------
    list of dict
        class, network, n_real, n_simulated, real, simulated, ok (None where there are fewer than LEAST real alerts).
    """
    scored = real.fields["drb"].notna().to_numpy()
    return [
        _fraction(
            kind, network, scores["real"][scored & (real.kind == kind)], scores["simulated"][simulated.kind == kind]
        )
        for kind in CLASSES
        for network in scores["real"].columns
    ]


def _fraction(kind: str, network: str, real: pd.DataFrame, simulated: pd.DataFrame) -> dict[str, Any]:
    one, other = real[network].dropna(), simulated[network].dropna()
    above = [float((values > THRESHOLD).mean()) if len(values) else np.nan for values in (one, other)]
    close = bool(abs(above[0] - above[1]) <= GOAL) if min(len(one), len(other)) >= LEAST else None
    counts = {"n_real": len(one), "n_simulated": len(other)}
    return {"class": kind, "network": network, **counts, "real": above[0], "simulated": above[1], "ok": close}


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
