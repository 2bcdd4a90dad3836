"""Colours with AllWISE's magnitudes: NULL with the reason until a module `allwise` stands beside the features."""

import pyarrow as pa
import pytest
from views import light_curves

from science_modules.alerce_features import MODULE, NO_INFRARED, NO_SOURCE, load, run
from science_modules.alerce_features.allwise import ALLWISE
from science_modules.alerce_features.colours import INFRARED
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.photometry import flux_of_magnitude

FLUX = {"g": float(flux_of_magnitude(19.0)), "r": float(flux_of_magnitude(18.5))}
SIX = [(60000.0 + day, band, FLUX[band] * (1 + 0.01 * day), FLUX[band] / 50) for day in range(6) for band in "gr"]


def batch(allwise: list[tuple[float | None, ...]] | None = None, n: int = 1) -> AlertBatch:
    view = {"survey": pa.array(["ztf"] * n), "corrected": pa.array([False] * n), **light_curves([SIX] * n)}
    view |= {name: pa.nulls(n, pa.float64()) for name in ("gal_b", "gal_l")}
    if allwise is not None:
        arrays = [pa.array(values, pa.float32()) for values in zip(*allwise, strict=True)]
        view["allwise"] = pa.StructArray.from_arrays(arrays, ["W1", "W2", "W3"])
    return AlertBatch(pa.table(view))


def test_without_a_cross_match_they_are_missing_and_the_reason_says_so() -> None:
    found = run(batch(), load({}))
    assert found[list(INFRARED)].isna().all(axis=None)
    assert found["infrared_error"].tolist() == [NO_INFRARED]
    assert set(ALLWISE) <= set(MODULE.optional_inputs)


def test_they_are_mean_magnitudes_less_those_of_the_source_that_allwise_names() -> None:
    found = run(batch([(15.0, 14.0, 11.5), (15.0, 14.0, None), (None, None, None)], 3), load({}))
    assert found["W1_W2"].tolist()[:2] == [1.0, 1.0] and found["W2_W3"][0] == 2.5
    assert found["W2_W3"].isna().tolist() == [False, True, True]
    g_w2, r_w3 = found["g_W2"][0], found["r_W3"][0]
    assert g_w2 == pytest.approx(19.0 - 14.0 - 0.027, abs=0.01) and r_w3 == pytest.approx(18.5 - 11.5 - 0.027, abs=0.01)
    assert found["infrared_error"].tolist() == [None, None, NO_SOURCE]
