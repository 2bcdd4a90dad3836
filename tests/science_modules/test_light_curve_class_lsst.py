"""light_curve_class_lsst: who is answered, from what, and that what the forests read is given."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from science_modules import light_curve_class_lsst, registry
from science_modules.common import artefacts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_classes import LEAVES
from science_modules.light_curve_class_lsst.columns import FEATURES

STATE = light_curve_class_lsst.load(artefacts.find(light_curve_class_lsst.MODULE))


def answers(counts: list[tuple[int | None, ...]]) -> pd.DataFrame:
    """Of alerts with these numbers of detections in u g r i z y, and made-up features, a third of them NULL."""
    rng = np.random.default_rng(1)
    columns = {
        name: pa.array([row[k] for row in counts], pa.int32()) for k, name in enumerate(light_curve_class_lsst.COUNTS)
    }
    for name in FEATURES:
        columns[name] = pa.array(rng.normal(size=len(counts)), mask=rng.random(len(counts)) < 1 / 3)
    struct = pa.StructArray.from_arrays(list(columns.values()), [name.partition(".")[2] for name in columns])
    return light_curve_class_lsst.run(AlertBatch(pa.table({"alerce_features_lsst": struct})), STATE)


def test_every_feature_is_what_the_other_module_gives() -> None:
    given = {f"alerce_features_lsst.{field.name}" for field in registry.get("alerce_features_lsst").outputs}
    assert set(FEATURES) <= given
    assert len(set(FEATURES)) == len(FEATURES) == 121
    assert tuple(STATE.features) == FEATURES


def test_six_points_in_all_bands_are_asked_for() -> None:
    found = answers([(1, 1, 1, 1, 1, 1), (0, 0, 5, 0, 0, 0), (None,) * 6, (0, 20, 30, 30, 20, 10)])
    assert found["error"].tolist() == [
        None, light_curve_class_lsst.TOO_FEW, light_curve_class_lsst.NO_FEATURES, None
    ]  # fmt: skip
    assert found["n_points"].tolist() == [6, 5, None, 110]
    assert found["p_snia"].isna().tolist() == found["top_class"].isna().tolist() == [False, True, True, False]
    given = found.loc[[0, 3]]
    for prefix in ("raw", "p", "sky"):
        np.testing.assert_allclose(given[[f"{prefix}_{leaf}" for leaf in LEAVES]].sum(axis=1), 1, atol=1e-6)
    highest = given[[f"p_{leaf}" for leaf in LEAVES]].to_numpy().argmax(axis=1)
    assert given["top_class"].tolist() == [LEAVES[k] for k in highest]


def test_trees_on_other_features_are_refused() -> None:
    arrays = {name: getattr(STATE, name) for name in Forest.__dataclass_fields__}
    other = Forest(**{**arrays, "features": np.array(["x"])})
    with pytest.raises(ValueError, match=re.escape("the file's trees alone read ['x'], the module alone ['")):
        light_curve_class_lsst.load({light_curve_class_lsst.ARTEFACTS[0].name: other.to_bytes()})
