"""A module that is wrong on purpose: it declares a feature that it does not read."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """A tenth of the magnitude."""
    p = batch["candidate.magpsf"] / 10
    return pd.DataFrame({"p": p, "error": np.where(np.isnan(p), "no candidate.magpsf", None)})


MODULE = ScienceModule(
    name="ignores_a_feature",
    version="1.0.0",
    inputs=(
        "candidate.fwhm",
        "candidate.magpsf",
    ),
    outputs=(Field("p", "float64", "", "a score"),),
    run=run,
    surveys=("ztf",),
    source="a test",
)
