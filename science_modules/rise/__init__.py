"""How fast a source brightens or fades now, band by band, and how its colour changes."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule
from science_modules.common.view import BANDS
from science_modules.rise.colour import COLOUR_NAMES, g_minus_r
from science_modules.rise.points import detections
from science_modules.rise.rates import limit_rates, recent_rates

SIGNIFICANCE = 3.0
TOO_FEW = "too few points: no band has positive detections or a limit 0.5 d apart, and g and r were not seen together"


def run(batch: AlertBatch, state: None) -> pd.DataFrame:
    """One row per alert: rates, their significance, limits, colour and its change, ages, `error`.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    state : None
        The module has no artefacts.
    """
    found = detections(batch)
    rate, rate_err, n = recent_rates(found, batch["mjd"])
    limit = limit_rates(found, batch.light_curves)
    colour = g_minus_r(found)
    answered = np.isfinite(rate).any(axis=1) | np.isfinite(limit).any(axis=1) | np.isfinite(colour[:, 0])
    columns = {
        **_by_band("rate", rate.astype(np.float32)),
        **_by_band("rate_err", rate_err.astype(np.float32)),
        **_by_band("n", n),
        **_by_band("rate_limit", limit.astype(np.float32)),
        **_by_band("is_rising", rate < -SIGNIFICANCE * rate_err, unknown=np.isnan(rate)),
        **_by_band("is_fading", rate > SIGNIFICANCE * rate_err, unknown=np.isnan(rate)),
        **dict(zip(COLOUR_NAMES, colour.astype(np.float32).T, strict=True)),
        "days_since_first_detection": batch["mjd"] - batch["first_detection_mjd"],
        "days_since_last_limit": batch["mjd"] - batch["last_limit_mjd"],
        "error": np.where(answered, np.array(None, object), np.array(TOO_FEW, object)),
    }
    return pd.DataFrame(columns)


def _by_band(name: str, values: Any, unknown: Any = None) -> dict[str, Any]:
    """One column per band from an array of shape (n, 6); unknown booleans become NULL."""
    if unknown is not None:
        values = np.where(unknown, np.array(None, object), values.astype(object))
    return {f"{name}_{band}": values[:, k] for k, band in enumerate(BANDS)}


def _outputs() -> tuple[Field, ...]:
    per_band = (
        ("rate", "float32", "mag/d", "slope over the last 10 days; negative is brightening"),
        ("rate_err", "float32", "mag/d", "its error, scaled by the scatter about the line"),
        ("n", "int32", "", "positive detections in the last 10 days"),
        ("rate_limit", "float32", "mag/d", "rate from the last upper limit to the first detection is below this"),
        ("is_rising", "bool", "", "brightens at 3 sigma"),
        ("is_fading", "bool", "", "fades at 3 sigma"),
    )
    banded = [
        Field(f"{name}_{b}", kind, unit, f"{b} band: {text}") for name, kind, unit, text in per_band for b in BANDS
    ]
    return (*banded, *_colour_outputs(), *_age_outputs())


def _colour_outputs() -> tuple[Field, ...]:
    return (
        Field("g_r", "float32", "mag", "latest g - r, of a g and an r detection within 0.5 d"),
        Field("g_r_err", "float32", "mag", "its error"),
        Field("g_r_change", "float32", "mag", "latest minus first g - r in the packet; positive is reddening"),
        Field("g_r_change_err", "float32", "mag", "its error"),
        Field("g_r_change_days", "float32", "d", "time between the two colours"),
    )


def _age_outputs() -> tuple[Field, ...]:
    return (
        Field("days_since_first_detection", "float64", "d", "since the first detection that the packet knows of"),
        Field("days_since_last_limit", "float64", "d", "since the last upper limit in the packet, any band"),
    )


MODULE = ScienceModule(
    name="rise",
    version="1.0.0",
    inputs=("light_curve", "mjd", "first_detection_mjd", "last_limit_mjd"),
    outputs=_outputs(),
    run=run,
    source="Andreoni et al. 2021, ApJ 918, 63 (slope in mag/d); Forster et al. 2021, AJ 161, 242 (limit to detection)",
)
