"""The module against the values that ALeRCE's own code gives for 400 real light curves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from published_features import batch_of, published

from science_modules.alerce_features import load, run
from science_modules.alerce_features.limits import NAMES as LIMIT_NAMES
from science_modules.common.curve_features.closed_forms import NAMES

CLOSED = [f"{name}_{band}" for name in (*NAMES, *LIMIT_NAMES) for band in (1, 2)] + ["g_r_max", "g_r_mean"]
DIFFERENT = {
    "Con_2": 1,  # three neighbours beyond 2 sigma count there if they lie on different sides, too
    "n_non_det_after_fid_1": 1,  # of one object a limit of -1001 mag is counted there
    "median_diffmaglim_after_fid_1": 1,
}


@pytest.fixture(scope="module")
def values(real_alerts: Path) -> pd.DataFrame:
    if not (real_alerts.parent / "golden" / "alerce_lc_features.parquet").exists():
        pytest.skip(f"no published feature values beside {real_alerts}")
    return published(real_alerts.parent)


@pytest.fixture(scope="module")
def ours(values: pd.DataFrame, real_alerts: Path) -> pd.DataFrame:
    return run(batch_of(values, real_alerts.parent), load({}))


def test_every_published_object_is_eligible_with_as_many_detections(values: pd.DataFrame, ours: pd.DataFrame) -> None:
    assert len(values) == 400 and ours["error"].isna().all()
    counts = values[["n_det_1", "n_det_2"]].fillna(0).to_numpy(int)
    np.testing.assert_array_equal(ours[["n_det_1", "n_det_2"]], counts)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_agree_to_what_float32_carries(name: str, values: pd.DataFrame, ours: pd.DataFrame) -> None:
    want, got = values[name].to_numpy(float), ours[name].to_numpy(float)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    differ = ~np.isclose(got, want, rtol=1e-6, atol=0, equal_nan=True)
    assert differ.sum() == DIFFERENT.get(name, 0), list(zip(want[differ], got[differ], strict=True))
