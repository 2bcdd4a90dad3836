"""A module that kills its worker once for every file in the directory $STRIX_TEST_DEATHS, whatever the alerts."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    directory = os.environ.get("STRIX_TEST_DEATHS")
    for death in sorted(Path(directory).iterdir()) if directory else ():
        death.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return pd.DataFrame({"lucky": np.ones(len(batch), bool)})


MODULE = ScienceModule(
    name="dies_by_chance",
    version="1.0.0",
    inputs=("alert_id",),
    outputs=(Field("lucky", "bool", "", "no death was left"),),
    run=run,
    source="a test",
)
