"""`strix bench features`: everything that is computed is timed, each closed form by itself."""

from pathlib import Path

import numpy as np

from jobs.bench.features import SMALL, features, made_up
from jobs.bench.inputs import Bench
from science_modules.alerce_features.computing import STEPS
from science_modules.common.curve_features.closed_forms import NAMES


def test_every_step_and_every_closed_form_has_a_number(tmp_path: Path) -> None:
    numbers = features(Bench(alerts=5, repeats=1, packets=tmp_path, modules=(), models="", model_sources=()))
    names = [number.what.strip() for number in numbers]
    assert len(set(names)) == len(names)
    assert {"all features, 60 points", "all features, 300 points", *STEPS, *NAMES} <= set(names)
    small, large, published = numbers[:3]
    assert 0 < small.median < large.median < published.median == 120.0


def test_the_curves_have_as_many_points_as_they_are_called() -> None:
    curves = made_up(3, *SMALL)
    assert curves.counts.tolist() == [[30, 30]] * 3
    assert curves.time.reshape(3, 60).min(axis=1).tolist() == [0.0] * 3
    steps = np.diff(curves.time.reshape(6, 30), axis=1)
    assert (steps > 0).all()
