"""What the classifier of young light curves is trained on: three to five points, in the numbers that the module is given."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.simulation.light_curve_survey import Plan, simulate_light_curves
from jobs.training import light_curve_early_set
from jobs.training.light_curve_set import matrix
from jobs.training.trainable import get
from science_modules import light_curve_class_early, registry


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("light_curves") / "curves"
    plan = Plan("ztf", ("rr_lyrae_ab", "sn_ia"), 20, seed=3, first=58849.0, years=1.0, least=6, forced=True, faint=18.5)
    simulate_light_curves(plan, folder, 1, lambda done, of: None)
    files = sorted((folder / "light_curves").glob("*.parquet"))
    return pa.concat_tables([table for file in files for table in light_curve_early_set.of_simulated(str(file), 15)])


def test_a_piece_has_three_to_five_points_in_its_better_band(pieces: pa.Table) -> None:
    assert set(pieces["n_best"].to_pylist()) == {3, 4, 5}
    assert set(pieces["form"].to_pylist()) == {"difference", "both"}
    names = pieces["object_id"].to_pylist()
    assert max(names.count(name) for name in set(names)) <= light_curve_early_set.TIMES


def test_the_numbers_are_those_that_the_module_is_given(pieces: pa.Table) -> None:
    features = light_curve_class_early.FEATURES
    assert get("light_curve_class_early").features == features
    given = {f"lc_features.{field.name}" for field in registry.get("lc_features").outputs}
    assert set(features) <= given
    x = matrix(pieces)
    assert x.shape == (len(pieces), len(features))
    assert np.isfinite(x).any(axis=0).all()
    left_out = x[:, features.index("lc_features.n_left_out")]
    assert (left_out >= 0).all() and (left_out > 0).any()
