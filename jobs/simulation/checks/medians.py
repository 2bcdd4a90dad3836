"""Check 1: medians of packet fields, class by class, simulated against real."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from jobs.simulation.checks.matching import matched
from jobs.simulation.checks.night_alerts import Alerts

CLASSES = ("SN", "VS", "AGN", "asteroid")
COLUMNS = ("magpsf", "sigmapsf", "fwhm", "drb", "distpsnr1", "sgscore1", "distnr", "amplitude", "colour")
LEAST = 20  # real objects: a half of 46 AGN and of 51 SN is there
GOAL = 0.5  # of the real interquartile range
_MISSING = -999.0


def medians(real: Alerts, simulated: Alerts) -> list[dict[str, Any]]:
    """Per class and column: both medians, the real interquartile range, and their difference in units of it.

    Parameters
    ----------
    real, simulated : Alerts
        Simulated alerts are matched to the real ones of their class in ndethist and magpsf.

    Returns
    -------
    list of dict
        class, column, n_real, n_simulated, real, simulated, iqr, difference (NaN where there are fewer than LEAST real
        values, or fewer than LEAST simulated ones), ok.
    """
    return [row for kind in CLASSES for row in _of_class(kind, real, simulated)]


def share_within(rows: list[dict[str, Any]]) -> float:
    """Share of the columns that could be compared and lie within GOAL.

    Parameters
    ----------
    rows : list of dict
        As `medians` gives them.
    """
    compared = [row["ok"] for row in rows if np.isfinite(row["difference"])]
    return float(np.mean(compared)) if compared else float("nan")


def _of_class(kind: str, real: Alerts, simulated: Alerts) -> Iterator[dict[str, Any]]:
    own = real.fields[real.kind == kind]
    pool = simulated.fields[simulated.kind == kind]
    alike = pool.iloc[matched(own, pool)]
    for column in COLUMNS:
        yield {"class": kind, "column": column, **_compared(_values(own, column), _values(alike, column))}


def _values(alerts: pd.DataFrame, column: str) -> pd.Series:
    values = alerts[column].astype(float)
    return values[values.notna() & (values != _MISSING)]


def _compared(real: pd.Series, simulated: pd.Series) -> dict[str, Any]:
    low, middle, high = np.percentile(real, [25, 50, 75]) if len(real) else (np.nan,) * 3
    other = float(simulated.median()) if len(simulated) else np.nan
    enough = min(len(real), len(simulated)) >= LEAST and high > low
    difference = float((other - middle) / (high - low)) if enough else np.nan
    return {
        "n_real": len(real),
        "n_simulated": len(simulated),
        "real": float(middle),
        "simulated": other,
        "iqr": float(high - low),
        "difference": difference,
        "ok": bool(abs(difference) < GOAL),
    }
