"""A module that kills its worker on the alerts that $STRIX_TEST_KILLS names (ids, comma-separated)."""

import os
import signal
from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    poison = [int(each) for each in os.environ.get("STRIX_TEST_KILLS", "").split(",") if each]
    if np.isin(batch["alert_id"], poison).any():
        os.kill(os.getpid(), signal.SIGKILL)
    return pd.DataFrame({"survived": np.ones(len(batch), bool)})


MODULE = ScienceModule(
    name="kills_worker",
    version="1.0.0",
    inputs=("alert_id",),
    outputs=(Field("survived", "bool", "", "the worker lives"),),
    run=run,
    source="a test",
)
