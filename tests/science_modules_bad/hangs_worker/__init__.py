"""A module that never returns on the alerts that $STRIX_TEST_HANGS names (ids, comma-separated)."""

import os
import time
from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    poison = [int(each) for each in os.environ.get("STRIX_TEST_HANGS", "").split(",") if each]
    if np.isin(batch["alert_id"], poison).any():
        time.sleep(3600)
    return pd.DataFrame({"returned": np.ones(len(batch), bool)})


MODULE = ScienceModule(
    name="hangs_worker",
    version="1.0.0",
    inputs=("alert_id",),
    outputs=(Field("returned", "bool", "", "the module came back"),),
    run=run,
    source="a test",
)
