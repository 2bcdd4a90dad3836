"""A module that raises on the alerts that $STRIX_TEST_RAISES names (ids, comma-separated), or on `all`."""

import os
from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    told = os.environ.get("STRIX_TEST_RAISES", "")
    poison = batch["alert_id"] if told == "all" else [int(each) for each in told.split(",") if each]
    bad = batch["alert_id"][np.isin(batch["alert_id"], poison)]
    if len(bad):
        raise ArithmeticError(f"wants no alert {bad[0]}, got it")
    return pd.DataFrame({"calm": np.ones(len(batch), bool)})


MODULE = ScienceModule(
    name="raises",
    version="1.0.0",
    inputs=("alert_id",),
    outputs=(Field("calm", "bool", "", "nothing was raised"),),
    run=run,
    source="a test",
)
