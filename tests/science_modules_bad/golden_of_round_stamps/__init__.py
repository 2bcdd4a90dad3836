"""A module that is wrong on purpose: its golden stamps would look the same if they were read turned."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """The planes, summed with weights of their own."""
    images = batch.triplets
    reasons = np.array(images.reasons, dtype=object)
    slope = np.add.outer(np.arange(63.0), 2 * np.arange(63.0)) / 1e4
    sums = [(plane * slope).sum(axis=(1, 2)) for plane in np.moveaxis(images.planes.astype(np.float64), 1, 0)]
    p = sums[0] + 2 * sums[1] + 4 * sums[2]
    return pd.DataFrame({"p": np.where(reasons == None, p, np.nan), "error": reasons})  # noqa: E711


MODULE = ScienceModule(
    name="golden_of_round_stamps",
    version="1.0.0",
    inputs=("cutouts",),
    outputs=(Field("p", "float64", "", "a score"),),
    run=run,
    surveys=("ztf",),
    source="a test",
)
